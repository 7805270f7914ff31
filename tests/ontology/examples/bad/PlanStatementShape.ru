# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/statement/per--country> ?property ?value } WHERE { statement:per-country ?property ?value }
