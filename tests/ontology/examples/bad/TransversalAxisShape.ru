# An axis in the components' scheme.
DELETE WHERE { axis:cybercrime skos:inScheme ?value } ;
INSERT DATA { axis:cybercrime skos:inScheme concept:components }
