"""Binding: values put into the text of a query as data, and which graphs a query may look into.

For engines that are asked over HTTP, whose protocol has no way to hand over values. A value is never pasted in the
place of a variable: each group that names the variable begins with a VALUES block, which is the standard's own way to
say the same as the substitutions of the embedded engine (SPARQL 1.1 Query, 10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from graph_service.errors import QueryFailed, QueryRefused
from graph_service.store.native import native
from graph_service.store.protocol import Dataset
from graph_service.store.tokens import mentions, tokens
from graph_service.terms import Binding, Iri, Term

_TERMS = ("variable", "iri", "name", "string", "number", "language")
_VARIABLE_NAME = re.compile(r"\w+")


@dataclass(slots=True)
class _Group:
    """What stands between two braces."""

    start: int  # offset behind the opening brace
    parent: _Group | None = None
    graph_pattern: bool = True  # neither a template nor a block of data
    plain: bool = True  # a graph pattern outside of EXISTS
    selects: bool = False  # it holds a sub-select and nothing else
    free: frozenset[str] | None = None  # the only variables that are those of the query around it; None: all are
    mentioned: set[str] = field(default_factory=set)
    predicates: dict[str, None] = field(default_factory=dict)  # variables that stand for predicates
    graphs: dict[str, None] = field(default_factory=dict)  # variables that stand for graphs

    def knows(self, name: str) -> bool:
        """Whether a variable of that name here is that of the whole query."""
        if self.parent is None:
            return True
        return (self.free is None or name in self.free) and self.parent.knows(name)


def bound(text: str, binding: Binding) -> str:
    """Give some variables of a query their values.

    Variables of a sub-select are those of the query around it only where it projects them, as with the embedded
    engine. What stands in EXISTS sees the values of the group around it (SPARQL 1.1 Query, 18.6).

    Raises:
        QueryFailed: a value is no term of RDF, such as an IRI with a space.

    >>> print(bound("SELECT ?a { ?a <urn:p> ?b OPTIONAL { ?b <urn:q> ?c } }", {"b": Iri("urn:x")}))
    SELECT ?a { VALUES (?b) { (<urn:x>) } ?a <urn:p> ?b OPTIONAL { VALUES (?b) { (<urn:x>) } ?b <urn:q> ?c } }
    """
    if not binding:
        return text
    written = {name: _written(name, value) for name, value in binding.items()}
    parts: list[str] = []
    end = 0
    for group in _groups(text):
        names = [name for name in written if group.parent is None or name in group.mentioned]
        names = [name for name in names if group.knows(name)]
        if group.plain and not group.selects and names:
            variables, values = " ".join(f"?{name}" for name in names), " ".join(written[name] for name in names)
            parts.append(f"{text[end : group.start]} VALUES ({variables}) {{ ({values}) }}")
            end = group.start
    return "".join(parts) + text[end:]


def among(text: str, name: str, values: Iterable[Term]) -> str:
    """Give one variable of a query several values, of which each solution has one. Raises as `bound`.

    >>> among("SELECT * { ?s ?p ?o }", "s", [Iri("urn:a"), Iri("urn:b")])
    'SELECT * { VALUES ?s { <urn:a> <urn:b> } ?s ?p ?o }'
    """
    first = _groups(text)[0].start
    return f"{text[:first]} VALUES ?{name} {{ {' '.join(_written(name, each) for each in values)} }}{text[first:]}"


@lru_cache(maxsize=300)
def concealing(text: str, predicate: Iri, graph: Iri) -> str:
    """Have a query of ours pass over a predicate, and over a graph, wherever a variable could stand for them.

    Paths that any term fills (`p*`) are not looked at.

    >>> print(concealing("SELECT * { ?s ?p ?o }", Iri("urn:p"), Iri("urn:g")))
    SELECT * { FILTER(!sameTerm(?p, <urn:p>)) ?s ?p ?o }
    """
    parts: list[str] = []
    end = 0
    for group in _groups(text):
        if not group.graph_pattern or group.selects:
            continue
        found = [(name, predicate) for name in group.predicates] + [(name, graph) for name in group.graphs]
        filters = "".join(f" FILTER(!sameTerm(?{name}, <{iri}>))" for name, iri in found)
        parts.append(text[end : group.start] + filters)
        end = group.start
    return "".join(parts) + text[end:]


def looks_everywhere(text: str) -> bool:
    """Whether a query could find a triple whatever its predicate, or look into graphs that it does not name.

    Errs on the safe side: true for some queries that could not.

    >>> looks_everywhere("ASK { ?s a <urn:c> ; <urn:p>/<urn:q> ?o }"), looks_everywhere("ASK { ?s ?p ?o }")
    (False, True)
    """
    if any(group.predicates or group.graphs for group in _read(text)):
        return True
    found = list(tokens(text))
    for place, (kind, token, _) in enumerate(found):
        if kind == "word" and token.upper() == "DESCRIBE":
            return True
        if kind == "other" and token in "!*?" and _is_path_of_any(found, place):
            return True
    return False


def refuse_fetching(text: str) -> None:
    """Refuse a query that would have the engine fetch from elsewhere, or could hide such a wish (19.2).

    Raises:
        QueryRefused.
    """
    if mentions(text, ("SERVICE",)):
        raise QueryRefused("SERVICE is refused: this service fetches nothing from elsewhere.")
    if "\\" in text and any(kind == "other" and token == "\\" for kind, token, _ in tokens(text)):
        raise QueryRefused("Escapes such as \\u0041 are read within strings, IRIs and names only.")


def with_graphs(dataset: Dataset) -> list[tuple[str, str]]:
    """A dataset as parameters of the protocol (SPARQL 1.1 Protocol, 2.1.4)."""
    return [
        *(("default-graph-uri", graph) for graph in dataset.default_graphs),
        *(("named-graph-uri", graph) for graph in dataset.named_graphs),
    ]


def _written(name: str, value: Term) -> str:
    if not _VARIABLE_NAME.fullmatch(name):
        raise QueryFailed(f"There can be no variable {name!r}.")
    try:
        if isinstance(value, Iri) and value.startswith(("_:", "<<")):
            raise ValueError("neither an IRI nor a literal")
        return str(native(value))
    except ValueError as error:
        raise QueryFailed(f"The value {str(value)!r} of {name} cannot be bound: {error}.") from None


@lru_cache(maxsize=300)
def _groups(text: str) -> tuple[_Group, ...]:
    """As `_read`, for queries of ours, which come again."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[_Group]:
    """The pairs of braces of a query, in the order in which they open."""
    groups: list[_Group] = []
    here: _Group | None = None
    ahead = ""  # the keyword that says what the next braces hold
    projected: set[str] | None = None  # of the SELECT whose WHERE comes next; "*" stands for all
    found = [*tokens(text), ("", "", 0)]
    before = ("", "", 0)
    for place, (kind, token, offset) in enumerate(found[:-1]):
        word = token.upper() if kind == "word" else ""
        if token == "{" and kind == "other":
            here = _opened(offset + 1, here, ahead, projected)
            groups.append(here)
            ahead, projected = "", None
        elif token == "}" and kind == "other":
            here = here.parent if here is not None else None
            ahead = ""
        elif word in ("CONSTRUCT", "VALUES", "EXISTS"):
            ahead = word
        elif word == "WHERE":
            ahead = ""
        elif word == "SELECT":
            projected = set()
            if here is not None and before[1] == "{":
                here.selects = True
        elif projected is not None and kind in ("variable", "other"):
            projected.add(token[1:] if kind == "variable" else token)
        if kind == "variable":
            _mention(here, token[1:])
            if here is not None and projected is None and ahead != "VALUES":
                _note_role(here, token[1:], before, found[place + 1])
        before = (kind, token, offset)
    yield from groups


