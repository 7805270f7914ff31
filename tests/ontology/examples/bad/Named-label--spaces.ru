# A space behind the name.
DELETE DATA { event:workshop-2017 rdfs:label "Taller"@es } ;
INSERT DATA { event:workshop-2017 rdfs:label "Taller "@es }
