# A gap cell stated by hand.
INSERT DATA { gap:cl-cell a elp:GapCell ;
  elp:country country:CL ; elp:axis axis:corruption ; elp:component component:police ; elp:certainty concept:derived }
