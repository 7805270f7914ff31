# A misspelt class.
INSERT DATA { gap:cl-corruption a elp:CoverageGapp }
