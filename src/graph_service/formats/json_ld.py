"""Statements as JSON-LD 1.1: a tree that reads well, with its context inside."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from graph_service.formats.common import to_json
from graph_service.terms import (
    RDF_LANG_STRING,
    RDF_TYPE,
    XSD,
    XSD_STRING,
    Iri,
    Literal,
    Term,
    Triple,
    n3,
)

Node: TypeAlias = dict[str, Any]  # a node object of expanded JSON-LD


def jsonld(triples: Iterable[Triple], context: Mapping[str, Any], root: Iri | None = None) -> bytes:
    """Write JSON-LD 1.1, compact, with the context inside, so that no reader fetches anything.

    From the root each record stands once, in full, where it is first met: below the record that names it, or
    below the record that it names where the context has a word for that direction (`@reverse`). Elsewhere it
    is its IRI. What the root does not reach follows in `@graph`. Nothing is lost: read as RDF, these are the
    statements given. (Framing by pyld would drop what is not reached, and takes longer.)

    Args:
        context: a context, or a document with `@context`.
        root: the record to begin with; None gives all records side by side.
    """
    from pyld import jsonld as pyld  # type: ignore[import-untyped]  # what it brings takes long to start with

    words = context.get("@context", context)
    if not isinstance(words, Mapping):
        raise ValueError(f"The context is not whole: a reader would have to fetch {words}.")
    tree = _Tree(triples, reverse=_reversed(words))
    nodes = tree.grow(root)
    options = {"skipExpansion": True, "documentLoader": _no_remote_document, "processingMode": "json-ld-1.1"}
    document = pyld.compact(nodes, {"@context": words}, options)
    del document["@context"]
    return to_json({"@context": words, **_readable(document, _plainly_typed(words))})


def _no_remote_document(url: str, _options: object) -> Any:
    raise ValueError(f"The context is not whole: a reader would have to fetch {url}.")


def _reversed(context: Mapping[str, Any]) -> tuple[Iri, ...]:
    """The properties for whose other direction the context has a word."""
    names = (entry["@reverse"] for entry in context.values() if isinstance(entry, dict) and "@reverse" in entry)
    return tuple(_expand(name, context) for name in names)


def _expand(name: str, context: Mapping[str, Any]) -> Iri:
    prefix, colon, local = name.partition(":")
    space = context.get(prefix)
    if colon and isinstance(space, dict):
        space = space["@id"]
    return Iri(f"{space}{local}" if colon and space else name)


class _Tree:
    """Statements as node objects, each placed once."""

    def __init__(self, triples: Iterable[Triple], reverse: Sequence[Iri]) -> None:
        self.reverse = reverse
        self.nodes: dict[Iri, Node] = {}
        self.pointing: dict[tuple[Iri, Iri], list[Iri]] = {}  # (property, object) → subjects
        self.placed: set[Iri] = set()
        for subject, predicate, value in sorted(set(triples), key=_by_language):
            self.add(subject, predicate, value)

    def add(self, subject: Iri, predicate: Iri, value: Term) -> None:
        node = self.nodes.setdefault(subject, {"@id": str(subject)})
        if predicate == RDF_TYPE:
            node.setdefault("@type", []).append(str(value))
            return
        node.setdefault(str(predicate), []).append(_value_object(value))
        if isinstance(value, Iri):
            self.pointing.setdefault((predicate, value), []).append(subject)

    def grow(self, root: Iri | None) -> list[Node]:
        """Place every node: the root with all that it reaches, then the rest in the same way."""
        if root is None:
            return list(self.nodes.values())
        grown = [self.place(root)] if root in self.nodes else []
        for subject in self.beginnings():
            if subject not in self.placed:
                grown.append(self.place(subject))
        return grown

    def beginnings(self) -> list[Iri]:
        """Nodes from which to start: first those that no other node names, then all others."""
        named = {value for (_, value), subjects in self.pointing.items() if subjects != [value]}
        return sorted(self.nodes, key=lambda subject: (subject in named, subject))

    def place(self, start: Iri) -> Node:
        """Nest below a node what it names and what names it, breadth first, so that nothing sits deeper than needed."""
        self.placed.add(start)
        waiting = deque([start])
        while waiting:
            subject = waiting.popleft()
            waiting.extend(self.nest_named(self.nodes[subject]))
            waiting.extend(self.nest_naming(subject))
        return self.nodes[start]

    def nest_named(self, node: Node) -> Iterator[Iri]:
        for name, values in node.items():
            if name.startswith("@"):
                continue
            for place, value in enumerate(values):
                named = Iri(value.get("@id", ""))
                if len(value) == 1 and named in self.nodes and named not in self.placed:
                    self.placed.add(named)
                    values[place] = self.nodes[named]
                    yield named

    def nest_naming(self, subject: Iri) -> Iterator[Iri]:
        for name in self.reverse:
            for other in self.pointing.get((name, subject), ()):
                if other not in self.placed:
                    self.placed.add(other)
                    self.turn(other, name, subject)
                    yield other

    def turn(self, other: Iri, name: Iri, subject: Iri) -> None:
        """State `other name subject` from the side of the subject."""
        node = self.nodes[other]
        node[name] = [value for value in node[name] if value != {"@id": subject}]
        if not node[name]:
            del node[name]
        self.nodes[subject].setdefault("@reverse", {}).setdefault(str(name), []).append(node)


def _by_language(triple: Triple) -> tuple[str, str, str, str]:
    subject, predicate, value = triple
    return subject, predicate, (value.language or "") if isinstance(value, Literal) else "", n3(value)


def _value_object(value: Term) -> Node:
    if isinstance(value, Iri):
        return {"@id": str(value)}
    if value.language:
        return {"@value": value.value, "@language": value.language}
    if value.datatype in (XSD_STRING, RDF_LANG_STRING):
        return {"@value": value.value}
    return {"@value": value.value, "@type": value.datatype}


def _plainly_typed(context: Mapping[str, Any]) -> frozenset[str]:
    """The words whose values the context declares to be booleans or integers, which JSON can say itself."""
    typed = {name: entry.get("@type", "") for name, entry in context.items() if isinstance(entry, dict)}
    return frozenset(name for name, kind in typed.items() if _expand(kind, context) in _JSON_TYPES)


_JSON_TYPES = (XSD + "boolean", XSD + "integer")


def _readable(value: Any, typed: frozenset[str]) -> Any:
    """Put what a node is first, then its plain values, then what is nested in it; `true` instead of `"true"`."""
    if isinstance(value, list):
        return [_readable(item, typed) for item in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: _reading_rank(name, value[name]))
    return {name: _native(value[name]) if name in typed else _readable(value[name], typed) for name in names}


def _native(value: Any) -> Any:
    """The JSON value of a canonical boolean or integer, which reads back as the same literal."""
    if isinstance(value, list):
        return [_native(item) for item in value]
    if value in ("true", "false") or (isinstance(value, str) and _CANONICAL_INTEGER.fullmatch(value)):
        return json.loads(value)
    return value


_CANONICAL_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_FIRST = ("@context", "@id", "id", "@type", "type", "@value", "officialName", "prefLabel", "label", "title")


def _reading_rank(name: str, value: Any) -> int:
    if name in _FIRST:
        return _FIRST.index(name)
    return 20 if isinstance(value, list | dict) else 10
