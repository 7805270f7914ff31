# A component stands where the axis should.
DELETE WHERE { event:workshop-2017 elp:axis ?value } ;
INSERT DATA { event:workshop-2017 elp:axis component:police }
