# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/mandate/cl-policia/cybercrime> ?property ?value } WHERE { mandate:cl-policia-cybercrime ?property ?value }
