"""Staging: what a project's files say, what follows from it by rule, and whether it may be published.

Reads files and fills a store; publishes nothing.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph_service.catalogue import Catalogue, read_catalogue
from graph_service.deriving import derive
from graph_service.errors import DataRefused, DoesNotConform
from graph_service.gating import SHAPES, gate
from graph_service.store.embedded import EmbeddedStore, parse_rdf
from graph_service.terms import DERIVED_GRAPH, EXAMPLES_GRAPH, Iri, Quad, Triple, compact, graph_iri, ntriple
from graph_service.validation import ValidationReport, check_shapes


@dataclass(frozen=True, slots=True)
class Staging:
    """The write under way: a copy of the current store, and the project files that will go with it."""

    store: EmbeddedStore
    project: Path

    @property
    def vocabulary(self) -> frozenset[Iri]:
        """The graphs that say what words mean and what can be asked: those of the ontology and the query files."""
        files = (self.project / "ontology").glob("*.ttl")
        graphs = {graph_iri(path.stem) for path in files if path.name != Path(SHAPES).name}
        return frozenset(graphs | {Iri(EXAMPLES_GRAPH)})


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change tells of itself: what its author should know, and what can be otherwise than before.

    What it cannot tell is found by comparing, graph by graph.
    """

    warnings: tuple[str, ...] = ()
    parts: bool = False  # whether project files changed as well
    added: frozenset[Quad] = frozenset()  # exactly these, which were not there
    removed: frozenset[Quad] = frozenset()  # exactly these, which were
    touched: frozenset[Iri] | None = None  # and, beside these, anything in these graphs; None: in any graph


Change = Callable[[Staging], Changed]


def data_files(project: Path) -> tuple[Path, ...]:
    """The files of a project that become named graphs: all of `data/`, and the ontology without its shapes.

    Raises:
        DataRefused: two files have the same stem, and so the same graph, or one has that of a graph that is made.
    """
    files = sorted((project / "data").glob("**/*.ttl")) + sorted((project / "ontology").glob("*.ttl"))
    files = [path for path in files if path != project / SHAPES]
    if made := [path for path in files if graph_iri(path.stem) in (DERIVED_GRAPH, EXAMPLES_GRAPH)]:
        raise DataRefused(f"{made[0].relative_to(project)} would be a graph that each load makes anew: rename it.")
    twice = [stem for stem, count in Counter(path.stem for path in files).items() if count > 1]
    if twice:
        both = " and ".join(str(path.relative_to(project)) for path in files if path.stem == twice[0])
        raise DataRefused(f"{both} would be the same graph: rename one of them.")
    return tuple(files)


def read_data(path: Path, name: str) -> set[Triple]:
    """Read a data file as it was written.

    Raises:
        RdfSyntaxError: with file, line and column.
        DataRefused: it has blank nodes, or cannot be read.
    """
    try:
        triples = set(parse_rdf(path.read_bytes(), name, path.suffix.removeprefix(".")))
    except (FileNotFoundError, IsADirectoryError, PermissionError, KeyError) as error:
        problem = error.strerror if isinstance(error, OSError) else "its name must end in .ttl, .nt, .rdf or .jsonld"
        raise DataRefused(f"{name} cannot be loaded: {problem}.") from None
    for subject, predicate, value in triples:
        if any(part.startswith("_:") for part in (subject, value) if isinstance(part, Iri)):
            raise DataRefused(f"{name}: a blank node stands at {compact(predicate)}: give it an IRI.")
    return triples


def graph_triples(store: EmbeddedStore, graph: Iri) -> set[Triple]:
    """The triples of one named graph."""
    return set(store.graph(graph))


def refuse_rewritten(arrived: set[Triple], kept: set[Triple], name: str) -> None:
    """Refuse literals that the engine would silently write otherwise, such as "007"^^xsd:integer.

    Raises:
        DataRefused: shows the first one and how it would be kept.
    """
    if lost := sorted(arrived - kept, key=ntriple):
        subject, predicate, value = lost[0]
        close = [v for s, p, v in kept if (s, p) == (subject, predicate) and str(v) != str(value)]
        hint = f": write {close[0]}" if len(close) == 1 else ""
        raise DataRefused(f"{name}: {compact(subject)} {compact(predicate)}: {value} is not in canonical form{hint}.")


def check_project(project: Path) -> Catalogue:
    """Check what does not need the data: the shapes themselves, and every query file; return the latter.

    Raises:
        ShapesError, RdfSyntaxError, CatalogueError.
    """
    check_shapes((project / SHAPES).read_text(encoding="utf-8"), SHAPES)
    return read_catalogue(project / "queries")


def preview(project: Path, paths: Sequence[Path] = ()) -> EmbeddedStore:
    """What a release of the project and some files would hold, in memory, before the gate.

    A file whose stem is that of a data file of the project stands in its place; all others are added.

    Raises:
        RdfSyntaxError, DataRefused.
    """
    files = {graph_iri(path.stem): path for path in (*data_files(project), *paths)}
    store = EmbeddedStore.in_memory()
    for graph, path in files.items():
        name = path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)
        triples = read_data(path, name)
        store.replace_graph(graph, triples)
        refuse_rewritten(triples, graph_triples(store, graph), name)
    derive(store, project, datetime.datetime.now(datetime.UTC).date())
    return store


def validate_files(paths: Sequence[Path], project: Path) -> ValidationReport:
    """Validate a project together with some files, as a load would; nothing is published.

    Raises:
        RdfSyntaxError, DataRefused, ShapesError, CatalogueError.
    """
    check_project(project)
    try:
        return gate(preview(project, paths), project)
    except DoesNotConform as error:
        return error.report


def expand_paths(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Files as they are, folders as the Turtle files below them.

    Raises:
        DataRefused: a path does not exist, or a folder holds no Turtle file.
    """
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("**/*.ttl")) if path.is_dir() else [path]
        if not inside or not inside[0].exists():
            raise DataRefused(f"{path} {'holds no .ttl file' if path.is_dir() else 'does not exist'}.")
        found += inside
    return tuple(found)
