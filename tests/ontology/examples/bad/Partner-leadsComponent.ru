# An axis stands where the component should.
DELETE WHERE { partner:agence elp:leadsComponent ?value } ;
INSERT DATA { partner:agence elp:leadsComponent axis:corruption }
