# No such day.
INSERT DATA { institution:cl-policia elp:since "2019-02-29"^^xsd:date }
