"""Words: the names of parameters, columns and borrowed terms as people read them, in each language. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from graph_service.web.language import later, translations

# names of parameters and columns as people read them; any other is shown as it is written
WORDS: Mapping[str, str] = {
    "acronym": later("Short name"),
    "as_of": later("As of (day, month or year)"),
    "axes": later("Axes"),
    "axis": later("Axis"),
    "capital": later("Capital"),
    "certainties": later("Evidence"),
    "city": later("City"),
    "component": later("Component"),
    "components": later("Components"),
    "country": later("Country"),
    "dac_codes": later("OECD DAC codes"),
    "date": later("Date"),
    "end": later("End"),
    "event": later("Activity"),
    "for_all": later("For all countries"),
    "held_in": later("Held in"),
    "inferred": later("Date inferred"),
    "institution": later("Institution"),
    "institutions": later("Institutions"),
    "iri": later("Name"),
    "iso3": later("ISO 3166-1 alpha-3"),
    "kind": later("Kind"),
    "language": later("Language"),
    "members": later("Members"),
    "named_in_seed": later("Named in the first source"),
    "organisation": later("Regional organisation"),
    "organisations": later("Regional organisations"),
    "parent": later("Part of"),
    "period": later("Period"),
    "possible": later("Only possibly then"),
    "precision": later("Precision of the date"),
    "publisher": later("Publisher"),
    "roadmap": later("Roadmap"),
    "seat_city": later("Seat"),
    "seat_country": later("Country of the seat"),
    "since": later("Since"),
    "sources": later("Sources"),
    "start": later("Start"),
    "statements": later("Records that rest on it"),
    "status": later("Status"),
    "until": later("Until"),
    "visited": later("Visited by missions"),
    "website": later("Website"),
    "when": later("When"),
}


# classes and properties of other vocabularies, as people read them
BORROWED: Mapping[str, str] = {
    "dcterms:date": later("Date"),
    "dcterms:description": later("Description"),
    "dcterms:publisher": later("Publisher"),
    "dcterms:title": later("Title"),
    "foaf:homepage": later("Website"),
    "geo:lat": later("Latitude"),
    "geo:long": later("Longitude"),
    "org:Membership": later("Membership"),
    "org:member": later("Member"),
    "org:organization": later("Organisation"),
    "org:subOrganizationOf": later("Part of"),
    "prov:Entity": later("Entity"),
    "rdfs:label": later("Name"),
    "schema:Country": later("Country"),
    "schema:inLanguage": later("Language"),
    "schema:url": later("Address"),
    "skos:Concept": later("Concept"),
    "skos:ConceptScheme": later("Concept scheme"),
    "skos:altLabel": later("Also known as"),
    "skos:broader": later("Broader"),
    "skos:definition": later("Definition"),
    "skos:exactMatch": later("The same in other registers"),
    "skos:hasTopConcept": later("Top concept"),
    "skos:historyNote": later("History"),
    "skos:inScheme": later("In the scheme"),
    "skos:notation": later("Notation"),
    "skos:note": later("Note"),
    "skos:prefLabel": later("Name"),
    "skos:topConceptOf": later("Top concept of"),
}


def words(name: str, language: str) -> str:
    """The name of a parameter or column as people read it.

    >>> words("as_of", "en"), words("start_latest", "en")
    ('As of (day, month or year)', 'start latest')
    """
    known = WORDS.get(name)
    return translations(language).gettext(known) if known else name.replace("_", " ")
