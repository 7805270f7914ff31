# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/event/meeting-2019-> ?property ?value } WHERE { event:meeting-2019 ?property ?value }
