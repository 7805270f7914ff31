# An organisation stands where the country should.
DELETE WHERE { partner:agence elp:country ?value } ;
INSERT DATA { partner:agence elp:country organisation:ameripol }
