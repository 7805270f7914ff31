"""Exports: the whole graph as a file, and what its words mean: ontology, shapes, JSON-LD context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import formats
from graph_service.errors import UnknownTerm
from graph_service.release import Release
from graph_service.terms import BASE, RDF_TYPE, SKOS, Iri, Literal, Triple, choose, compact
from graph_service.turtle import parse_triples
from graph_service.web import respond
from graph_service.web.language import later, translations
from graph_service.web.media import HTML, JSON, JSONLD, NQ, NT, RDF, RDF_FORMATS, TRIG, TTL, Format
from graph_service.web.respond import Asked, CurrentRelease, Wanted, Writers, about

router = APIRouter(tags=["data"])

STEM = BASE.rstrip("/").rpartition("/")[2]  # the files are named like the namespace
DUMPS = (TTL, NQ, TRIG, JSONLD, NT, RDF)
KINDS_OF_TERMS = {
    "owl:Class": later("Classes"),
    "owl:ObjectProperty": later("Properties that link records"),
    "owl:DatatypeProperty": later("Properties with a value"),
}


@dataclass(frozen=True, slots=True)
class Download:
    """One file with the whole graph."""

    file: str
    address: str
    format: Format


@dataclass(frozen=True, slots=True)
class Word:
    """A term of the vocabulary with what it means."""

    iri: Iri
    definition: Literal | None


@router.get("/exports{suffix:suffix}", openapi_extra=about(HTML, JSON))
def exports(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """What can be taken away: the whole graph in each format, the vocabulary, the API."""
    wanted.parameters(())
    files = [Download(f"{STEM}.{each.name}", f"/exports/{STEM}.{each.name}", each) for each in DUMPS]
    origin = str(request.base_url).rstrip("/")
    listed = [{"file": each.file, "address": each.address, "media_type": each.format.media_type} for each in files]
    writers: Writers = {
        HTML: lambda: wanted.page(release, "exports.html", files=files, origin=origin),
        JSON: lambda: formats.to_json({"release": release.number, "files": listed}),
    }
    return respond.respond(wanted, release, writers)


@router.get("/exports/{stem:slug}{suffix:suffix}", openapi_extra=about(*DUMPS))
def dump(stem: str, wanted: Asked, release: CurrentRelease) -> Response:
    """The whole graph as one file, streamed."""
    wanted.parameters(())
    if stem != STEM:
        raise UnknownTerm("export", given=stem, near=[f"{STEM}.{each.name}" for each in DUMPS])
    writers: Writers = {each: partial(release.dump, each.name) for each in DUMPS}
    answer = respond.respond(wanted, release, writers)
    chosen = wanted.choose(DUMPS)
    answer.headers["Content-Disposition"] = f'attachment; filename="{STEM}.{chosen.name}"'
    return answer


@router.get("/ontology{suffix:suffix}", openapi_extra=about(HTML, *RDF_FORMATS))
def ontology(wanted: Asked, release: CurrentRelease) -> Response:
    """The classes and properties: documentation for people, RDF for programs."""
    wanted.parameters(())
    file = release.file("ontology/elpaccto.ttl")
    triples = partial(parse_triples, file.decode(), "elpaccto.ttl")

    writers: Writers = {
        HTML: lambda: _ontology_page(wanted, release, triples(), file),
        **respond.rdf_writers(release, triples),
        TTL: lambda: file,
    }
    return respond.respond(wanted, release, writers)


@router.get("/shapes{suffix:suffix}", openapi_extra=about(HTML, TTL))
def shapes(wanted: Asked, release: CurrentRelease) -> Response:
    """What a valid statement is, as SHACL shapes."""
    wanted.parameters(())
    file = release.file("ontology/shapes.ttl")
    say = translations(wanted.language).gettext
    heading = say("Shapes: what a valid statement is")
    lead = say("SHACL shapes. Every release was validated against them before it was published.")
    writers: Writers = {HTML: lambda: _file_page(wanted, release, heading, lead, file, ["ttl"]), TTL: lambda: file}
    return respond.respond(wanted, release, writers)


@router.get("/context.jsonld", openapi_extra=about(JSONLD))
def context(wanted: Asked, release: CurrentRelease) -> Response:
    """The JSON-LD context of the exports."""
    wanted.parameters(())
    return respond.respond(wanted, release, {JSONLD: lambda: release.file("ontology/context.jsonld")})


def _ontology_page(wanted: Wanted, release: Release, triples: Sequence[Triple], file: bytes) -> str:
    say = translations(wanted.language).gettext
    types = {subject: compact(str(value)) for subject, predicate, value in triples if predicate == RDF_TYPE}
    meant: dict[Iri, list[Literal]] = {}
    for subject, predicate, value in triples:
        if predicate == SKOS + "definition" and isinstance(value, Literal):
            meant.setdefault(subject, []).append(value)
    words = [Word(iri, choose(meant.get(iri, ()), wanted.language)) for iri in sorted(types)]
    sections = [
        (say(title), [word for word in words if types[word.iri] == kind]) for kind, title in KINDS_OF_TERMS.items()
    ]
    heading = say("Vocabulary: classes and properties")
    lead = say("What the words of the graph mean.")
    return _file_page(wanted, release, heading, lead, file, ["ttl", "jsonld", "nt", "rdf"], sections)


def _file_page(
    wanted: Wanted,
    release: Release,
    heading: str,
    lead: str,
    file: bytes,
    suffixes: Sequence[str],
    sections: Sequence[tuple[str, Sequence[Word]]] = (),
) -> str:
    return wanted.page(
        release,
        "vocabulary.html",
        heading=heading,
        lead=lead,
        source=file.decode(),
        suffixes=suffixes,
        sections=sections,
    )