def _opened(start: int, parent: _Group | None, ahead: str, projected: set[str] | None) -> _Group:
    """The group that begins behind a brace, given the keyword before it."""
    pattern = ahead not in ("CONSTRUCT", "VALUES") and (parent is None or parent.graph_pattern)
    plain = pattern and ahead != "EXISTS" and (parent is None or parent.plain)
    inner = projected is not None and parent is not None and "*" not in projected
    return _Group(start, parent, pattern, plain, free=frozenset(projected or ()) if inner else None)


def _mention(group: _Group | None, name: str) -> None:
    while group is not None:
        group.mentioned.add(name)
        group = group.parent


def _note_role(group: _Group, name: str, before: tuple[str, str, int], after: tuple[str, str, int]) -> None:
    """Note whether a variable stands where a graph or a predicate does; rather once too often."""
    if before[0] == "word" and before[1].upper() == "GRAPH":
        group.graphs[name] = None
    elif _ends_subject(before) and _begins_object(after):
        group.predicates[name] = None


def _ends_subject(token: tuple[str, str, int]) -> bool:
    """Whether what stands before a variable can be the subject of which it would be the predicate."""
    kind, text, _ = token
    return kind in _TERMS or (kind == "other" and text in ";])[>") or (kind == "word" and text in ("true", "false"))


def _begins_object(token: tuple[str, str, int]) -> bool:
    kind, text, _ = token
    return kind in _TERMS or (kind == "other" and text in "[(<") or (kind == "word" and text in ("true", "false"))


def _is_path_of_any(found: list[tuple[str, str, int]], place: int) -> bool:
    """Whether a sign may stand in a path that any predicate, or none at all, can fill: `!p`, `p*`, `p?`."""
    kind, token, _ = found[place - 1]
    if found[place][1] != "!":
        return kind in ("iri", "name") or token in (")", "a")
    while place > 0 and found[place - 1][1] == "(":
        place -= 1
    kind, token, _ = found[place - 1]
    doubled = token in "|&" and found[place - 2][1] == token
    return not (kind == "word" or doubled or token in (",", "="))
