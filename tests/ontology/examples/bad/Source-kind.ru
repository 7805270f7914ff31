# A kind of event.
DELETE WHERE { source:page-2019 elp:kind ?value } ;
INSERT DATA { source:page-2019 elp:kind concept:workshop }
