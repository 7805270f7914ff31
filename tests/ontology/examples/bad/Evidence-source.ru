# One piece of evidence of two sources.
INSERT DATA { evidence:gap-cl-corruption-page-2019 elp:source source:plan-2018 }
