# A national body of a country outside the programme.
DELETE WHERE { institution:pe-comision elp:country ?value } ;
INSERT DATA { institution:pe-comision elp:country country:FR }
