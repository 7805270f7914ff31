# Evidence for a property that is none.
INSERT DATA { evidence:gap-cl-corruption-page-2019 elp:supports elp:axes }
