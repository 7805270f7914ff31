# A link to a record that does not exist.
INSERT DATA { country:PE rdfs:seeAlso country:XX }
