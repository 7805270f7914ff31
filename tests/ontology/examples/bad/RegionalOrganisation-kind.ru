# A kind of another scheme.
DELETE WHERE { organisation:ameripol elp:kind ?value } ;
INSERT DATA { organisation:ameripol elp:kind concept:police-force }
