# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/organisation/ameripol.> ?property ?value } WHERE { organisation:ameripol ?property ?value }
