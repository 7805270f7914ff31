# Two definitions in one language.
INSERT DATA { axis:corruption skos:definition "Taking bribes."@en }
