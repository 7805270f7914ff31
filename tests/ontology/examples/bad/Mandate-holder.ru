# A mandate of two institutions.
INSERT DATA { mandate:pe-unidad-cybercrime elp:holder institution:pe-fiscalia }
