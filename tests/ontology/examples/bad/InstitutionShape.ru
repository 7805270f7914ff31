# An address that is no slug.
INSERT { <https://w3id.org/elpaccto/id/institution/cl_policia> ?property ?value } WHERE { institution:cl-policia ?property ?value } ;
INSERT DATA { mandate:cl-second a elp:Mandate ;
  elp:holder <https://w3id.org/elpaccto/id/institution/cl_policia> ; elp:axis axis:cybercrime ; elp:basis "Its law."@en ;
  elp:evidence evidence:mandate-cl-policia-cybercrime-page-2019 }
