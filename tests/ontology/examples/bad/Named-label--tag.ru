# A name without a language.
INSERT DATA { event:workshop-2017 rdfs:label "Taller" }
