# Two dates for one beginning.
INSERT DATA { institution:pe-unidad elp:since "2019"^^xsd:gYear }
