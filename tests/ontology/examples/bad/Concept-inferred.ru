# A word instead of true or false.
DELETE WHERE { concept:precision-month elp:inferred ?value } ;
INSERT DATA { concept:precision-month elp:inferred "no" }
