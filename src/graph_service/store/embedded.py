"""The embedded engine: pyoxigraph on disk. No other module imports it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from graph_service.errors import (
    GraphRefused,
    HomeError,
    MalformedValue,
    QueryFailed,
    QueryRefused,
    RdfSyntaxError,
    SparqlSyntaxError,
)
from graph_service.store.binding import bound
from graph_service.store.complaints import is_full, syntax_error, without_place
from graph_service.store.native import (
    from_quad,
    graph_node,
    named_node,
    native,
    quad_node,
    rewritings,
    term,
    to_graph,
    to_iri,
    triple_node,
)
from graph_service.store.protocol import NO_BINDING, Dataset, Solutions, Updated
from graph_service.store.tokens import mentions
from graph_service.store.updates import NAME_A_GRAPH, Operation, Told, check, is_silent_load, operations, using
from graph_service.terms import DEFAULT_GRAPH, PREFIXES, Binding, Iri, Quad, Term, Triple, ntriple

RESULT_FORMATS: Mapping[str, ox.QueryResultsFormat] = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
GRAPH_FORMATS: Mapping[str, ox.RdfFormat] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}
SUFFIXES: Mapping[str, ox.RdfFormat] = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
PART = 100_000  # quads that are written at once


class EmbeddedStore:
    """A folder opened with pyoxigraph: read-only for readers, writable for the one writer's staging copy."""

    def __init__(self, store: ox.Store, *, writable: bool = True) -> None:
        self._store, self._writable = store, writable

    @classmethod
    def open(cls, folder: Path) -> EmbeddedStore:
        """Open a checkpoint for reading; HomeError if it is damaged."""
        return cls(_opened(lambda: ox.Store.read_only(str(folder)), folder), writable=False)

    @classmethod
    def create(cls, folder: Path) -> EmbeddedStore:
        """Open a folder for writing, making it if need be."""
        return cls(_opened(lambda: ox.Store(str(folder)), folder))

    @classmethod
    def in_memory(cls, quads: Iterable[Quad] = ()) -> EmbeddedStore:
        """A store that lives as long as the object."""
        store = ox.Store()
        store.extend(quad_node(quad) for quad in quads)
        return cls(store)

    @classmethod
    def in_memory_from(cls, quads: IO[bytes]) -> EmbeddedStore:
        """A store in memory of what comes as N-Quads."""
        store = ox.Store()
        store.bulk_load(quads, format=ox.RdfFormat.N_QUADS, lenient=True)
        return cls(store)

    def keep_empty(self, graphs: Iterable[str]) -> None:
        """Have these named graphs, and no others without a triple."""
        kept = set(graphs)
        for graph in kept:
            self._store.add_graph(graph_node(graph))
        for graph in set(self.graphs()) - kept:
            if next(self._store.quads_for_pattern(None, None, None, graph_node(graph)), None) is None:
                self._store.remove_graph(named_node(graph))

    def dump(self, out: IO[bytes]) -> None:
        """Write all quads as N-Quads, in no order."""
        self._store.dump(out, ox.RdfFormat.N_QUADS)

    def close(self) -> None:
        """Let go of the folder at once, rather than when the last reference goes; no use after that."""
        del self._store

    def select(self, text: str, binding: Binding = NO_BINDING) -> Solutions:
        solutions = self._query(text, binding)
        assert isinstance(solutions, ox.QuerySolutions)
        names = tuple(variable.value for variable in solutions.variables)
        return Solutions(names, (_binding(names, solution) for solution in solutions))

    def construct(self, text: str, binding: Binding = NO_BINDING) -> Iterator[Triple]:
        triples = self._query(text, binding)
        assert isinstance(triples, ox.QueryTriples)
        return ((to_iri(t.subject), to_iri(t.predicate), term(t.object)) for t in triples)

    def write(self, text: str, accept: str, dataset: Dataset, base: str, out: IO[bytes]) -> None:
        if mentions(text, ("SERVICE",)):
            raise QueryRefused("SERVICE is refused: this service fetches nothing from elsewhere.")
        results = self._query(text, NO_BINDING, dataset, base)
        try:
            if isinstance(results, ox.QueryTriples):
                results.serialize(out, format=GRAPH_FORMATS[accept])
            else:
                results.serialize(out, format=RESULT_FORMATS[accept])
        except (OSError, RuntimeError) as error:
            del results  # the error travels to another thread, where the engine's object must not end
            raise QueryFailed(str(error)) from None

    def table(self, text: str, accept: str, base: str, *, union: bool) -> bytes | None:
        """The answer of a SELECT or ASK that names no graphs; None where the engine refuses it."""
        try:
            results = self._store.query(text, base_iri=base, use_default_graph_as_union=union)
            assert not isinstance(results, ox.QueryTriples)
            return results.serialize(format=RESULT_FORMATS[accept])
        except (SyntaxError, ValueError, OSError, RuntimeError):
            return None

    def statements(self, subject: Iri) -> Iterator[tuple[Iri, Term]]:
        quads = self._store.quads_for_pattern(named_node(subject), None, None, None)
        return ((to_iri(quad.predicate), term(quad.object)) for quad in quads)

    def described(self, subjects: Iterable[Iri]) -> Iterator[Triple]:
        return ((subject, *said) for subject in subjects for said in self.statements(subject))

    def objects(self, subject: Iri, predicate: Iri) -> Iterator[Term]:
        quads = self._store.quads_for_pattern(named_node(subject), named_node(predicate), None, None)
        return (term(quad.object) for quad in quads)

    def quads(self) -> Iterator[Quad]:
        return map(from_quad, self._store.quads_for_pattern(None, None, None, None))

    def match(self, subject: Iri | None, predicate: Iri | None, value: Term | None) -> Iterator[Quad]:
        """The quads of all graphs with these parts; None stands for any."""
        return map(from_quad, self._match(subject, predicate, value))

    def count(self, subject: Iri | None, predicate: Iri | None, value: Term | None, *, most: int) -> int:
        """How many they are; no more than `most` are counted."""
        return sum(1 for _ in islice(self._match(subject, predicate, value), most))

    def _match(self, *parts: Term | None) -> Iterator[ox.Quad]:
        s, p, o = (None if part is None else native(part) for part in parts)
        return self._store.quads_for_pattern(s, p, o, None)  # type: ignore[arg-type]  # by their types

    def __contains__(self, quad: Quad) -> bool:
        return quad_node(quad) in self._store

    def differences(self, base: EmbeddedStore, graph: Iri) -> Iterator[tuple[bool, Quad]]:
        """What a graph holds here and not in a base (True), and there and not here (False), in no order."""
        # read side by side in the engine's own order, which is the same in both: no more is held than differs
        here, there = (each._store.quads_for_pattern(None, None, None, graph_node(graph)) for each in (self, base))
        left, right = set[ox.Quad](), set[ox.Quad]()
        for ours, theirs in zip_longest(here, there):
            if ours == theirs:
                continue
            for quad, own, other in ((ours, left, right), (theirs, right, left)):
                if quad in other:
                    other.remove(quad)
                elif quad is not None:
                    own.add(quad)
        yield from ((True, from_quad(quad)) for quad in left)
        yield from ((False, from_quad(quad)) for quad in right)

    def dump_graph(self, graph: Iri, out: IO[bytes]) -> None:
        """Write the triples of a graph as N-Triples, in no order."""
        self._store.dump(out, ox.RdfFormat.N_TRIPLES, from_graph=graph_node(graph))

    def graph(self, graph: Iri) -> Iterator[Triple]:
        quads = self._store.quads_for_pattern(None, None, None, graph_node(graph))
        return ((to_iri(q.subject), to_iri(q.predicate), term(q.object)) for q in quads)

    def graphs(self) -> Sequence[Iri]:
        return sorted(to_iri(graph) for graph in self._store.named_graphs())

    def __len__(self) -> int:
        return len(self._store)

    def replace_graph(self, graph: Iri, triples: Iterable[Triple]) -> None:
        self.remove_graph(graph)
        self.add(graph, triples)

    def add(self, graph: Iri, triples: Iterable[Triple]) -> None:
        self._store.add_graph(graph_node(graph))
        self._store.extend(quad_node((*triple, graph)) for triple in triples)

    def bulk_load(self, lines: bytes, graph: Iri, file: str) -> None:
        try:
            self._store.bulk_load(lines, format=ox.RdfFormat.N_QUADS, to_graph=graph_node(graph))
        except SyntaxError as error:
            raise RdfSyntaxError(f"{error.msg}.", file=file, line=error.lineno, column=error.offset) from None

    def optimize(self) -> None:
        self._store.optimize()

    def remove_graph(self, graph: Iri) -> None:
        if graph == DEFAULT_GRAPH:
            self._store.clear_graph(ox.DefaultGraph())
        else:
            self._store.remove_graph(named_node(graph))

    def add_constructed(self, graph: Iri, text: str, binding: Binding = NO_BINDING) -> None:
        """Add what a CONSTRUCT over the union of all graphs gives to a named graph, as it is found."""
        triples = self._query(text, binding)
        assert isinstance(triples, ox.QueryTriples)
        name = named_node(graph)
        while part := [ox.Quad(t.subject, t.predicate, t.object, name) for t in islice(triples, PART)]:
            self._store.extend(part)

    def replace_quads(self, old: Iterable[Quad], new: Iterable[Quad]) -> None:
        for quad in old:
            self._store.remove(quad_node(quad))
        self._store.extend(map(quad_node, new))

    def update(
        self,
        text: str,
        dataset: Dataset = Dataset(),  # noqa: B008  # frozen
        base: str = "",
    ) -> Updated:
        for graph in (*dataset.default_graphs, *dataset.named_graphs):
            if not is_iri(graph):
                raise MalformedValue("using-graph-uri", given=graph, expected="write an absolute IRI")
        found = operations(text, relative=bool(base))
        for operation in found:
            check(operation, dataset)
        warnings: list[str] = []
        told = Told()
        exact = all(operation.is_data or is_silent_load(operation) for operation in found)
        for operation in found:
            if is_silent_load(operation):
                warnings.append("LOAD SILENT did nothing: this service fetches nothing from elsewhere.")
                continue
            if exact:
                self._take(operation, text, base, told)
            else:
                self._run(self._store, operation, dataset, text, base)
                told.touch(operation.touched())
            warnings += rewritings(operation.literals())
        if dataset.union and next(self.graph(DEFAULT_GRAPH), None) is not None:
            raise GraphRefused(NAME_A_GRAPH)
        return told.updated(dict.fromkeys(warnings))

    def _take(self, operation: Operation, text: str, base: str, told: Told) -> None:
        """Do INSERT DATA or DELETE DATA, noting the quads that were not there, or were."""
        named = ox.Store()
        if operation.words[0] == "DELETE":  # its own grammar has no blank nodes
            self._run(ox.Store(), operation, Dataset(), text, base)
        self._run(named, operation.as_insert(), Dataset(), text, base)
        for quad in named:
            if operation.words[0] == "INSERT" and quad not in self._store:
                self._store.add(quad)
                told.add(from_quad(quad))
            elif operation.words[0] == "DELETE" and quad in self._store:
                self._store.remove(quad)
                told.remove(from_quad(quad))

    def _run(self, store: ox.Store, operation: Operation, dataset: Dataset, text: str, base: str) -> None:
        if operation.is_pattern and not operation.says_dataset:
            named = bool(dataset.default_graphs or dataset.named_graphs)
            union = tuple(self.graphs()) if dataset.union and not named else ()
            clauses = using((*dataset.default_graphs, *union), (*dataset.named_graphs, *union))
            operation = operation.looking_at(clauses) if clauses else operation
        try:
            store.update(operation.whole, base_iri=base or None)
        except SyntaxError as error:
            found = syntax_error(str(error), text)
            if found.line is None or found.column is None:
                raise found from None
            line, column = operation.place(found.line, found.column)
            raise SparqlSyntaxError(without_place(str(error)), line=line, column=column, text=text) from None
        except (OSError, RuntimeError, ValueError) as error:
            if is_full(error):
                raise
            raise QueryFailed(str(error)) from None

    def checkpoint(self, folder: Path) -> None:
        if self._writable:
            self._store.flush()
        self._store.backup(str(folder))

    def _query(
        self,
        text: str,
        binding: Binding,
        dataset: Dataset = Dataset(),  # noqa: B008  # frozen
        base: str = "",
    ) -> ox.QuerySolutions | ox.QueryTriples | ox.QueryBoolean:
        chosen = bool(dataset.default_graphs or dataset.named_graphs)
        nameless = {name: value for name, value in binding.items() if _is_nameless(value)}
        try:
            return self._store.query(
                # the engine plans by values in the text; of those that it substitutes it learns too late
                bound(text, {name: value for name, value in binding.items() if name not in nameless}),
                base_iri=base or None,
                # the engine's union would pass over FROM without a word
                use_default_graph_as_union=dataset.union and not chosen and not mentions(text, ("FROM",)),
                default_graph=[named_node(graph) for graph in dataset.default_graphs] if chosen else None,
                named_graphs=[named_node(graph) for graph in dataset.named_graphs] if chosen else None,
                substitutions={ox.Variable(name): native(value) for name, value in nameless.items()},
            )
        except SyntaxError as error:
            raise syntax_error(str(error), text) from None
        except (OSError, RuntimeError, ValueError) as error:
            raise QueryFailed(str(error)) from None


