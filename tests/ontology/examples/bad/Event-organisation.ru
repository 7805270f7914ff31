# A partner stands where the organisation should.
DELETE WHERE { event:workshop-2017 elp:organisation ?value } ;
INSERT DATA { event:workshop-2017 elp:organisation partner:agence }
