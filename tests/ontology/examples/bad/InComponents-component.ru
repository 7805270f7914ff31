# An axis stands where a component should.
DELETE DATA { institution:cl-policia elp:component component:police } ;
INSERT DATA { institution:cl-policia elp:component axis:corruption }
