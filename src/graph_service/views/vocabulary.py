"""The vocabulary as people read it: each term with what it means, and which classes the links between records join.

Built from the statements of `ontology/elpaccto.ttl`: RDFS and OWL for what a term is, SKOS for what it means,
schema.org's `domainIncludes` and `rangeIncludes` for where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graph_service.terms import ELP, PREFIXES, RDF_TYPE, RDFS, SKOS, Iri, Literal, Term, Triple, compact

KINDS: Mapping[str, str] = {  # the type of a term → what it is
    "owl:Class": "class",
    "owl:ObjectProperty": "link",
    "owl:DatatypeProperty": "value",
    "owl:AnnotationProperty": "mark",
}
SCHEMA = PREFIXES["schema"]
_MATCHES = (SKOS + "exactMatch", SKOS + "closeMatch", PREFIXES["owl"] + "inverseOf")


@dataclass(frozen=True, slots=True)
class VocabularyTerm:
    """A class or property, with all that is said of it."""

    iri: Iri
    kind: str  # class, link, value or mark
    labels: tuple[Literal, ...]
    definitions: tuple[Literal, ...]
    notes: tuple[Literal, ...]
    examples: tuple[Literal, ...]
    parents: tuple[Iri, ...]  # the wider classes or properties
    domains: tuple[Iri, ...]  # the classes that it is used on
    ranges: tuple[Iri, ...]  # the classes or datatypes of its values
    matches: tuple[Iri, ...]  # the same or nearly so elsewhere, and its inverse
    sources: tuple[Iri, ...]
    derived: bool  # whether rules, not editors, say it


@dataclass(frozen=True, slots=True)
class ClassLink:
    """That records of one class can be linked to those of another, and by which properties."""

    source: Iri
    target: Iri
    properties: tuple[Iri, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All terms, sorted by IRI."""

    terms: tuple[VocabularyTerm, ...]

    def of(self, kind: str) -> tuple[VocabularyTerm, ...]:
        """The terms of one kind."""
        return tuple(each for each in self.terms if each.kind == kind)

    def used_on(self, class_iri: Iri) -> tuple[Iri, ...]:
        """The properties that are used on a class."""
        return tuple(each.iri for each in self.terms if class_iri in each.domains)

    def links(self) -> tuple[ClassLink, ...]:
        """Which classes the properties between records join; a class is joined to its wider class by none."""
        found: dict[tuple[Iri, Iri], list[Iri]] = {}
        for each in self.of("link"):
            for source in each.domains:
                for target in each.ranges:
                    found.setdefault((source, target), []).append(each.iri)
        own = {each.iri for each in self.of("class")}
        for each in self.of("class"):
            for wider in own.intersection(each.parents):
                found.setdefault((each.iri, wider), [])
        return tuple(ClassLink(source, target, tuple(names)) for (source, target), names in sorted(found.items()))


def vocabulary(triples: Iterable[Triple]) -> Vocabulary:
    """Read the terms out of the statements of an ontology."""
    said: dict[Iri, dict[Iri, list[Term]]] = {}
    for subject, predicate, value in triples:
        said.setdefault(subject, {}).setdefault(predicate, []).append(value)
    found = []
    for iri, facts in sorted(said.items()):
        kinds = [KINDS[name] for each in facts.get(Iri(RDF_TYPE), ()) if (name := compact(str(each))) in KINDS]
        found += [_term(iri, kind, facts) for kind in kinds[:1]]
    return Vocabulary(tuple(found))


def _term(iri: Iri, kind: str, facts: Mapping[Iri, list[Term]]) -> VocabularyTerm:
    def texts(*names: str) -> tuple[Literal, ...]:
        found = [value for name in names for value in facts.get(Iri(name), ()) if isinstance(value, Literal)]
        return tuple(sorted(found, key=lambda each: (each.language or "", each.value)))

    def iris(*names: str) -> tuple[Iri, ...]:
        return tuple(sorted(value for name in names for value in facts.get(Iri(name), ()) if isinstance(value, Iri)))

    return VocabularyTerm(
        iri=iri,
        kind=kind,
        labels=texts(RDFS + "label"),
        definitions=texts(SKOS + "definition"),
        notes=texts(SKOS + "scopeNote"),
        examples=texts(SKOS + "example"),
        parents=iris(RDFS + "subClassOf", RDFS + "subPropertyOf"),
        domains=iris(SCHEMA + "domainIncludes"),
        ranges=iris(SCHEMA + "rangeIncludes"),
        matches=iris(*_MATCHES),
        sources=iris(PREFIXES["dcterms"] + "source"),
        derived=any(str(value) == "true" for value in facts.get(Iri(ELP + "derivedByRule"), ())),
    )
