# Replaced by a word.
INSERT DATA { event:meeting-twice dcterms:isReplacedBy "PE" }
