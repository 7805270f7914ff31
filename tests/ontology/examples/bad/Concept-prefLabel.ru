# A concept with labels, none of them preferred.
DELETE { concept:checked skos:prefLabel ?name } INSERT { concept:checked rdfs:label ?name }
WHERE { concept:checked skos:prefLabel ?name }
