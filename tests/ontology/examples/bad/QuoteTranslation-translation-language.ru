# A language that the graph does not speak.
INSERT DATA { translation:plan-2018-coop elp:translation "ein Kooperationsprogramm"@de }
