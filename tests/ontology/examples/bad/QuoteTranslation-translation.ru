# Words that are not translated.
DELETE WHERE { translation:plan-2018-coop elp:translation ?value }
