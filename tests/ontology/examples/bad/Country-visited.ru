# Both true and false.
INSERT DATA { country:PE elp:visited false }
