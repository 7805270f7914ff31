# No reason.
DELETE WHERE { event:meeting-twice dcterms:description ?text }
