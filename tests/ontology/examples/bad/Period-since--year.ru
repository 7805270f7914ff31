# A year of two digits.
INSERT DATA { institution:cl-policia elp:since "19"^^xsd:gYear }
