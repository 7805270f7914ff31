# An event without a date.
DELETE WHERE { event:workshop-2020 elp:start ?date }
