# A seat in an institution.
DELETE WHERE { organisation:ameripol elp:seatCountry ?value } ;
INSERT DATA { organisation:ameripol elp:seatCountry institution:cl-policia }
