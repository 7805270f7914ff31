# A workshop ends in the month before it starts.
DELETE WHERE { event:workshop-2017 elp:end ?value } ;
INSERT DATA { event:workshop-2017 elp:end "2017-09"^^xsd:gYearMonth }
