# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/gap/cl%20corruption> ?property ?value } WHERE { gap:cl-corruption ?property ?value }
