# A country outside the programme.
DELETE WHERE { statement:per-country elp:country ?value } ;
INSERT DATA { statement:per-country elp:country country:FR }
