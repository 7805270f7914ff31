# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/plan/2018.1> ?property ?value } WHERE { plan:plan-2018 ?property ?value }
