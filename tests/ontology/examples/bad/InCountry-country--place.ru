# A gap in a country outside the programme.
DELETE DATA { gap:cl-corruption elp:country country:CL } ;
INSERT DATA { gap:cl-corruption elp:country country:FR }
