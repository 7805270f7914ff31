# A plan stands where the programme should.
DELETE WHERE { partner:agence elp:programme ?value } ;
INSERT DATA { partner:agence elp:programme plan:plan-2018 }
