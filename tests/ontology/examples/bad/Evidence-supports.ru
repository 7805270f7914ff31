# The name of a property instead of the property.
INSERT DATA { evidence:gap-cl-corruption-page-2019 elp:supports "country" }
