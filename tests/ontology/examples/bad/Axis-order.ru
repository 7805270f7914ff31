# An axis without a place in the list.
DELETE WHERE { axis:cybercrime elp:order ?place }
