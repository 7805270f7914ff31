# A name is missing in one language.
DELETE DATA { event:workshop-2017 rdfs:label "Oficina"@pt }
