# A translation instead of the source's own words.
DELETE WHERE { evidence:event-workshop-2017-plan-2018 elp:quote ?value } ;
INSERT DATA { evidence:event-workshop-2017-plan-2018 elp:quote "el primer taller tuvo lugar en octubre"@es }
