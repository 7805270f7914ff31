# An address that is no slug.
DELETE { translation:plan-2018-coop ?property ?value }
INSERT { <https://w3id.org/elpaccto/id/translation/plan_2018> ?property ?value }
WHERE { translation:plan-2018-coop ?property ?value }
