# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/source/page_2019> ?property ?value } WHERE { source:page-2019 ?property ?value }
