"""The embedded engine: pyoxigraph on disk. No other module imports it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeAlias

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
from graph_service.store.protocol import NO_BINDING, Dataset, Solutions
from graph_service.store.tokens import keywords, mentions, undeclared_prefixes
from graph_service.store.updates import NAME_A_GRAPH, Operation, check, is_silent_load, operations, using
from graph_service.terms import (
    DEFAULT_GRAPH,
    PREFIXES,
    XSD_STRING,
    Binding,
    Iri,
    Literal,
    Quad,
    Term,
    Triple,
    n3,
    ntriple,
)

_Node: TypeAlias = "ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | ox.DefaultGraph"

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
_PLACE = re.compile(r"(?:error )?at (\d+):(\d+): (.*)", re.DOTALL)


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
        store.extend(_quad(quad) for quad in quads)
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
            self._store.add_graph(_graph(graph))
        for graph in set(self.graphs()) - kept:
            if next(self._store.quads_for_pattern(None, None, None, _graph(graph)), None) is None:
                self._store.remove_graph(_named(graph))

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
        return ((_iri(t.subject), _iri(t.predicate), term(t.object)) for t in triples)

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

    def statements(self, subject: Iri) -> Iterator[tuple[Iri, Term]]:
        quads = self._store.quads_for_pattern(_named(subject), None, None, None)
        return ((_iri(quad.predicate), term(quad.object)) for quad in quads)

    def objects(self, subject: Iri, predicate: Iri) -> Iterator[Term]:
        quads = self._store.quads_for_pattern(_named(subject), _named(predicate), None, None)
        return (term(quad.object) for quad in quads)

    def quads(self) -> Iterator[Quad]:
        return (
            (_iri(q.subject), _iri(q.predicate), term(q.object), _graph_iri(q.graph_name))
            for q in self._store.quads_for_pattern(None, None, None, None)
        )

    def graph(self, graph: Iri) -> Iterator[Triple]:
        quads = self._store.quads_for_pattern(None, None, None, _graph(graph))
        return ((_iri(q.subject), _iri(q.predicate), term(q.object)) for q in quads)

    def graphs(self) -> Sequence[Iri]:
        return sorted(_iri(graph) for graph in self._store.named_graphs())

    def __len__(self) -> int:
        return len(self._store)

    def replace_graph(self, graph: Iri, triples: Iterable[Triple]) -> None:
        self.remove_graph(graph)
        self.add(graph, triples)

    def add(self, graph: Iri, triples: Iterable[Triple]) -> None:
        self._store.add_graph(_graph(graph))
        self._store.extend(_quad((*triple, graph)) for triple in triples)

    def remove_graph(self, graph: Iri) -> None:
        if graph == DEFAULT_GRAPH:
            self._store.clear_graph(ox.DefaultGraph())
        else:
            self._store.remove_graph(_named(graph))

    def replace_quads(self, old: Iterable[Quad], new: Iterable[Quad]) -> None:
        for quad in old:
            self._store.remove(_quad(quad))
        self._store.extend(map(_quad, new))

    def update(
        self,
        text: str,
        dataset: Dataset = Dataset(),  # noqa: B008  # frozen
        base: str = "",
    ) -> tuple[str, ...]:
        for graph in (*dataset.default_graphs, *dataset.named_graphs):
            if not is_iri(graph):
                raise MalformedValue("using-graph-uri", given=graph, expected="write an absolute IRI")
        found = operations(text, relative=bool(base))
        for operation in found:
            check(operation, dataset)
        warnings: list[str] = []
        for operation in found:
            if is_silent_load(operation):
                warnings.append("LOAD SILENT did nothing: this service fetches nothing from elsewhere.")
                continue
            self._run(operation, dataset, text, base)
            warnings += rewritings(operation.literals())
        if dataset.union and next(self.graph(DEFAULT_GRAPH), None) is not None:
            raise GraphRefused(NAME_A_GRAPH)
        return tuple(dict.fromkeys(warnings))

    def _run(self, operation: Operation, dataset: Dataset, text: str, base: str) -> None:
        if operation.is_pattern and not operation.says_dataset:
            named = bool(dataset.default_graphs or dataset.named_graphs)
            union = tuple(self.graphs()) if dataset.union and not named else ()
            clauses = using((*dataset.default_graphs, *union), (*dataset.named_graphs, *union))
            operation = operation.looking_at(clauses) if clauses else operation
        try:
            self._store.update(operation.whole, base_iri=base or None)
        except SyntaxError as error:
            found = syntax_error(str(error), text)
            if found.line is None or found.column is None:
                raise found from None
            line, column = operation.place(found.line, found.column)
            raise SparqlSyntaxError(_PLACE.sub(r"\3", str(error)), line=line, column=column, text=text) from None
        except (OSError, RuntimeError, ValueError) as error:
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
        try:
            return self._store.query(
                text,
                base_iri=base or None,
                # the engine's union would pass over FROM without a word
                use_default_graph_as_union=dataset.union and not chosen and not mentions(text, ("FROM",)),
                default_graph=[_named(graph) for graph in dataset.default_graphs] if chosen else None,
                named_graphs=[_named(graph) for graph in dataset.named_graphs] if chosen else None,
                substitutions={ox.Variable(name): native(value) for name, value in binding.items()},
            )
        except SyntaxError as error:
            raise syntax_error(str(error), text) from None
        except (OSError, RuntimeError, ValueError) as error:
            raise QueryFailed(str(error)) from None


def query_form(text: str) -> str:
    """Tell whether a text is a SELECT, ASK, CONSTRUCT or DESCRIBE; SparqlSyntaxError if it is none."""
    for word in keywords(text):
        if word in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"):
            return word
    raise SparqlSyntaxError("expected SELECT, ASK, CONSTRUCT or DESCRIBE", text=text)


def rewritings(literals: Iterable[Literal]) -> Iterator[str]:
    """Say of each literal that the engine would keep otherwise how it is kept, such as "007"^^xsd:integer as 7."""
    store, node = ox.Store(), ox.NamedNode("urn:x")
    for literal in dict.fromkeys(literals):
        try:
            store.add(ox.Quad(node, node, native(literal)))
        except ValueError:  # the datatype is no IRI: the engine has refused the update, or never sees it
            continue
        kept = term(next(iter(store)).object)
        store.clear()
        if kept != literal:
            yield f"The literal {n3(literal)} is kept as {n3(kept)}."


def parse_rdf(data: bytes, file: str, suffix: str = "ttl", *, base: str | None = None) -> Iterator[Triple]:
    """Parse RDF as it was written, literals untouched; blank nodes come as Iris that start with `_:`.

    Args:
        base: what relative IRIs are relative to; they are refused without it.

    Raises:
        RdfSyntaxError: with file, line, column and what was expected.
    """
    try:
        for quad in ox.parse(data, format=SUFFIXES[suffix], base_iri=base, without_named_graphs=True):
            yield _iri(quad.subject), _iri(quad.predicate), term(quad.object)
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
            yield _iri(quad.subject), _iri(quad.predicate), term(quad.object), _graph_iri(quad.graph_name)
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
    data = ox.serialize(map(_triple, ordered), format=SUFFIXES[suffix], prefixes=dict(PREFIXES))
    assert data is not None
    return data.replace(b"\r", b"&#13;") if suffix == "rdf" else data  # XML readers would turn it into a line feed


def syntax_error(message: str, text: str) -> SparqlSyntaxError:
    """Turn the engine's message into an error with line and column."""
    match = _PLACE.fullmatch(message)
    words = message if match is None else match[3]
    declarations: list[str] = []
    if "Prefix not found" in words and (undeclared := undeclared_prefixes(text)):
        words = f"{' and '.join(f'{prefix}:' for prefix in undeclared)} not declared as a prefix."
        declarations = [f"PREFIX {prefix}: <{PREFIXES[prefix]}>" for prefix in undeclared if prefix in PREFIXES]
    line, column = (None, None) if match is None else (int(match[1]), int(match[2]))
    return SparqlSyntaxError(words, line=line, column=column, text=text, declarations=declarations)


