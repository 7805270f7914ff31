# A replaced body without an end.
INSERT DATA { institution:pe-fiscalia elp:replacedBy institution:pe-unidad }
