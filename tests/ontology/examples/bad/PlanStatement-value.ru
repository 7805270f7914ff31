# Two values in one statement.
INSERT DATA { statement:per-country elp:value "18" }
