# The mandate ends before its holder begins.
INSERT DATA { mandate:pe-unidad-cybercrime elp:until "2020-12-29"^^xsd:date }
