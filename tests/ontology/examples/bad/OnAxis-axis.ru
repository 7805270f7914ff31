# A gap on two axes.
INSERT DATA { gap:cl-corruption elp:axis axis:cybercrime }
