# A year as plain text.
DELETE WHERE { plan:plan-2018 elp:year ?value } ;
INSERT DATA { plan:plan-2018 elp:year "2018" }
