"""What the rest of the house may ask of an RDF store, whichever engine stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from graph_service.terms import Binding, Iri, Quad, Term, Triple

NO_BINDING: Binding = {}


@dataclass(frozen=True, slots=True)
class Dataset:
    """The dataset of a query or update (SPARQL 1.1 Protocol, 2.1.4 and 2.2.3).

    Graphs named here are the whole dataset, before those that the query names by FROM. Where neither names any,
    the default graph is the union of all graphs, or the plain one if `union` is off.
    """

    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    union: bool = True


@dataclass(frozen=True, slots=True)
class Solutions:
    """The answer of a SELECT: its variables in order, and one binding per row."""

    variables: tuple[str, ...]
    rows: Iterator[Binding]


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did: what its author should know, and which quads it can have added and removed."""

    warnings: tuple[str, ...] = ()
    added: frozenset[Quad] = frozenset()  # exactly these
    removed: frozenset[Quad] = frozenset()
    touched: frozenset[Iri] | None = frozenset()  # and, beside these, anything in these graphs; None: in any graph


class GraphStore(Protocol):
    """Reading. Texts of queries are trusted unless said otherwise; values are bound as terms, never pasted."""

    def select(self, text: str, binding: Binding = NO_BINDING) -> Solutions:
        """Run a SELECT over the union of all graphs.

        Raises:
            SparqlSyntaxError, QueryFailed.
        """

    def construct(self, text: str, binding: Binding = NO_BINDING) -> Iterator[Triple]:
        """Run a CONSTRUCT over the union of all graphs; triples may repeat."""

    def write(self, text: str, accept: str, dataset: Dataset, base: str, out: IO[bytes]) -> None:
        """Run an untrusted query and write its answer in the format of a media type, as it is found.

        Relative IRIs are read against `base`, and are syntax errors where it is empty. Nothing is ever fetched from
        elsewhere.

        Raises:
            SparqlSyntaxError, QueryRefused, QueryFailed.
        """

    def statements(self, subject: Iri) -> Iterator[tuple[Iri, Term]]:
        """What is said of a subject, over all graphs."""

    def described(self, subjects: Iterable[Iri]) -> Iterator[Triple]:
        """What is said of several subjects, over all graphs, in no order."""

    def objects(self, subject: Iri, predicate: Iri) -> Iterator[Term]:
        """The values of one property of a subject, over all graphs."""

    def quads(self) -> Iterator[Quad]:
        """All quads, in no order."""

    def graph(self, graph: Iri) -> Iterator[Triple]:
        """The triples of one named graph, in no order."""

    def graphs(self) -> Sequence[Iri]:
        """The names of the graphs, sorted."""

    def __len__(self) -> int:
        """How many quads."""


class WritableStore(GraphStore, Protocol):
    """Writing, always on a staging copy."""

    def replace_graph(self, graph: Iri, triples: Iterable[Triple]) -> None:
        """Make a named graph hold exactly these triples."""

    def add(self, graph: Iri, triples: Iterable[Triple]) -> None:
        """Add triples to a named graph."""

    def bulk_load(self, lines: bytes, graph: Iri, file: str) -> None:
        """Add many lines of N-Quads at once; those that name no graph to the one given.

        Several threads may do so at a time.

        Raises:
            RdfSyntaxError: names the file; lines are counted from the first of these.
        """

    def optimize(self) -> None:
        """Rewrite what is kept for faster reading, in time in proportion to all of it."""

    def remove_graph(self, graph: Iri) -> None:
        """Drop a named graph."""

    def replace_quads(self, old: Iterable[Quad], new: Iterable[Quad]) -> None:
        """Take some quads out and put others in."""

    def update(
        self,
        text: str,
        dataset: Dataset = Dataset(),
        base: str = "",
    ) -> Updated:
        """Run an untrusted update, and tell of literals that are kept otherwise than written.

        Patterns without USING or WITH see the dataset given. Nothing is ever fetched from elsewhere. What an
        operation before the failing one has done stays done: the staging copy is thrown away.

        Raises:
            SparqlSyntaxError, QueryRefused, QueryFailed, DatasetConflict, GraphRefused, MalformedValue.
        """

    def checkpoint(self, folder: Path) -> None:
        """Write an immutable copy to a new folder, sharing files where the file system can."""
