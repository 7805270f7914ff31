# A member outside the programme.
DELETE WHERE { membership:ameripol-PE org:member ?value } ;
INSERT DATA { membership:ameripol-PE org:member country:FR }
