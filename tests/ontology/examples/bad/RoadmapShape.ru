# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/roadmap/PE_2018> ?property ?value } WHERE { roadmap:PE ?property ?value }
