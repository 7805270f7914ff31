# A cell of the matrix stated by hand.
INSERT DATA { gap:cl-matrix a elp:CoverageCell ; elp:country country:CL ; elp:axis axis:corruption }