def term(node: _Node) -> Term:
    """Turn an engine's term into ours: a triple term is written as text, a base direction in the language tag."""
    if isinstance(node, ox.Literal):
        direction = f"--{node.direction.value}" if node.direction else ""
        return Literal(node.value, node.language and node.language + direction, node.datatype.value)
    return _iri(node)


def native(value: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple:
    """Turn our term into the engine's."""
    if not isinstance(value, Literal):
        if value.startswith("<<"):
            quoted: ox.Triple = next(ox.parse(f"<urn:x> <urn:x> {value} .", format=ox.RdfFormat.N_TRIPLES)).object
            return quoted
        return ox.BlankNode(value[2:]) if value.startswith("_:") else ox.NamedNode(value)
    if value.language:
        language, _, direction = value.language.partition("--")
        return ox.Literal(value.value, language=language, direction=ox.BaseDirection(direction) if direction else None)
    if value.datatype == XSD_STRING:
        return ox.Literal(value.value)
    return ox.Literal(value.value, datatype=ox.NamedNode(value.datatype))


def _iri(node: _Node) -> Iri:
    if isinstance(node, ox.Triple):
        return Iri(f"<<( {node} )>>")
    return Iri(node.value if isinstance(node, ox.NamedNode) else str(node))


def _graph_iri(graph: ox.NamedNode | ox.BlankNode | ox.DefaultGraph) -> Iri:
    return DEFAULT_GRAPH if isinstance(graph, ox.DefaultGraph) else _iri(graph)


def _graph(graph: str) -> ox.NamedNode | ox.DefaultGraph:
    return ox.DefaultGraph() if graph == DEFAULT_GRAPH else _named(graph)


def _named(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)


def _quad(quad: Quad) -> ox.Quad:
    subject, predicate, value, graph = quad
    return ox.Quad(native(subject), _named(predicate), native(value), _graph(graph))  # type: ignore[arg-type]


def _triple(triple: Triple) -> ox.Triple:
    return _quad((*triple, Iri("urn:x-graph"))).triple


def _binding(names: Sequence[str], solution: ox.QuerySolution) -> Binding:
    return {name: term(value) for name in names if (value := solution[name]) is not None}


def _opened(opener: Callable[[], ox.Store], folder: Path) -> ox.Store:
    try:
        return opener()
    except (OSError, ValueError, RuntimeError) as error:
        raise HomeError(
            f"The store in {folder} cannot be opened ({error}). If it is damaged, remove its release folder "
            "or restore a backup."
        ) from None
