# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/participation/workshop-2017_CL> ?property ?value } WHERE { participation:workshop-2017-CL ?property ?value }
