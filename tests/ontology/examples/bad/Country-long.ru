# A longitude as plain text.
DELETE WHERE { country:PE geo:long ?value } ;
INSERT DATA { country:PE geo:long "-77.02824" }
