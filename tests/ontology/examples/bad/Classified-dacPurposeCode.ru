# A code of four digits.
DELETE WHERE { axis:corruption elp:dacPurposeCode ?value } ;
INSERT DATA { axis:corruption elp:dacPurposeCode "1511" }
