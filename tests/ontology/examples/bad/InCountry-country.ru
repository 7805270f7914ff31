# A gap in no country.
DELETE DATA { gap:cl-corruption elp:country country:CL }
