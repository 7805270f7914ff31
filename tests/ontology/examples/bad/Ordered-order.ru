# A word instead of a number.
INSERT DATA { concept:checked elp:order "first" }
