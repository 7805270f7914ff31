# A concept stands where the scheme should.
DELETE WHERE { concept:checked skos:topConceptOf ?value } ;
INSERT DATA { concept:checked skos:topConceptOf concept:done }
