# The words stand in another source.
DELETE DATA { evidence:programme-coop-plan-2018 elp:quote "un programme de coopération"@fr } ;
INSERT DATA { source:plan-2019 a elp:Source ; dcterms:title "Le plan suivant" ; elp:kind concept:source-press ;
  dcterms:publisher "Agence" ; schema:url <https://www.agence.example/plan-2019> ; schema:inLanguage "fr" ;
  dcterms:date "2018"^^xsd:gYear .
  programme:coop elp:evidence evidence:programme-coop-plan-2019 .
  evidence:programme-coop-plan-2019 a elp:Evidence ; elp:source source:plan-2019 ; elp:certainty concept:checked ;
    elp:quote "un programme de coopération"@fr }
