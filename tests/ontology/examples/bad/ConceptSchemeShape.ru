# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/concept/axes/all> ?property ?value } WHERE { concept:axes ?property ?value }
