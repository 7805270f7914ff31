# A component in the axes' scheme.
DELETE WHERE { component:police skos:inScheme ?value } ;
INSERT DATA { component:police skos:inScheme concept:axes }
