# An organisation takes part; the event names it.
DELETE WHERE { participation:workshop-2017-CL elp:participant ?value } ;
INSERT DATA { participation:workshop-2017-CL elp:participant organisation:ameripol }
