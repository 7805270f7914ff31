# An official name given as a mere label.
DELETE WHERE { institution:cl-policia skos:prefLabel ?name } ;
INSERT DATA { institution:cl-policia rdfs:label "Policía de Investigaciones"@es }
