# Words translated into their own language.
INSERT DATA { translation:plan-2018-coop elp:translation "un programme de coopération"@fr }
