# A body ends in the year before its foundation.
DELETE WHERE { institution:pe-comision elp:until ?value } ;
INSERT DATA { institution:pe-comision elp:until "2009"^^xsd:gYear }
