# The unit's mandate is given to the body above it.
DELETE DATA { mandate:pe-unidad-cybercrime elp:holder institution:pe-unidad } ;
INSERT DATA { mandate:pe-unidad-cybercrime elp:holder institution:pe-fiscalia }
