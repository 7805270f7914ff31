# A day that lost its zero.
DELETE WHERE { event:workshop-2017 elp:start ?value } ;
INSERT DATA { event:workshop-2017 elp:start "2017-10-1"^^xsd:date }
