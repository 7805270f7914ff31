# A source without a date.
DELETE WHERE { source:page-2019 dcterms:date ?date }
