# A roadmap of a programme instead of a plan.
DELETE WHERE { roadmap:PE elp:plan ?value } ;
INSERT DATA { roadmap:PE elp:plan programme:coop }
