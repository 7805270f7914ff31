# A gap that says nothing.
DELETE WHERE { gap:cl-corruption dcterms:description ?text }
