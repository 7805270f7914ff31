# A source stands where its evidence should.
INSERT DATA { gap:cl-corruption elp:evidence source:page-2019 }
