# A kind of another scheme.
DELETE WHERE { institution:pe-comision elp:kind ?value } ;
INSERT DATA { institution:pe-comision elp:kind concept:workshop }
