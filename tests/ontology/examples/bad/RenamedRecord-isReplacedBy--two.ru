# Renamed to two at once.
INSERT DATA { country:UK dcterms:isReplacedBy country:PE }
