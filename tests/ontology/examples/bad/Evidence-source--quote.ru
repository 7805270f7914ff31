# One quote of two sources.
INSERT DATA { evidence:event-workshop-2017-plan-2018 elp:source source:page-2019 }
