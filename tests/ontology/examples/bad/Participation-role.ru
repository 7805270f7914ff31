# A role of partners.
DELETE WHERE { participation:workshop-2017-pe-fiscalia elp:role ?value } ;
INSERT DATA { participation:workshop-2017-pe-fiscalia elp:role concept:implementer }
