r"""Brief: queries whose answer is small for certain, so that they need no process that can be killed.

The graph pattern of such a query is a few triple patterns and nothing else (SPARQL 1.1 Query, 5.1), each of which
matches few statements. In whatever order an engine takes them, it meets no more solutions than the product of these
counts, where one that matches nothing counts as one. What this module cannot read is not brief; what it reads, the
engine reads alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import RDF, Iri

SOLUTIONS = 500  # what an engine meets in a millisecond or two
REMEMBERED = 20_000  # patterns of which it is known how much they match
Pattern: TypeAlias = tuple[Iri | None, Iri | None, Iri | None]  # None stands for any

_IRI = r'<[A-Za-z][^<>"{}|^`\\\x00-\x20]*>'
_VARIABLE = r"[?$][A-Za-z_]\w*"
_NAME = r"[A-Za-z][\w-]*:[\w-]*(?=[\s}])"
_STRING = rf'"[^"\\\n\r]*"(?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^(?:{_IRI}|{_NAME}))?'
_TOKEN = rf"{_IRI}|{_VARIABLE}|{_NAME}|{_STRING}|a(?=\s)|[.;]"
_PREFIX = rf"(?i:PREFIX)\s+([A-Za-z][\w-]*:)\s*({_IRI})\s*"
_SELECT = rf"(?i:SELECT)\s+(?:(?i:DISTINCT)\s+)?(?:\*|{_VARIABLE}(?:\s+{_VARIABLE})*)"
_COMMENT = r"\#[^\n\r]*"
_QUERY = re.compile(
    rf"(?:\s*{_COMMENT}[\n\r])*\s*(?P<prologue>(?:{_PREFIX})*)(?P<form>{_SELECT}|(?i:ASK))\s*(?:(?i:WHERE)\s*)?"
    rf"\{{(?P<pattern>(?:\s*(?:{_TOKEN}))*)\s*\}}\s*(?:(?i:LIMIT)\s+\d+\s*)?(?:{_COMMENT}\s*)?"
)
_PREFIXES, _TOKENS = re.compile(_PREFIX), re.compile(f"(?:{_TOKEN})")
_TYPE = Iri(f"{RDF}type")


def patterns(text: str) -> Sequence[Pattern] | None:
    """The triple patterns of a SELECT or ASK that is made of nothing else, any for all but IRIs; None if it is not.

    >>> patterns("PREFIX ex: <urn:ex:> SELECT * WHERE { <urn:s> a ?c ; ex:p 'x' }") is None
    True
    >>> patterns('PREFIX ex: <urn:ex:> SELECT * WHERE { <urn:s> a ?c ; ex:p "x"@en } LIMIT 10')
    [(<urn:s>, <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>, None), (<urn:s>, <urn:ex:p>, None)]
    """
    found = _QUERY.fullmatch(text)
    if found is None or "/." in text:  # engines take steps out of a path
        return None
    prefixes = dict(_PREFIXES.findall(found["prologue"])) if found["prologue"] else {}
    read = list[Pattern]()
    terms = list[str]()
    for token in (*_TOKENS.findall(found["pattern"]), "."):
        if token not in ".;":
            terms.append(token)
        elif len(terms) == 3:
            subject, predicate, value = (_iri(each, prefixes) for each in terms)
            read.append((subject, predicate, value))
            del terms[0 if token == "." else 1 :]
        elif terms or token == ";":
            return None
    return read


class Brief:
    """Answers brief queries over a store, for one thread."""

    def __init__(self, store: EmbeddedStore, *, union: bool) -> None:
        """`union`: the default graph is the union of all graphs."""
        self._store, self._union = store, union
        self._counts: dict[Pattern, int] = {}

    def answer(self, text: str, accept: str, base: str) -> bytes | None:
        """The answer of a query in the format of a media type; None where it may not be brief, or is refused."""
        read = patterns(text)
        try:
            # never 0, as the engine may begin with the others
            if read and math.prod(max(self._count(each), 1) for each in read) <= SOLUTIONS:
                return self._store.table(text, accept, base, union=self._union)
        except ValueError:
            pass  # what stands for an IRI is none
        return None

    def _count(self, pattern: Pattern) -> int:
        if not any(pattern):
            return SOLUTIONS + 1  # it matches all that there is
        found = self._counts.get(pattern)
        if found is None:
            if len(self._counts) >= REMEMBERED:
                self._counts.clear()
            found = self._counts[pattern] = self._store.count(*pattern, most=SOLUTIONS + 1)
        return found


def _iri(token: str, prefixes: Mapping[str, str]) -> Iri | None:
    if token[0] == "<":
        return Iri(token[1:-1])
    if token == "a":
        return _TYPE
    prefix, colon, local = token.partition(":")
    space = prefixes.get(prefix + colon) if token[0] not in '?$"' else None
    return Iri(space[1:-1] + local) if space else None
