# A reason without a language.
INSERT DATA { event:meeting-twice dcterms:description "Zweimal" }
