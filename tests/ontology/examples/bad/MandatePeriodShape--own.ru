# The mandate's own end comes before its start.
DELETE WHERE { mandate:cl-policia-cybercrime elp:until ?value } ;
INSERT DATA { mandate:cl-policia-cybercrime elp:until "1999-12-31"^^xsd:date }
