"""Loading: the files of a project into the staging store, beside what was written since they were last loaded.

A release keeps the files that it was made from, so that a load brings what changed in the files and no more: a
three-way merge, graph by graph, of the files then, the files now and the graph as it stands. Publishes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from graph_service.catalogue import open_catalogue, save_catalogue
from graph_service.examples import examples
from graph_service.release import CATALOGUE
from graph_service.staging import (
    Changed,
    Staging,
    check_project,
    data_files,
    graph_triples,
    read_data,
    refuse_rewritten,
)
from graph_service.store.embedded import EmbeddedStore, parse_rdf
from graph_service.terms import DERIVED_GRAPH, EXAMPLES_GRAPH, Iri, Triple, graph_iri

PARTS = ("ontology", "queries")  # what is read of a project beside its data
KEPT = (*PARTS, "data")  # what a release keeps of it

Progress = Callable[[str], None]


def load_project(staging: Staging, project: Path, *, same_parts: bool, progress: Progress) -> Changed:
    """Bring what changed in a project's files since they were last loaded.

    Args:
        same_parts: whether ontology, rules and queries are those that the staged release has.

    Raises:
        RdfSyntaxError, DataRefused, ShapesError, CatalogueError.
    """
    before = _files(staging.project) if (staging.project / "data").is_dir() else None
    loaded = {graph: path.read_bytes() for graph, path in before.items()} if before is not None else None
    files = _files(project)
    if not same_parts:
        progress("queries and shapes")
        catalogue = check_project(project)
        copy_parts(project, staging.project)
        save_catalogue(catalogue, staging.project / CATALOGUE)
    if loaded is None:  # the first load, or a release of a version that did not keep the files
        touched = replace_graphs(staging.store, files, project, progress)
        for graph in set(staging.store.graphs()) - set(files) - {DERIVED_GRAPH}:
            staging.store.remove_graph(graph)
            touched |= {graph}
    else:
        touched = _merge_graphs(staging.store, loaded, files, project, progress)
    _keep_data(project, staging.project)
    if shown := examples(open_catalogue(staging.project / CATALOGUE)):
        staging.store.replace_graph(Iri(EXAMPLES_GRAPH), shown)
        touched |= {Iri(EXAMPLES_GRAPH)}
    return Changed(parts=not same_parts, touched=touched)


def replace_graphs(
    store: EmbeddedStore, files: Mapping[Iri, Path], project: Path, progress: Progress
) -> frozenset[Iri]:
    """Make each graph hold what its file says, and nothing else; the graphs. Raises as `load_project`."""
    for graph, path in files.items():
        progress(path.name)
        name = path.relative_to(project).as_posix()
        triples = read_data(path, name)
        if triples != graph_triples(store, graph):
            store.replace_graph(graph, triples)
            refuse_rewritten(triples, graph_triples(store, graph), name)
    return frozenset(files)


def merged(before: set[Triple], now: set[Triple], standing: set[Triple]) -> set[Triple]:
    """What a graph holds once the change of its file is made to it as it stands.

    >>> a, b, c, d = ((Iri(f"urn:{name}"), Iri("urn:p"), Iri("urn:o")) for name in "abcd")
    >>> sorted(str(each[0]) for each in merged({a, b}, {a, c}, {a, b, d}))
    ['urn:a', 'urn:c', 'urn:d']
    """
    return (standing - (before - now)) | (now - before)


def _merge_graphs(
    store: EmbeddedStore,
    before: Mapping[Iri, bytes],
    files: Mapping[Iri, Path],
    project: Path,
    progress: Progress,
) -> frozenset[Iri]:
    """Bring what changed in each file; the graphs of those that did."""
    changed = {graph: path for graph, path in files.items() if path.read_bytes() != before.get(graph)}
    for graph, path in changed.items():
        progress(path.name)
        name = path.relative_to(project).as_posix()
        now, then = read_data(path, name), set(parse_rdf(before.get(graph, b""), name))
        store.replace_graph(graph, merged(then, now, graph_triples(store, graph)))
        refuse_rewritten(now - then, graph_triples(store, graph), name)
    for graph in before.keys() - files.keys():
        left = graph_triples(store, graph) - set(parse_rdf(before[graph], graph))
        if left:
            store.replace_graph(graph, left)
        else:
            store.remove_graph(graph)
    return frozenset(changed) | (before.keys() - files.keys())


def copy_parts(source: Path, target: Path) -> None:
    """Put the ontology and the queries of a project in the place of those that are there."""
    for part in PARTS:
        shutil.rmtree(target / part, ignore_errors=True)
        shutil.copytree(source / part, target / part)


def _keep_data(source: Path, target: Path) -> None:
    shutil.rmtree(target / "data", ignore_errors=True)
    (target / "data").mkdir()
    if (source / "data").is_dir():
        shutil.copytree(source / "data", target / "data", dirs_exist_ok=True)


def _files(project: Path) -> dict[Iri, Path]:
    return {graph_iri(path.stem): path for path in data_files(project)}
