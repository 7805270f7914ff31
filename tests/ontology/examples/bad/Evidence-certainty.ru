# A certainty that is a status.
DELETE WHERE { evidence:gap-cl-corruption-page-2019 elp:certainty ?value } ;
INSERT DATA { evidence:gap-cl-corruption-page-2019 elp:certainty concept:done }
