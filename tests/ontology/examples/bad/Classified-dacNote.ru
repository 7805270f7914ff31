# A text without a language.
DELETE WHERE { axis:corruption elp:dacNote ?value } ;
INSERT DATA { axis:corruption elp:dacNote "Anti-corruption organisations." }
