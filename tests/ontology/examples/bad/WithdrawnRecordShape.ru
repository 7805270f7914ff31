# An address that is not ours.
INSERT DATA { <https://www.diario.example/1> a elp:WithdrawnRecord ; dcterms:description "Gone."@en }
