"""Terms: RDF terms as plain values, namespaces, IRIs of records, choice of language. No store, no HTTP.

The only place where IRIs of our namespaces are put together or taken apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

BASE = "https://w3id.org/elpaccto/"
ELP = BASE + "ontology#"
ID = BASE + "id/"
GRAPH = BASE + "graph/"
DERIVED_GRAPH = GRAPH + "derived"  # made by rules with each release
EXAMPLES_GRAPH = GRAPH + "queries"  # made from the query files with each load
GENID = BASE + ".well-known/genid/"  # IRIs given to blank nodes (RDF 1.1 Concepts, 3.5)
PROBLEMS = BASE + "problems/"

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SH = "http://www.w3.org/ns/shacl#"
RDF_TYPE = RDF + "type"
RDF_LANG_STRING = RDF + "langString"
XSD_STRING = XSD + "string"

LANGUAGES = ("en", "es", "fr", "pt")
KINDS = (
    "programme", "plan", "roadmap", "country", "institution", "organisation", "partner", "mandate", "membership",
    "event", "participation", "axis", "component", "concept", "gap", "statement", "source", "evidence", "translation",
    "release", "graph",
)  # fmt: skip

PREFIXES: Mapping[str, str] = {
    "cpov": "http://data.europa.eu/m8g/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcterms": "http://purl.org/dc/terms/",
    "elp": ELP,
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": "http://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": SH,
    "skos": SKOS,
    "spdx": "http://spdx.org/rdf/terms#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": XSD,
    **{kind: f"{ID}{kind}/" for kind in KINDS if kind != "graph"},
    "graph": GRAPH,
}


class Iri(str):
    """An IRI. Equal to its text, so that it can be looked up and compared as a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{self}>"


DEFAULT_GRAPH = Iri("")  # the unnamed graph, as the graph of a quad


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal: its lexical form, and its language or datatype (RDF 1.1 Concepts, 3.3)."""

    value: str
    language: str | None = None
    datatype: str = XSD_STRING  # rdf:langString wherever there is a language

    def __post_init__(self) -> None:
        if self.language:
            object.__setattr__(self, "datatype", RDF_LANG_STRING)

    def __str__(self) -> str:
        return self.value


Term: TypeAlias = Iri | Literal
Triple: TypeAlias = tuple[Iri, Iri, Term]
Quad: TypeAlias = tuple[Iri, Iri, Term, Iri]  # the last one is the graph
Binding: TypeAlias = Mapping[str, Term]  # variable without `?` → term; an unbound variable is absent


_ESCAPES: dict[int, str] = {code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)} | {
    ord(char): "\\" + letter for char, letter in zip('\b\t\n\f\r"\\', 'btnfr"\\', strict=True)
}


def n3(term: Term) -> str:
    """Write one term as canonical N-Triples (RDF 1.2 N-Triples, 4); a blank node is an Iri that starts with `_:`,
    a triple term one that starts with `<<`.

    >>> print(n3(Literal("Perú", "es")), n3(Literal("2018", datatype=XSD + "gYear")))
    "Perú"@es "2018"^^<http://www.w3.org/2001/XMLSchema#gYear>
    """
    if isinstance(term, Literal):
        quoted = f'"{term.value.translate(_ESCAPES)}"'
        if term.language:
            return f"{quoted}@{term.language}"
        return quoted if term.datatype == XSD_STRING else f"{quoted}^^<{term.datatype}>"
    return term if term.startswith(("_:", "<<")) else f"<{term}>"


def ntriple(triple: Triple) -> str:
    """Write one triple as a line of N-Triples."""
    return " ".join(map(n3, triple)) + " .\n"


def nquad(quad: Quad) -> str:
    """Write one quad as a line of N-Quads; the default graph has no name."""
    return " ".join(map(n3, quad if quad[3] else quad[:3])) + " .\n"


def record_iri(kind: str, slug: str) -> Iri:
    """Return the IRI of a record.

    >>> record_iri("country", "PE")
    <https://w3id.org/elpaccto/id/country/PE>
    """
    return Iri(f"{ID}{kind}/{slug}")


def record_key(iri: str) -> tuple[str, str] | None:
    """Take the IRI of a record apart into kind and slug; None for any other IRI.

    >>> record_key("https://w3id.org/elpaccto/id/country/PE")
    ('country', 'PE')
    """
    kind, slash, slug = iri.removeprefix(ID).partition("/")
    return (kind, slug) if iri.startswith(ID) and slash and slug else None


def graph_iri(stem: str) -> Iri:
    """Return the IRI of the named graph of a data file, given the file's stem."""
    return Iri(GRAPH + stem)


def compact(iri: str) -> str:
    """Shorten an IRI to what people read: the slug of a record, a prefixed name, or the IRI itself.

    >>> compact("https://w3id.org/elpaccto/id/axis/human-rights"), compact("http://www.w3.org/ns/org#Membership")
    ('human-rights', 'org:Membership')
    """
    if key := record_key(iri):
        return key[1]
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and re.fullmatch(r"[\w-]+", iri[len(namespace) :]):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def slugify(text: str) -> str:
    """Make a slug: lower case, no accents, every run of other characters one hyphen.

    >>> slugify("month (date of the page)"), slugify("Núcleo_2")
    ('month-date-of-the-page', 'nucleo-2')
    """
    plain = fold(text)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def fold(text: str) -> str:
    """Lower the case and drop the accents, for comparing names.

    >>> fold("Corrupción")
    'corrupcion'
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def choose(labels: Sequence[Literal], language: str) -> Literal | None:
    """Choose the label to show: the wanted language, else none, else English, else the first by language.

    >>> choose([Literal("Perú", "es"), Literal("Peru", "en")], "fr").value
    'Peru'
    """
    order = (language, None, "en", *LANGUAGES)
    ranked = sorted(labels, key=lambda label: (label.language or "", label.value))
    for wanted in order:
        for label in ranked:
            if label.language == wanted:
                return label
    return ranked[0] if ranked else None
