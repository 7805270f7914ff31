# A day that lost its zero.
DELETE WHERE { membership:ameripol-PE elp:asOf ?value } ;
INSERT DATA { membership:ameripol-PE elp:asOf "2019-05-2"^^xsd:date }
