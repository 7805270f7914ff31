# Public knowledge, no page consulted.
DELETE WHERE { evidence:gap-cl-corruption-page-2019 elp:certainty ?value } ;
INSERT DATA { evidence:gap-cl-corruption-page-2019 elp:certainty concept:reference }
