# A word instead of true or false.
DELETE WHERE { event:workshop-2017 elp:heldForAll ?value } ;
INSERT DATA { event:workshop-2017 elp:heldForAll "no" }
