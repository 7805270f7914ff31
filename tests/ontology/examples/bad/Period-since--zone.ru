# A time zone, which no source gives.
INSERT DATA { institution:cl-policia elp:since "2019Z"^^xsd:gYear }
