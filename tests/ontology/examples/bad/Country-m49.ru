# A code that lost its zero.
DELETE WHERE { country:PE elp:m49 ?value } ;
INSERT DATA { country:PE elp:m49 "32" }
