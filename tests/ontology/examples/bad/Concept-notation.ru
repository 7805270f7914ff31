# A notation with a space.
DELETE WHERE { concept:checked skos:notation ?value } ;
INSERT DATA { concept:checked skos:notation "was checked" }
