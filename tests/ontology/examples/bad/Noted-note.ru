# Two notes in one language.
INSERT DATA { country:PE skos:note "Visited again."@en }
