# A country's address in small letters.
INSERT { <https://w3id.org/elpaccto/id/country/fr> ?property ?value } WHERE { country:FR ?property ?value }
