# A date as plain text.
INSERT DATA { institution:cl-policia elp:until "April 2030" }
