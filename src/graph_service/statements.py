"""Statements: how they are gathered where the program itself says something, and how texts and numbers are said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from graph_service.terms import PREFIXES, RDF_TYPE, XSD, Iri, Literal, Term, Triple

Triples: TypeAlias = tuple[Triple, ...]


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
