"""Turtle: the canonical form of data files, so that a diff shows facts and nothing else. No files, no store.

One block per record, one fact per line, each line closed by a semicolon and the block by a dot of its own: a
statement more or less never touches its neighbours. Order is fixed: records by kind and slug, each followed
by what belongs to it (its evidence, its mandates), properties by `_FIRST` and `_LAST`, objects by language.
Comments stay with the record that they precede. There are no blank nodes: each thing has a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias, TypeGuard
from urllib.parse import urljoin

from graph_service.errors import RdfSyntaxError
from graph_service.store.embedded import parse_rdf
from graph_service.terms import (
    ELP,
    KINDS,
    PREFIXES,
    RDF_TYPE,
    XSD,
    XSD_STRING,
    Iri,
    Literal,
    Term,
    Triple,
    record_key,
)

Fact: TypeAlias = tuple[Iri, Term]  # property and object, said of a record
Records: TypeAlias = Mapping[Iri, frozenset[Fact]]


@dataclass(frozen=True, slots=True)
class Document:
    """A data file: what it says of each record, and its comments (whole lines, each with its `#`)."""

    records: Records
    comments: Mapping[Iri, tuple[str, ...]] = field(default_factory=dict)  # above the block of a record
    heading: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)  # declared in the file beyond `terms.PREFIXES`

    def triples(self) -> Iterator[Triple]:
        """Yield every statement, in no particular order."""
        for subject, facts in self.records.items():
            for predicate, value in facts:
                yield subject, predicate, value


def canonical(text: str, file: str) -> str:
    """Bring the text of a data file into canonical form; doing it twice changes nothing.

    >>> print(canonical('@prefix e: <http://e/> . e:a e:b "2"@fr, "1"@en . # why', "x.ttl"), end="")
    @prefix e: <http://e/> .
    <BLANKLINE>
    # why
    e:a e:b "1"@en ;
        e:b "2"@fr ;
        .
    """
    return serialize(parse(text, file))


# Reading


def parse(text: str, file: str) -> Document:
    """Read Turtle (RDF 1.1 Turtle), with its comments.

    Args:
        file: the name to tell in errors.

    Raises:
        RdfSyntaxError: not well-formed, or a blank node; with line, column and what was expected.
    """
    records: dict[Iri, set[Fact]] = {}
    for subject, predicate, value in parse_triples(text, file):
        records.setdefault(subject, set()).add((predicate, value))
    layout = _layout(text)
    return Document(
        {subject: frozenset(facts) for subject, facts in records.items()},
        {subject: tuple(lines) for subject, lines in layout.comments.items()},
        tuple(layout.heading),
        tuple(layout.ending),
        {prefix: space for prefix, space in layout.prefixes.items() if _is_own(prefix, space)},
    )


def parse_triples(text: str, file: str) -> list[Triple]:
    """Read the statements alone. Raises as `parse` does."""
    triples = list(parse_rdf(text.encode(), file))
    if any(term.startswith("_:") for triple in triples for term in triple if isinstance(term, Iri)):
        _refuse_nameless(text, file)
    return triples


def _refuse_nameless(text: str, file: str) -> NoReturn:
    line, column = 1, 1
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "nameless":
            line = text.count("\n", 0, token.start()) + 1
            column = token.start() - text.rfind("\n", 0, token.start())
            break
    message = "A blank node or a list stands here; an IRI is expected, so that links can name the thing."
    raise RdfSyntaxError(message, file=file, line=line, column=column)


_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n\r]*)
  | (?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>)
  | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
             | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
  | (?P<nameless>_:|\[|\(|<<)
  | (?P<dot>\.)
  | (?P<word>(?:\\.|[^\s<>"'\#;,\[\]().\\]|\.+(?=[^\s<>"'\#;,\[\]().]))+)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class _Layout:
    """Where the comments and prefixes of a text stand, gathered statement by statement."""

    comments: dict[Iri, list[str]] = field(default_factory=dict)
    heading: list[str] = field(default_factory=list)
    ending: list[str] = field(default_factory=list)
    prefixes: dict[str, str] = field(default_factory=dict)
    base: str = ""


def _layout(text: str) -> _Layout:
    layout = _Layout()
    waiting: list[tuple[int, str]] = []  # comments not yet placed, with their line
    opening = True  # before the first record
    for statement in _statements(text):
        waiting += [(_line(text, token), token[0].rstrip()) for token in statement.comments]
        words = statement.words
        if not words:
            continue
        if words[0][0].casefold().lstrip("@") in ("prefix", "base"):
            _declare(words, layout)
            layout.heading += [comment for _, comment in waiting]
            waiting = []
            continue
        if waiting and opening and not layout.prefixes:
            waiting = _split_heading(waiting, _line(text, words[0]), layout)
        if waiting:
            place = layout.comments.setdefault(_resolve(words[0][0], layout), [])
            place += [comment for _, comment in waiting]
        opening, waiting = False, []
    rest = layout.heading if opening else layout.ending
    rest += [comment for _, comment in waiting]
    return layout


def _split_heading(waiting: list[tuple[int, str]], line: int, layout: _Layout) -> list[tuple[int, str]]:
    """Leave the comments that touch the first statement; those above a blank line head the file."""
    touching: list[tuple[int, str]] = []
    for at, comment in reversed(waiting):
        if at < line - 1:
            break
        touching.insert(0, (at, comment))
        line = at
    layout.heading += [comment for _, comment in waiting[: len(waiting) - len(touching)]]
    return touching


@dataclass(slots=True)
class _Statement:
    words: list[re.Match[str]] = field(default_factory=list)
    comments: list[re.Match[str]] = field(default_factory=list)


def _statements(text: str) -> Iterator[_Statement]:
    """Split well-formed Turtle into statements; a comment behind the closing dot belongs to it."""
    statement, closed = _Statement(), False
    for token in _TOKEN.finditer(text):
        if closed and not (token.lastgroup == "comment" and _same_line(text, statement, token)):
            yield statement
            statement, closed = _Statement(), False
        if token.lastgroup == "comment":
            statement.comments.append(token)
            continue
        statement.words.append(token)
        first = statement.words[0][0]
        last = "iri" if first.casefold() in ("prefix", "base") else "dot"  # SPARQL's PREFIX has no dot
        closed = token.lastgroup == last
    yield statement


def _same_line(text: str, statement: _Statement, token: re.Match[str]) -> bool:
    return "\n" not in text[statement.words[-1].end() : token.start()]


def _line(text: str, token: re.Match[str]) -> int:
    return text.count("\n", 0, token.start()) + 1


def _declare(words: list[re.Match[str]], layout: _Layout) -> None:
    iri = next(word[0] for word in words if word.lastgroup == "iri")
    if words[0][0].casefold().endswith("base"):
        layout.base = _resolve(iri, layout)
    else:
        layout.prefixes[words[1][0].removesuffix(":")] = _resolve(iri, layout)


def _resolve(word: str, layout: _Layout) -> Iri:
    """Return the IRI that a subject's or prefix's token stands for."""
    if word.startswith("<"):
        plain = re.sub(r"\\[uU]([0-9A-Fa-f]{4,8})", lambda found: chr(int(found[1], 16)), word[1:-1])
        return Iri(urljoin(layout.base, plain))
    prefix, _, local = word.partition(":")
    return Iri(layout.prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local))


def _is_own(prefix: str, space: str) -> bool:
    return prefix not in PREFIXES and space not in PREFIXES.values()


# Writing


def serialize(document: Document) -> str:
    """Write a document in canonical form, ending with a newline; nothing at all gives the empty text."""
    names = _Names({**PREFIXES, **document.prefixes})
    records = {subject: facts for subject, facts in document.records.items() if facts}
    blocks = [
        _lines(document.comments.get(subject, ())) + _block(subject, records[subject], names)
        for subject in sorted(records, key=_Order(records).key)
    ]
    prefixes = [f"@prefix {prefix}: <{names.spaces[prefix]}> ." for prefix in sorted(names.used)]
    orphans = [lines for subject, lines in document.comments.items() if subject not in records]
    ending = [*(line for lines in orphans for line in lines), *document.ending]
    if not records:
        return _lines([*document.heading, *ending])
    parts = [_lines([*document.heading, *prefixes]), *blocks, _lines(ending)]
    return "\n".join(part for part in parts if part)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _block(subject: Iri, facts: frozenset[Fact], names: _Names) -> str:
    lines = [
        f"{'a' if predicate == RDF_TYPE else names.iri(predicate)} {names.term(value)} ;\n"
        for predicate, value in sorted(facts, key=_fact_key)
    ]
    return f"{names.iri(subject)} " + "    ".join(lines) + "    .\n"


class _Names:
    """Shortens IRIs, and remembers the prefixes that it used."""

    _LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*)")  # the part of PN_LOCAL that needs no escape

    def __init__(self, spaces: Mapping[str, str]) -> None:
        self.spaces, self.used = spaces, set[str]()
        self._by_length = sorted(((space, prefix) for prefix, space in spaces.items()), key=_longest_first)
        self._known: dict[str, str] = {}

    def iri(self, iri: Iri) -> str:
        if iri not in self._known:
            self._known[iri] = self._shorten(iri)
        return self._known[iri]

    def _shorten(self, iri: Iri) -> str:
        for space, prefix in self._by_length:
            if iri.startswith(space) and self._LOCAL.fullmatch(iri, len(space)):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(space) :]}"
        return f"<{iri}>"

    def term(self, term: Term) -> str:
        if isinstance(term, Iri):
            return self.iri(term)
        if term.language:
            return f"{_quoted(term.value)}@{term.language}"
        if term.datatype == XSD_STRING:
            return _quoted(term.value)
        bare = _BARE.get(term.datatype)
        if bare and bare.fullmatch(term.value):
            return term.value
        return f"{_quoted(term.value)}^^{self.iri(Iri(term.datatype))}"


_BARE = {
    XSD + "boolean": re.compile(r"true|false"),
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _quoted(text: str) -> str:
    return '"' + re.sub(r'[\\"\x00-\x1f\x7f\u0085\u2028\u2029\ufeff]', _escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], f"\\u{ord(found[0]):04X}")


def _longest_first(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[1]


# Order

_SKOS, _RDFS, _DCTERMS = PREFIXES["skos"], PREFIXES["rdfs"], PREFIXES["dcterms"]
_ORG, _FOAF, _GEO, _SCHEMA = PREFIXES["org"], PREFIXES["foaf"], PREFIXES["geo"], PREFIXES["schema"]
_FIRST = (
    RDF_TYPE, _SKOS + "prefLabel", _RDFS + "label", _SKOS + "altLabel", _SKOS + "hiddenLabel",
    _SKOS + "notation", _DCTERMS + "title", ELP + "acronym", ELP + "fullName",
    _SKOS + "definition", _DCTERMS + "description", ELP + "value", ELP + "basis",
    _SKOS + "inScheme", _SKOS + "topConceptOf", _SKOS + "broader", ELP + "order",
    ELP + "programme", ELP + "plan", ELP + "year", ELP + "isoAlpha2", ELP + "isoAlpha3", ELP + "m49",
    ELP + "source", ELP + "certainty", ELP + "quote", ELP + "supports",
    ELP + "holder", ELP + "axis", _ORG + "member", _ORG + "organization",
    ELP + "event", ELP + "participant", ELP + "role",
    ELP + "country", ELP + "scope", ELP + "kind", ELP + "component", ELP + "outsideComponents",
    _ORG + "subOrganizationOf", ELP + "leadsComponent", ELP + "leadCountry", ELP + "organisation",
    ELP + "status", ELP + "start", ELP + "end", ELP + "datePrecision",
    ELP + "since", ELP + "until", ELP + "asOf", ELP + "replacedBy",
    ELP + "city", ELP + "seatCity", ELP + "seatCountry",
    ELP + "capital", ELP + "capitalGeonames", _GEO + "lat", _GEO + "long", ELP + "coordinatesOf",
    _DCTERMS + "publisher", _SCHEMA + "url", _SCHEMA + "inLanguage", _DCTERMS + "date", _FOAF + "homepage",
)  # fmt: skip
_LAST = (_SKOS + "exactMatch", _SKOS + "note", _SKOS + "historyNote", ELP + "evidence")
_RANK = {name: rank for rank, name in enumerate(_FIRST)} | {name: 900 + n for n, name in enumerate(_LAST)}
# What a record stands under:
_OWNERS = (ELP + "holder", ELP + "event", _ORG + "organization", _SKOS + "inScheme")
_KIND_RANK = {"evidence": -1} | {kind: rank for rank, kind in enumerate(KINDS) if kind != "evidence"}
_PlaceKey: TypeAlias = tuple[int, int, str]


def _fact_key(fact: Fact) -> tuple[int, str, str, str, str]:
    predicate, value = fact
    rank = _RANK.get(predicate, 500)
    if isinstance(value, Iri):
        return rank, predicate, "" if value.startswith(ELP) else "other", "", value
    return rank, predicate, value.language or "", value.value, value.datatype


class _Order:
    """Where records stand: under the records that they belong to, then by kind, elp:order and slug."""

    def __init__(self, records: Records) -> None:
        self._owner = dict(_belongings(records))
        self._own = {subject: _own_key(subject, facts) for subject, facts in records.items()}

    def key(self, subject: Iri) -> tuple[_PlaceKey, ...]:
        """Return the sort key: those of all that the record stands under, then its own."""
        chain = [subject]
        while (owner := self._owner.get(chain[-1])) is not None and owner not in chain:
            chain.append(owner)
        if owner is not None:  # a circle: its members stand on their own
            chain = chain[: chain.index(owner) + 1]
        return tuple(self._own.get(each) or _own_key(each, frozenset()) for each in reversed(chain))


def _belongings(records: Records) -> Iterator[tuple[Iri, Iri]]:
    """Yield each record that stands under another: evidence under what cites it, mandates under holders."""
    for subject, facts in sorted(records.items(), reverse=True):
        owners = [(_OWNERS.index(name), owner) for name, owner in facts if name in _OWNERS]
        if owners and isinstance(owner := min(owners, key=str)[1], Iri):
            yield subject, owner
        for predicate, value in facts:
            if predicate == ELP + "evidence" and isinstance(value, Iri):
                yield value, subject


def _own_key(subject: Iri, facts: frozenset[Fact]) -> _PlaceKey:
    kind, slug = record_key(subject) or ("", subject)
    orders = [int(value.value) for name, value in facts if name == ELP + "order" and _is_integer(value)]
    return _KIND_RANK.get(kind, len(KINDS)), min(orders, default=0), slug


def _is_integer(term: Term) -> TypeGuard[Literal]:
    return isinstance(term, Literal) and _BARE[XSD + "integer"].fullmatch(term.value) is not None
