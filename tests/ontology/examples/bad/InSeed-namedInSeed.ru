# A word instead of true or false.
DELETE WHERE { country:PE elp:namedInSeed ?value } ;
INSERT DATA { country:PE elp:namedInSeed "yes" }
