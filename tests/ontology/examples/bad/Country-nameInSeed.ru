# A name without the source's language.
DELETE WHERE { country:PE elp:nameInSeed ?value } ;
INSERT DATA { country:PE elp:nameInSeed "Pérou" }
