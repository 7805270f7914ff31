# The preferred label once more.
INSERT DATA { axis:corruption skos:altLabel "Corrupción"@es }
