# A city with a language tag.
DELETE WHERE { organisation:ameripol elp:seatCity ?value } ;
INSERT DATA { organisation:ameripol elp:seatCity "Bogotá"@es }
