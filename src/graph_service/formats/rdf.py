"""Statements as RDF: Turtle in the canonical form of the data files, all other formats by the engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from graph_service import turtle as canonical
from graph_service.errors import MalformedValue
from graph_service.formats.json_ld import jsonld
from graph_service.store.embedded import serialize
from graph_service.terms import Iri, Triple

GRAPH_SUFFIXES = ("ttl", "nt", "rdf", "jsonld", "trig", "nq")


def graph_bytes(
    triples: Iterable[Triple], suffix: str, context: bytes | Mapping[str, Any], root: Iri | None = None
) -> bytes:
    """Write statements in the RDF format of a suffix: `ttl nt rdf jsonld`, also `trig nq` (as the unnamed graph).

    The same statements give the same bytes, whatever their order.

    Args:
        context, root: see `jsonld`; the context may be the bytes of its file.

    Raises:
        MalformedValue: no RDF format has that suffix.
    """
    if suffix == "jsonld":
        return jsonld(triples, json.loads(context) if isinstance(context, bytes) else context, root)
    if suffix in ("ttl", "trig"):
        return turtle(triples)
    if suffix not in GRAPH_SUFFIXES:
        raise MalformedValue("format", given=suffix, expected=f"a graph is written as {', '.join(GRAPH_SUFFIXES)}")
    return serialize(triples, suffix)


def turtle(triples: Iterable[Triple]) -> bytes:
    """Write Turtle in the canonical form of the data files: one block per record, one fact per line.

    Data files have no blank nodes; where there are some, as in a SHACL report, the engine writes.
    """
    triples = list(triples)
    if any(part.startswith("_:") for s, _, o in triples for part in (s, o) if isinstance(part, Iri)):
        return serialize(triples, "ttl")
    records: dict[Iri, set[canonical.Fact]] = {}
    for subject, predicate, value in triples:
        records.setdefault(subject, set()).add((predicate, value))
    whole = {subject: frozenset(facts) for subject, facts in records.items()}
    return canonical.serialize(canonical.Document(whole)).encode()
