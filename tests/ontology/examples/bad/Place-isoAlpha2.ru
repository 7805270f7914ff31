# A code in small letters.
DELETE WHERE { country:FR elp:isoAlpha2 ?value } ;
INSERT DATA { country:FR elp:isoAlpha2 "fr" }
