# An event in an organisation.
DELETE WHERE { event:workshop-2017 elp:country ?value } ;
INSERT DATA { event:workshop-2017 elp:country organisation:ameripol }
