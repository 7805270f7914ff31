# Replaced by an organisation that is no national body.
DELETE WHERE { institution:pe-comision elp:replacedBy ?value } ;
INSERT DATA { institution:pe-comision elp:replacedBy organisation:ameripol }
