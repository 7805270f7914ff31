# A web address as plain text.
DELETE WHERE { source:page-2019 schema:url ?value } ;
INSERT DATA { source:page-2019 schema:url "www.diario.example/1" }
