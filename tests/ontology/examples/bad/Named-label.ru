# Two names in one language.
INSERT DATA { event:workshop-2017 rdfs:label "Encuentro"@es }
