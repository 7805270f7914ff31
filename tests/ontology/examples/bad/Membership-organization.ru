# A member of a partner instead of an organisation.
DELETE WHERE { membership:ameripol-PE org:organization ?value } ;
INSERT DATA { membership:ameripol-PE org:organization partner:agence }
