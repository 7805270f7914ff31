# No name at all, and so none in any language.
# also: Named-label-en Named-label-es Named-label-fr Named-label-pt
DELETE WHERE { event:workshop-2017 rdfs:label ?name }
