# The name of a language instead of its code.
DELETE WHERE { source:page-2019 schema:inLanguage ?value } ;
INSERT DATA { source:page-2019 schema:inLanguage "Spanish" }
