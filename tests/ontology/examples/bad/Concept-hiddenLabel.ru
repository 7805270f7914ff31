# A label that is shown, hidden too.
INSERT DATA { axis:corruption skos:hiddenLabel "Bribery"@en }
