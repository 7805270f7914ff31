# Renamed, without a new address.
DELETE WHERE { country:UK dcterms:isReplacedBy ?new }
