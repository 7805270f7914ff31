# A component stands where the axis should.
DELETE DATA { gap:cl-corruption elp:axis axis:corruption } ;
INSERT DATA { gap:cl-corruption elp:axis component:police }
