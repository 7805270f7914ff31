# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/membership/ameripol_PE> ?property ?value } WHERE { membership:ameripol-PE ?property ?value }
