# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/partner/agence%C3%A9> ?property ?value } WHERE { partner:agence ?property ?value }
