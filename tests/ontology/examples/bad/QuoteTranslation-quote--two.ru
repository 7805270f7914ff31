# A translation of two quotes.
INSERT DATA { translation:plan-2018-coop elp:quote "le plan d’action 2018"@fr }
