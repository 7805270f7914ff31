"""Vocabulary: what the words of the graph mean, what a valid statement is, and the JSON-LD context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import formats
from graph_service.asking import once_per_release
from graph_service.release import Release
from graph_service.store.embedded import parse_quads
from graph_service.terms import Iri
from graph_service.turtle import parse_triples
from graph_service.views.shapes import Shape
from graph_service.views.shapes import shapes as shapes_of
from graph_service.views.vocabulary import Vocabulary
from graph_service.views.vocabulary import vocabulary as vocabulary_of
from graph_service.web import respond
from graph_service.web.diagram import diagram
from graph_service.web.language import later, translations
from graph_service.web.media import CSV, HTML, JSONLD, RDF_FORMATS, TTL
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["data"])

ONTOLOGY, SHAPES = "ontology/elpaccto.ttl", "ontology/shapes.ttl"
SECTIONS = {  # kind of term → what its section is called
    "class": later("Classes"),
    "link": later("Properties that link records"),
    "value": later("Properties with a value"),
    "mark": later("Marks of terms"),
}
# datatypes as people read them
DATATYPES = {
    "xsd:string": later("plain text"),
    "rdf:langString": later("text with its language"),
    "xsd:boolean": later("yes or no"),
    "xsd:integer": later("whole number"),
    "xsd:decimal": later("number"),
    "xsd:date": later("day"),
    "xsd:gYearMonth": later("month"),
    "xsd:gYear": later("year"),
    "xsd:dateTime": later("day and time"),
    "xsd:anyURI": later("web address"),
}
# constraints of SHACL as people read them, before their values
CONSTRAINTS = {
    "class": later("is a record of the class"),
    "datatype": later("is written as"),
    "nodeKind": later("is of the kind"),
    "in": later("is one of"),
    "hasValue": later("one of them is"),
    "languageIn": later("is in the language"),
    "uniqueLang": later("stands once in each language"),
    "pattern": later("is written after the pattern"),
    "minLength": later("has so many characters at least"),
    "maxLength": later("has so many characters at most"),
    "minInclusive": later("is at least"),
    "maxInclusive": later("is at most"),
    "minExclusive": later("is more than"),
    "maxExclusive": later("is less than"),
    "lessThan": later("is before or below that of"),
    "lessThanOrEquals": later("is not after or above that of"),
    "equals": later("is the same as that of"),
    "disjoint": later("is not the same as that of"),
    "node": later("fits the shape"),
    "not": later("does not fit the shape"),
    "and": later("fits all the shapes"),
    "or": later("fits one of the shapes"),
    "xone": later("fits exactly one of the shapes"),
    "qualifiedValueShape": later("those counted fit the shape"),
    "closed": later("has no other properties"),
    "sparql": later("a query finds nothing against it"),
}
TARGETS = {
    "targetClass": later("Every record of the class"),
    "targetSubjectsOf": later("Whatever has the property"),
    "targetObjectsOf": later("Whatever is a value of the property"),
    "targetNode": later("The resource"),
}
SEVERITIES = {
    "Violation": later("Stops a release"),
    "Warning": later("Work to do"),
    "Info": later("Advice"),
}


@router.get("/ontology{suffix:suffix}", openapi_extra=about(HTML, CSV, *RDF_FORMATS))
def ontology(wanted: Asked, release: CurrentRelease) -> Response:
    """The classes and properties: documentation for people, a table, RDF for programs."""
    wanted.parameters(())
    file = release.file(ONTOLOGY)
    writers: Writers = {
        HTML: lambda: _ontology_page(wanted, release),
        CSV: lambda: formats.terms_csv(_vocabulary(release)),
        **respond.rdf_writers(release, partial(parse_triples, file.decode(), "elpaccto.ttl")),
        TTL: lambda: file,
    }
    return respond.respond(wanted, release, writers)


@router.get("/shapes{suffix:suffix}", openapi_extra=about(HTML, CSV, TTL))
def shapes(wanted: Asked, release: CurrentRelease) -> Response:
    """What a valid statement is: in plain words, as a table of rules, and as SHACL shapes."""
    wanted.parameters(())
    writers: Writers = {
        HTML: lambda: _shapes_page(wanted, release),
        CSV: lambda: formats.rules_csv(_shapes(release)),
        TTL: lambda: release.file(SHAPES),
    }
    return respond.respond(wanted, release, writers)


@router.get("/context.jsonld", openapi_extra=about(JSONLD))
def context(wanted: Asked, release: CurrentRelease) -> Response:
    """The JSON-LD context of the exports."""
    wanted.parameters(())
    return respond.respond(wanted, release, {JSONLD: lambda: release.file("ontology/context.jsonld")})


@once_per_release
def _vocabulary(release: Release) -> Vocabulary:
    return vocabulary_of(parse_triples(release.file(ONTOLOGY).decode(), "elpaccto.ttl"))


@once_per_release
def _shapes(release: Release) -> tuple[Shape, ...]:
    return shapes_of((s, p, o) for s, p, o, _ in parse_quads(release.file(SHAPES), "shapes.ttl", "ttl"))


def _ontology_page(wanted: Wanted, release: Release) -> str:
    found = _vocabulary(release)
    say = translations(wanted.language).gettext
    return wanted.page(
        release,
        "vocabulary.html",
        heading=say("Vocabulary: classes and properties"),
        vocabulary=found,
        own={each.iri for each in found.terms},
        sections=[(kind, say(title), found.of(kind)) for kind, title in SECTIONS.items() if found.of(kind)],
        links=found.links(),
        diagram=diagram(found.links()),
        datatypes=_said(DATATYPES, wanted.language),
    )


def _shapes_page(wanted: Wanted, release: Release) -> str:
    found = _shapes(release)
    return wanted.page(
        release,
        "shapes.html",
        heading=translations(wanted.language).gettext("Shapes: what a valid statement is"),
        groups=_grouped(found),
        about=_about(found),
        first=_first(found),
        anchors={iri: iri.rpartition("#")[2] for iri in _first(found)},
        own={each.iri for each in _vocabulary(release).terms},
        count=len({rule.shape for each in found for rule in each.rules}),
        constraints=_said(CONSTRAINTS, wanted.language),
        targets=_said(TARGETS, wanted.language),
        severities=_said(SEVERITIES, wanted.language),
        datatypes=_said(DATATYPES, wanted.language),
        source=release.file(SHAPES).decode(),
    )


def _grouped(found: Sequence[Shape]) -> Sequence[tuple[bool, Sequence[Shape]]]:
    """Shapes that look for what they are about, then those that others refer to."""
    groups = [(told, [each for each in found if bool(each.targets) is told]) for told in (True, False)]
    return [(told, group) for told, group in groups if group]


def _about(found: Sequence[Shape]) -> Mapping[Iri, Iri]:
    """The classes that shapes are about, each with the shape that stands first."""
    first: dict[Iri, Iri] = {}
    for each in found:
        for target in each.targets:
            for value in target.values:
                if target.name == "targetClass" and isinstance(value, Iri):
                    first.setdefault(value, each.iri)
    return first


def _first(found: Sequence[Shape]) -> Mapping[Iri, Iri]:
    """Each shape and rule with the shape where it stands first on the page: a rule may be shared by several."""
    first = {each.iri: each.iri for each in found}
    for each in found:
        for rule in each.rules:
            first.setdefault(rule.shape, each.iri)
    return first


def _said(words: Mapping[str, str], language: str) -> Mapping[str, str]:
    say = translations(language).gettext
    return {name: say(text) for name, text in words.items()}
