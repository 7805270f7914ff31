# A role of participants.
DELETE WHERE { partner:agence elp:role ?value } ;
INSERT DATA { partner:agence elp:role concept:speaker }