def _is_nameless(value: Term) -> bool:
    """Whether a text of SPARQL cannot say it."""
    return isinstance(value, Iri) and value.startswith(("_:", "<<"))


def parse_rdf(data: bytes, file: str, suffix: str = "ttl", *, base: str | None = None) -> Iterator[Triple]:
    """Parse RDF as it was written, literals untouched; blank nodes come as Iris that start with `_:`.

    Args:
        base: what relative IRIs are relative to; they are refused without it.

    Raises:
        RdfSyntaxError: with file, line, column and what was expected.
    """
    try:
        for quad in ox.parse(data, format=SUFFIXES[suffix], base_iri=base, without_named_graphs=True):
            yield to_iri(quad.subject), to_iri(quad.predicate), term(quad.object)
    except SyntaxError as error:
        message = re.sub(r"^Parser error at .*?: ", "", error.msg or "")
        if message.startswith("Unexpected end"):
            message = "The file ends inside a statement: a closing quote, bracket or dot is expected"
        raise RdfSyntaxError(f"{message}.", file=file, line=error.lineno, column=error.offset) from None


def parse_quads(data: bytes, file: str, suffix: str = "nq") -> Iterator[Quad]:
    """Parse a dataset as it was written; blank nodes come as Iris that start with `_:`. Remote contexts are refused.

    Raises:
        RdfSyntaxError: with file, line and column.
    """
    try:
        for quad in ox.parse(data, format=SUFFIXES[suffix]):
            yield to_iri(quad.subject), to_iri(quad.predicate), term(quad.object), to_graph(quad.graph_name)
    except SyntaxError as error:
        raise RdfSyntaxError(f"{error.msg}.", file=file, line=error.lineno, column=error.offset) from None


def is_iri(text: str) -> bool:
    """Tell whether a text is an absolute IRI (RFC 3987)."""
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def serialize(triples: Iterable[Triple], suffix: str) -> bytes:
    """Write triples in a format (`ttl nt nq rdf jsonld`), sorted: the same bytes for the same triples."""
    ordered = sorted(set(triples), key=ntriple)
    if suffix in ("nt", "nq"):
        return "".join(map(ntriple, ordered)).encode()
    data = ox.serialize(map(triple_node, ordered), format=SUFFIXES[suffix], prefixes=dict(PREFIXES))
    assert data is not None
    return data.replace(b"\r", b"&#13;") if suffix == "rdf" else data  # XML readers would turn it into a line feed


def _binding(names: Sequence[str], solution: ox.QuerySolution) -> Binding:
    return {name: term(value) for name in names if (value := solution[name]) is not None}


def _opened(opener: Callable[[], ox.Store], folder: Path) -> ox.Store:
    try:
        return opener()
    except (OSError, ValueError, RuntimeError) as error:
        if is_full(error):
            raise
        raise HomeError(
            f"The store in {folder} cannot be opened ({error}). If it is damaged, remove its release folder "
            "or restore a backup."
        ) from None
