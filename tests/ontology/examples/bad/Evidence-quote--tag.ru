# A quote without a language.
DELETE WHERE { evidence:event-workshop-2017-plan-2018 elp:quote ?value } ;
INSERT DATA { evidence:event-workshop-2017-plan-2018 elp:quote "le premier atelier" }
