# Two kinds.
INSERT DATA { institution:pe-comision elp:kind concept:police-force }
