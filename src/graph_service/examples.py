"""Examples: the questions of the catalogue as statements, in the form that editors of SPARQL read at an endpoint."""

from __future__ import annotations

from graph_service.catalogue import Catalogue
from graph_service.statements import Said, Triples, texts
from graph_service.terms import BASE, PREFIXES, XSD, Iri, Literal

QUERIES = BASE + "queries"

_SCHEMA = "https://schema.org/"  # the form of its namespace that editors of SPARQL look for


def examples(catalogue: Catalogue) -> Triples:
    """The questions of a catalogue as SHACL executables (SHACL Advanced Features, 5.2).

    Each is named by a fragment of the catalogue's own address, where all of them are described.

    >>> from graph_service.catalogue import Catalogue
    >>> len(examples(Catalogue({})))
    0
    """
    if not len(catalogue):
        return ()
    prefixes = Iri(QUERIES + "#prefixes")
    said = Said()
    said.of(prefixes, ("owl:Ontology",), {"sh:declare": [Iri(f"{QUERIES}#prefix-{prefix}") for prefix in PREFIXES]})
    for prefix, space in PREFIXES.items():
        namespace = Literal(space, None, XSD + "anyURI")
        said.of(Iri(f"{QUERIES}#prefix-{prefix}"), (), {"sh:prefix": [Literal(prefix)], "sh:namespace": [namespace]})
    for query in catalogue:
        node = Iri(f"{QUERIES}#{query.name}")
        kind = query.form.title()
        said.of(
            node,
            ("sh:SPARQLExecutable", f"sh:SPARQL{kind}Executable"),
            {
                "rdfs:label": texts(query.summary),
                "rdfs:comment": [Literal(query.summary["en"], "en")],  # editors list each comment as one example
                "sh:prefixes": [prefixes],
                f"sh:{query.form.lower()}": [Literal(_without_header(query.text))],
                _SCHEMA + "target": [Iri(BASE + "sparql")],
                _SCHEMA + "keywords": [Literal(tag) for tag in query.tags],
            },
        )
    return said.triples()


def _without_header(text: str) -> str:
    """A query without the comments that tell its parameters."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("#+")) + "\n"
