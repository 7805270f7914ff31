"""The remote engine, for reading: a SPARQL 1.1 store over HTTP that holds a release.

What it answers equals what the embedded engine answers of the same release. Beside the release the store holds a
graph of this service's own, see `contents`: queries that could see it name the graphs that they look into instead.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import IO, TypeVar, cast

import httpx2
import pyoxigraph as ox

from graph_service.errors import EngineUnavailable, GraphServiceError
from graph_service.store.binding import (
    among,
    bound,
    concealing,
    looks_everywhere,
    refuse_fetching,
    with_graphs,
)
from graph_service.store.contents import HOLDS, STATE
from graph_service.store.embedded import GRAPH_FORMATS, RESULT_FORMATS
from graph_service.store.engine import N_TRIPLES, RESULTS_JSON, Engine
from graph_service.store.native import term
from graph_service.store.protocol import NO_BINDING, Dataset, Solutions
from graph_service.store.tokens import mentions, query_form
from graph_service.terms import XSD, XSD_STRING, Binding, Iri, Literal, Quad, Term, Triple

BATCH = 500  # subjects that are asked for at once
_BROKEN = (SyntaxError, ValueError, OSError, httpx2.TransportError, httpx2.StreamError)
T = TypeVar("T")
WHOLE_BYTES = 1_000_000  # answers up to this size are read at once, so that the connection is free again
ASKED: ContextVar[set[int] | None] = ContextVar("asked", default=None)  # the releases that remote engines were asked of

_QUADS = "SELECT ?s ?p ?o ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
_GRAPH = "SELECT ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }"
_STATEMENTS = "SELECT ?p ?o WHERE { ?s ?p ?o }"
_DESCRIBED = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
_OBJECTS = "SELECT ?o WHERE { ?s ?p ?o }"
_SIZE = "SELECT (COUNT(*) AS ?count) WHERE { GRAPH ?g { ?s ?p ?o } }"


class RemoteStore:
    """A release in an engine that is asked over HTTP."""

    def __init__(self, engine: Engine, number: int, graphs: Sequence[Iri], *, union: Callable[[], bool]) -> None:
        """Hold on to a release.

        Args:
            graphs: the named graphs of the release.
            union: tells whether at this moment the engine may be left to see all of its graphs as one: that it can,
                and that it holds no others.
        """
        self._engine, self._number, self._graphs, self._union = engine, number, tuple(sorted(graphs)), union
        self._whole = with_graphs(Dataset(self._graphs, self._graphs))

    def select(self, text: str, binding: Binding = NO_BINDING) -> Solutions:
        stack, body = self._asked(text, binding, RESULTS_JSON)
        with stack:
            names, rows = _table(body, text)
            return Solutions(names, _closing(stack.pop_all(), rows))

    def construct(self, text: str, binding: Binding = NO_BINDING) -> Iterator[Triple]:
        stack, body = self._asked(text, binding, N_TRIPLES)
        return _closing(stack, _triples(body))

    def write(self, text: str, accept: str, dataset: Dataset, base: str, out: IO[bytes]) -> None:
        refuse_fetching(text)
        table = query_form(text) in ("SELECT", "ASK")
        given = with_graphs(dataset) or self.dataset(text)
        stack, body = self._sent(text, RESULTS_JSON if table else N_TRIPLES, given)
        parts = _written(body, accept, out, table=table)
        for _ in _closing(stack, parts):
            pass

    def statements(self, subject: Iri) -> Iterator[tuple[Iri, Term]]:
        return ((Iri(str(row["p"])), row["o"]) for row in self.select(_STATEMENTS, {"s": subject}).rows)

    def described(self, subjects: Iterable[Iri]) -> Iterator[Triple]:
        left = iter(dict.fromkeys(subjects))
        while some := tuple(islice(left, BATCH)):
            for row in self.select(among(_DESCRIBED, "s", some)).rows:
                yield Iri(str(row["s"])), Iri(str(row["p"])), row["o"]

    def objects(self, subject: Iri, predicate: Iri) -> Iterator[Term]:
        return (row["o"] for row in self.select(_OBJECTS, {"s": subject, "p": predicate}).rows)

    def quads(self) -> Iterator[Quad]:
        return (_quad(row, Iri(str(row["g"]))) for row in self.select(_QUADS).rows)

    def graph(self, graph: Iri) -> Iterator[Triple]:
        if graph not in self._graphs:
            return iter(())
        return (_quad(row, graph)[:3] for row in self.select(_GRAPH, {"g": graph}).rows)

    def graphs(self) -> Sequence[Iri]:
        return list(self._graphs)

    def __len__(self) -> int:
        return int(str(next(iter(self.select(_SIZE).rows))["count"]))

    def dataset(self, text: str) -> list[tuple[str, str]] | None:
        """The graphs that anybody's query is to look into, as parameters of the protocol; empty: those that it names;
        None: all, as the engine itself does it."""
        if mentions(text, ("FROM",)):
            return []
        return None if self._union() and not looks_everywhere(text) else self._whole

    def _asked(self, text: str, binding: Binding, accept: str) -> tuple[ExitStack, IO[bytes]]:
        """Send a query of ours: left to see all graphs as one it passes over STATE, else it names the others."""
        if self._union():
            return self._sent(bound(concealing(text, HOLDS, STATE), binding), accept, None)
        return self._sent(bound(text, binding), accept, self._whole)

    def _sent(self, text: str, accept: str, graphs: Sequence[tuple[str, str]] | None) -> tuple[ExitStack, IO[bytes]]:
        if (asked := ASKED.get()) is not None:
            asked.add(self._number)
        stack = ExitStack()
        with stack:
            body = _Body(stack.enter_context(self._engine.query(text, accept, graphs)))
            if body.fill(WHOLE_BYTES):
                stack.close()
            return stack.pop_all(), cast("IO[bytes]", body)
        raise AssertionError("the engine raises what goes wrong")


class _Body(io.RawIOBase):
    """An answer as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._held = parts, bytearray()

    def fill(self, size: int) -> bool:
        """Read up to a size; whether that is all of it."""
        while len(self._held) < size:
            part = next(self._parts, None)
            if part is None:
                return True
            self._held += part
        return False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes, at least one unless there are no more."""
        while not self._held or size < 0:
            part = next(self._parts, None)
            if part is None:
                size = len(self._held)
                break
            self._held += part
        data = bytes(self._held[:size])
        del self._held[:size]
        return data


# Objects of the engine's library must end in the thread that made them, and an error takes those of its frames along to
# other threads. So errors are raised anew where there are no such objects.


def _table(body: IO[bytes], text: str) -> tuple[tuple[str, ...], Iterator[Binding]]:
    """The variables and the rows of an answer."""
    try:
        found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    except _BROKEN as error:
        problem = _words(error)
    else:
        problem = "The graph store answers another question than it was asked."
        if isinstance(found, ox.QuerySolutions):
            names = tuple(variable.value for variable in found.variables)
            if all(re.search(rf"[?$]{re.escape(name)}\b", text) for name in names):
                return names, _rows(names, found)
        del found
    raise EngineUnavailable(problem)


def _closing(stack: ExitStack, items: Iterator[T]) -> Iterator[T]:
    """The same items; the connection is let go with the last one, or when nobody wants more."""
    failed: GraphServiceError | None = None
    with stack:
        try:
            yield from items
        except _BROKEN as error:
            failed = EngineUnavailable(_words(error))
        except GraphServiceError as error:
            failed = type(error)(str(error))
    if failed is not None:
        raise failed


def _words(error: Exception) -> str:
    return f"The answer of the graph store breaks off or cannot be read ({error.__cause__ or error})."


def _written(body: IO[bytes], accept: str, out: IO[bytes], *, table: bool) -> Iterator[None]:
    """Write an answer in another format, once it is asked for anything."""
    if table:
        ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON).serialize(out, format=RESULT_FORMATS[accept])
    else:
        triples = (quad.triple for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES))
        ox.serialize(triples, out, format=GRAPH_FORMATS[accept])
    yield


def _rows(names: Sequence[str], found: ox.QuerySolutions) -> Iterator[Binding]:
    for solution in found:
        yield {name: _term(value) for name in names if (value := solution[name]) is not None}


def _triples(body: IO[bytes]) -> Iterator[Triple]:
    for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES):
        yield Iri(str(term(quad.subject))), Iri(quad.predicate.value), _term(quad.object)


def _term(node: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term:
    """A term as the embedded engine has it: numbers and dates in its canonical form, language tags in lower case."""
    found = term(node)
    if not isinstance(found, Literal) or found.datatype == XSD_STRING:
        return found
    if found.language:
        return found if found.language.islower() else Literal(found.value, found.language.lower())
    return _kept(found.value, found.datatype) if found.datatype.startswith(XSD) else found


@lru_cache(maxsize=100_000)
def _kept(value: str, datatype: str) -> Literal:
    """A literal as the embedded engine keeps it."""
    store, node = ox.Store(), ox.NamedNode("urn:x")
    store.add(ox.Quad(node, node, ox.Literal(value, datatype=ox.NamedNode(datatype))))
    return cast("Literal", term(next(iter(store)).object))


def _quad(row: Binding, graph: Iri) -> Quad:
    return Iri(str(row["s"])), Iri(str(row["p"])), row["o"], graph
