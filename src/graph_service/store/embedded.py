"""The embedded engine: pyoxigraph on disk. No other module imports it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from graph_service.errors import HomeError, QueryFailed, QueryRefused, RdfSyntaxError, SparqlSyntaxError
from graph_service.store.protocol import NO_BINDING, Dataset, Solutions
from graph_service.store.tokens import keywords
from graph_service.terms import PREFIXES, XSD_STRING, Binding, Iri, Literal, Quad, Term, Triple, nquad, ntriple

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

    def answer(self, text: str, accept: str, dataset: Dataset) -> tuple[str, Iterator[bytes]]:
        if "SERVICE" in keywords(text):
            raise QueryRefused("SERVICE is refused: this service fetches nothing from elsewhere.")
        results = self._query(text, NO_BINDING, dataset)
        try:
            if isinstance(results, ox.QueryTriples):
                return _written(results.serialize(format=GRAPH_FORMATS[accept]), accept)
            return _written(results.serialize(format=RESULT_FORMATS[accept]), accept)
        except (OSError, RuntimeError) as error:
            raise QueryFailed(str(error)) from None

    def statements(self, subject: Iri) -> Iterator[tuple[Iri, Term]]:
        quads = self._store.quads_for_pattern(_named(subject), None, None, None)
        return ((_iri(quad.predicate), term(quad.object)) for quad in quads)

    def objects(self, subject: Iri, predicate: Iri) -> Iterator[Term]:
        quads = self._store.quads_for_pattern(_named(subject), _named(predicate), None, None)
        return (term(quad.object) for quad in quads)

    def quads(self) -> Iterator[Quad]:
        return (
            (_iri(q.subject), _iri(q.predicate), term(q.object), _iri(q.graph_name))
            for q in self._store.quads_for_pattern(None, None, None, None)
        )

    def graph(self, graph: Iri) -> Iterator[Triple]:
        quads = self._store.quads_for_pattern(None, None, None, _named(graph))
        return ((_iri(q.subject), _iri(q.predicate), term(q.object)) for q in quads)

    def graphs(self) -> Sequence[Iri]:
        return sorted(_iri(graph) for graph in self._store.named_graphs())

    def dump(self, suffix: str) -> Iterator[bytes]:
        if suffix == "nq":
            return (line.encode() for line in sorted(map(nquad, self.quads())))
        if suffix == "nt":
            return (line.encode() for line in sorted({ntriple(quad[:3]) for quad in self.quads()}))
        if suffix == "trig":
            quads = sorted(self.quads(), key=lambda quad: (quad[3], nquad(quad)))
            data = ox.serialize(map(_quad, quads), format=ox.RdfFormat.TRIG, prefixes=dict(PREFIXES))
            assert data is not None
            return iter((data,))
        return iter((serialize({quad[:3] for quad in self.quads()}, suffix),))

    def __len__(self) -> int:
        return len(self._store)

    def replace_graph(self, graph: Iri, triples: Iterable[Triple]) -> None:
        self.remove_graph(graph)
        self.add(graph, triples)

    def add(self, graph: Iri, triples: Iterable[Triple]) -> None:
        self._store.add_graph(_named(graph))
        self._store.extend(_quad((*triple, graph)) for triple in triples)

    def remove_graph(self, graph: Iri) -> None:
        self._store.remove_graph(_named(graph))

    def checkpoint(self, folder: Path) -> None:
        if self._writable:
            self._store.flush()
        self._store.backup(str(folder))

    def _query(
        self,
        text: str,
        binding: Binding,
        dataset: Dataset = Dataset(),  # noqa: B008  # frozen
    ) -> ox.QuerySolutions | ox.QueryTriples | ox.QueryBoolean:
        try:
            return self._store.query(
                text,
                use_default_graph_as_union=dataset.union and not dataset.default_graphs,
                default_graph=[_named(graph) for graph in dataset.default_graphs] or None,
                named_graphs=[_named(graph) for graph in dataset.named_graphs] or None,
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


def parse_rdf(data: bytes, file: str, suffix: str = "ttl") -> Iterator[Triple]:
    """Parse RDF as it was written, literals untouched; blank nodes come as Iris that start with `_:`.

    Raises:
        RdfSyntaxError: with file, line, column and what was expected.
    """
    try:
        for quad in ox.parse(data, format=SUFFIXES[suffix]):
            yield _iri(quad.subject), _iri(quad.predicate), term(quad.object)
    except SyntaxError as error:
        message = re.sub(r"^Parser error at .*?: ", "", error.msg or "")
        if message.startswith("Unexpected end"):
            message = "The file ends inside a statement: a closing quote, bracket or dot is expected"
        raise RdfSyntaxError(f"{message}.", file=file, line=error.lineno, column=error.offset) from None


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
    if match is None:
        return SparqlSyntaxError(message, text=text)
    return SparqlSyntaxError(match[3], line=int(match[1]), column=int(match[2]), text=text)


def term(node: _Node) -> Term:
    """Turn an engine's term into ours; a quoted triple is written as text."""
    if isinstance(node, ox.Literal):
        return Literal(node.value, node.language, node.datatype.value)
    return _iri(node)


def native(value: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """Turn our term into the engine's."""
    if not isinstance(value, Literal):
        return ox.BlankNode(value[2:]) if value.startswith("_:") else ox.NamedNode(value)
    if value.language:
        return ox.Literal(value.value, language=value.language)
    if value.datatype == XSD_STRING:
        return ox.Literal(value.value)
    return ox.Literal(value.value, datatype=ox.NamedNode(value.datatype))


def _iri(node: _Node) -> Iri:
    return Iri(node.value if isinstance(node, ox.NamedNode) else str(node))


def _named(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)


def _quad(quad: Quad) -> ox.Quad:
    subject, predicate, value, graph = quad
    return ox.Quad(native(subject), _named(predicate), native(value), _named(graph))  # type: ignore[arg-type]


def _triple(triple: Triple) -> ox.Triple:
    return _quad((*triple, Iri("urn:x-graph"))).triple


def _binding(names: Sequence[str], solution: ox.QuerySolution) -> Binding:
    return {name: term(value) for name in names if (value := solution[name]) is not None}


def _written(data: bytes | None, accept: str) -> tuple[str, Iterator[bytes]]:
    assert data is not None
    return accept, iter((data,))


def _opened(opener: Callable[[], ox.Store], folder: Path) -> ox.Store:
    try:
        return opener()
    except (OSError, ValueError, RuntimeError) as error:
        raise HomeError(
            f"The store in {folder} cannot be opened ({error}). If it is damaged, remove its release folder "
            "or restore a backup."
        ) from None
