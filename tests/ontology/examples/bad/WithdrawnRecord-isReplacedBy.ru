# Replaced by a record that was withdrawn itself.
INSERT DATA { event:meeting-twice dcterms:isReplacedBy country:UK }
