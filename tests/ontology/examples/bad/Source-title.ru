# A title with a language tag.
DELETE WHERE { source:page-2019 dcterms:title ?value } ;
INSERT DATA { source:page-2019 dcterms:title "Página"@es }
