"""What descriptions share: its name, its texts and numbers, how statements are gathered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from graph_service.asking import once_per_release
from graph_service.release import Release
from graph_service.terms import (
    BASE,
    DEFAULT_GRAPH,
    LANGUAGES,
    PREFIXES,
    RDF_TYPE,
    XSD,
    Binding,
    Iri,
    Literal,
    Term,
    Triple,
)

Triples: TypeAlias = tuple[Triple, ...]

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


class Said:
    """Statements while they are gathered."""

    def __init__(self) -> None:
        self._triples: set[Triple] = set()

    def of(self, subject: Term, types: Iterable[str], facts: Mapping[str, Iterable[Term]]) -> None:
        """Say of a thing which classes it has, and its values by property."""
        node = Iri(str(subject))
        self._triples |= {(node, Iri(RDF_TYPE), kind) for kind in expand(*types)}
        for name, values in facts.items():
            self._triples |= {(node, expand(name)[0], value) for value in values}

    def triples(self) -> Triples:
        """All statements, sorted."""
        return tuple(sorted(self._triples, key=lambda triple: (triple[0], triple[1], repr(triple[2]))))


def expand(*names: str) -> list[Iri]:
    """Expand prefixed names."""
    split = [name.partition(":") for name in names]
    return [
        Iri(PREFIXES[prefix] + local if prefix in PREFIXES else prefix + colon + local)
        for prefix, colon, local in split
    ]


def texts(by_language: Mapping[str, str]) -> list[Term]:
    """Texts with their languages."""
    return [Literal(text, language) for language, text in by_language.items()]


def integer(number: int, datatype: str = "integer") -> Literal:
    """A whole number."""
    return Literal(str(number), None, XSD + datatype)


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
