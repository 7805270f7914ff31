# A national body of two countries.
INSERT DATA { institution:pe-comision elp:country country:CL }
