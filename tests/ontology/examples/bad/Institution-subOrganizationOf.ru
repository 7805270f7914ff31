# Part of a roadmap instead of a body.
DELETE WHERE { institution:pe-unidad org:subOrganizationOf ?value } ;
INSERT DATA { institution:pe-unidad org:subOrganizationOf roadmap:PE }
