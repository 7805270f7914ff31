# Two certainties.
INSERT DATA { evidence:gap-cl-corruption-page-2019 elp:certainty concept:derived }
