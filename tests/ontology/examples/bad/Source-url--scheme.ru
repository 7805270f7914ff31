# An address that no browser opens.
DELETE WHERE { source:page-2019 schema:url ?value } ;
INSERT DATA { source:page-2019 schema:url <file:///page.html> }
