# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/evidence/gap_cl> ?property ?value } WHERE { evidence:gap-cl-corruption-page-2019 ?property ?value } ;
INSERT DATA { gap:cl-corruption elp:evidence <https://w3id.org/elpaccto/id/evidence/gap_cl> }
