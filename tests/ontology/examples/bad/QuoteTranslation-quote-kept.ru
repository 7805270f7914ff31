# A quote that was corrected, and its translation left behind.
DELETE WHERE { evidence:programme-coop-plan-2018 elp:quote ?value } ;
INSERT DATA { evidence:programme-coop-plan-2018 elp:quote "un programme de coopération régionale"@fr }
