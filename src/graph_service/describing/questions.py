"""The questions of the catalogue: as SHACL executables, and the columns of their CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_service.catalogue import QueryFile
from graph_service.describing.statements import Said, Triples, texts
from graph_service.exporting import LICENCE
from graph_service.release import Release
from graph_service.terms import BASE, PREFIXES, XSD, Iri, Literal

QUERIES = BASE + "queries"

_SCHEMA = "https://schema.org/"  # the form of its namespace that editors of SPARQL look for


def question_graph(release: Release, base: str) -> Triples:
    """The questions of the catalogue as SHACL executables (SHACL Advanced Features, 5.2), as editors read them."""
    prefixes = Iri(QUERIES + "#prefixes")
    said = Said()
    said.of(prefixes, ("owl:Ontology",), {"sh:declare": [Iri(f"{QUERIES}#prefix-{prefix}") for prefix in PREFIXES]})
    for prefix, space in PREFIXES.items():
        namespace = Literal(space, None, XSD + "anyURI")
        said.of(Iri(f"{QUERIES}#prefix-{prefix}"), (), {"sh:prefix": [Literal(prefix)], "sh:namespace": [namespace]})
    for query in release.catalogue:
        node = Iri(f"{QUERIES}/{query.name}")
        kind = query.form.title()
        said.of(
            node,
            ("sh:SPARQLExecutable", f"sh:SPARQL{kind}Executable"),
            {
                "rdfs:label": texts(query.summary),
                "rdfs:comment": texts(query.summary),
                "sh:prefixes": [prefixes],
                f"sh:{query.form.lower()}": [Literal(_without_header(query.text))],
                _SCHEMA + "target": [Iri(f"{base}/sparql")],
                _SCHEMA + "keywords": [Literal(tag) for tag in query.tags],
            },
        )
    return said.triples()


def csv_metadata(query: QueryFile, address: str) -> Mapping[str, Any]:
    """Describe the columns of a question's CSV (CSV on the Web: Metadata Vocabulary for Tabular Data).

    Args:
        address: of the CSV, from this description.
    """
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": address,
        "dc:title": [{"@value": text, "@language": language} for language, text in query.summary.items()],
        "dc:license": {"@id": LICENCE},
        "dialect": {"header": True, "encoding": "utf-8", "delimiter": ",", "lineTerminators": ["\r\n", "\n"]},
        "tableSchema": {
            "columns": [
                {
                    "name": column.name,
                    "titles": column.name,
                    "dc:description": column.description,
                    "datatype": _CSVW_TYPES.get(column.type, "string"),
                }
                for column in query.columns
            ]
        },
    }


_CSVW_TYPES: Mapping[str, object] = {
    "integer": "integer",
    "decimal": "decimal",
    "boolean": {"base": "boolean", "format": "true|false"},
    "date": {"base": "string", "format": r"-?[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"},  # as precise as the source
}


def _without_header(text: str) -> str:
    """A query without the comments that tell its parameters."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("#+")) + "\n"
