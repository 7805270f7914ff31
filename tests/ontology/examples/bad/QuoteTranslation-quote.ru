# A translation of no words.
DELETE WHERE { translation:plan-2018-coop elp:quote ?value }
