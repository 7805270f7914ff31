# The holder ended before the mandate begins.
INSERT DATA { mandate:pe-comision-corruption elp:since "2019"^^xsd:gYear }
