"""The dataset that all descriptions are about: its name, titles, publishers and numbers."""

from __future__ import annotations

from collections.abc import Mapping

from graph_service.asking import once_per_release
from graph_service.release import Release
from graph_service.terms import BASE, DEFAULT_GRAPH, LANGUAGES, XSD, Binding, Iri, Literal, Term

DATASET = Iri(BASE + "catalog#dataset")

FORMATS = "http://www.w3.org/ns/formats/"

RDF_FORMATS = {
    "ttl": "Turtle",
    "nt": "N-Triples",
    "nq": "N-Quads",
    "trig": "TriG",
    "rdf": "RDF_XML",
    "jsonld": "JSON-LD",
}

_TITLE = {
    "en": "knowledge graph",
    "es": "grafo de conocimiento",
    "fr": "graphe de connaissances",
    "pt": "grafo de conhecimento",
}

DESCRIPTION = {
    "en": "Each statement with its sources and how certain it is, in numbered releases.",
    "es": "Cada afirmación con sus fuentes y su certeza, en versiones numeradas.",
    "fr": "Chaque énoncé avec ses sources et sa certitude, en versions numérotées.",
    "pt": "Cada afirmação com as suas fontes e a sua certeza, em versões numeradas.",
}


def date(release: Release) -> Literal:
    """The day of a release."""
    return Literal(release.date.isoformat(), None, XSD + "date")


def titles(release: Release) -> list[Term]:
    """The programme's name and what this is, by language."""
    programmes = release.members("elp:Programme")
    names = {label.language: label.value for label in programmes[0].labels} if programmes else {}
    return [Literal(f"{names[lang]}: {_TITLE[lang]}" if lang in names else _TITLE[lang], lang) for lang in LANGUAGES]


def publishers(release: Release) -> list[Term]:
    """Who publishes the data: the programmes in it."""
    return [member.iri for member in release.members("elp:Programme")]


def named_graphs(release: Release) -> Mapping[Iri, int]:
    """The named graphs, each with its number of statements."""
    return {Iri(graph): count for graph, count in release.record.graphs.items() if graph != DEFAULT_GRAPH}


@once_per_release
def _statistics(release: Release) -> dict[str, tuple[Binding, ...]]:
    return {}


def counts(release: Release, name: str) -> tuple[Binding, ...]:
    """The rows of a question about the graph itself, asked once in a release's life."""
    known = _statistics(release)
    if name not in known:
        known[name] = release.ask(f"statistics/{name}").rows
    return known[name]
