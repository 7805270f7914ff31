# A Wikidata number instead of the address.
INSERT DATA { country:PE skos:exactMatch "Q419" }
