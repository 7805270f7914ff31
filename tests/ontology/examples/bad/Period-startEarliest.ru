# A membership ends before it begins.
DELETE WHERE { membership:ameripol-PE elp:until ?value } ;
INSERT DATA { membership:ameripol-PE elp:until "2006-12"^^xsd:gYearMonth }
