# Nothing says how precise the date is.
DELETE WHERE { event:workshop-2017 elp:datePrecision ?value }
