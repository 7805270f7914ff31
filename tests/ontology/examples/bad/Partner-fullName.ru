# Two full names.
INSERT DATA { partner:agence elp:fullName "Agence" }
