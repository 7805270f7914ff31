# Two bases in one language.
INSERT DATA { mandate:pe-unidad-cybercrime elp:basis "A decree."@en }
