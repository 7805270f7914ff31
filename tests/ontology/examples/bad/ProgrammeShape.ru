# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/programme/co_op> ?property ?value } WHERE { programme:coop ?property ?value }
