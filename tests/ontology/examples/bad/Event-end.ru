# Two ends.
INSERT DATA { event:workshop-2017 elp:end "2017"^^xsd:gYear }
