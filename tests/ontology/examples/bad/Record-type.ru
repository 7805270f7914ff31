# A record that does not say what it is.
INSERT DATA { institution:cl-aduana elp:country country:CL }
