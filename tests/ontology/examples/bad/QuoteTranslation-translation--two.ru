# Two translations in one language.
INSERT DATA { translation:plan-2018-coop elp:translation "a programme of cooperation"@en }
