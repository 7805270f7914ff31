# A scheme stands where the broader concept should.
DELETE WHERE { concept:precision-month skos:broader ?value } ;
INSERT DATA { concept:precision-month skos:broader concept:date-precisions }
