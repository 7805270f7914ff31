# A code as a number.
DELETE WHERE { country:PE elp:m49 ?value } ;
INSERT DATA { country:PE elp:m49 604 }
