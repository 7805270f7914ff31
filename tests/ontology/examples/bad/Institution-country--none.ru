# A national body of no country.
DELETE WHERE { institution:pe-comision elp:country ?country }
