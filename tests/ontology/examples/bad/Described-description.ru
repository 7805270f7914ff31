# A text without a language.
INSERT DATA { gap:cl-corruption dcterms:description "Nobody." }
