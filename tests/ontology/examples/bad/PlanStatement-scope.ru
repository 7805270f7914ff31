# A status stands where the scope should.
DELETE WHERE { statement:per-country elp:scope ?value } ;
INSERT DATA { statement:per-country elp:scope concept:done }
