# Neither a component nor a word that there is none.
DELETE WHERE { institution:pe-comision elp:outsideComponents ?value }
