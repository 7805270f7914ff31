# Another country's code.
DELETE WHERE { country:FR elp:isoAlpha2 ?value } ;
INSERT DATA { country:FR elp:isoAlpha2 "IT" }
