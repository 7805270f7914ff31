# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/concept/che_cked> ?property ?value } WHERE { concept:checked ?property ?value }
