# A kind of institution.
DELETE WHERE { event:workshop-2017 elp:kind ?value } ;
INSERT DATA { event:workshop-2017 elp:kind concept:police-force }
