# Part of a body of another country.
DELETE WHERE { institution:pe-unidad org:subOrganizationOf ?value } ;
INSERT DATA { institution:pe-unidad org:subOrganizationOf institution:cl-policia }
