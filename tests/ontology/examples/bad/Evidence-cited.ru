# Evidence that nothing cites.
INSERT DATA { evidence:lost a elp:Evidence ; elp:source source:page-2019 ; elp:certainty concept:checked }
