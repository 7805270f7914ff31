# A code of two letters.
DELETE WHERE { country:PE elp:isoAlpha3 ?value } ;
INSERT DATA { country:PE elp:isoAlpha3 "PE" }
