# No such month.
INSERT DATA { institution:cl-policia elp:since "2017-13"^^xsd:gYearMonth }
