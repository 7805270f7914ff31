# A component, and a word that there is none.
INSERT DATA { institution:pe-comision elp:component component:police }
