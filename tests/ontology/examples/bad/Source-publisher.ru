# Two publishers.
INSERT DATA { source:page-2019 dcterms:publisher "El Diario" }
