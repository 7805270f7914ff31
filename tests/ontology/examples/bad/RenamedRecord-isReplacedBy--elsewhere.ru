# Renamed to what is not ours.
DELETE WHERE { country:UK dcterms:isReplacedBy ?new } ;
INSERT DATA { country:UK dcterms:isReplacedBy <https://www.diario.example/1> }
