# A word instead of true or false.
INSERT DATA { institution:cl-policia elp:outsideComponents "no" }
