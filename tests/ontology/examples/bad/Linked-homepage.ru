# A web address as plain text.
INSERT DATA { institution:cl-policia foaf:homepage "https://www.pdi.example" }
