# A concept stands where the scheme should.
INSERT DATA { concept:checked skos:inScheme concept:done }
