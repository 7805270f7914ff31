# A gap that no source states.
DELETE WHERE { gap:cl-corruption elp:evidence ?evidence . ?evidence ?property ?value }
