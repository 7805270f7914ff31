# Day before month.
DELETE WHERE { source:page-2019 dcterms:date ?value } ;
INSERT DATA { source:page-2019 dcterms:date "02-05-2019"^^xsd:date }
