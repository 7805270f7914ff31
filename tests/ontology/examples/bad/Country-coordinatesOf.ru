# Two things at one point.
INSERT DATA { country:PE elp:coordinatesOf "seat of government" }
