"""Writing: what a client may ask to be changed, as changes of the staging copy. Publishes nothing itself.

SPARQL Update, and the operations of the Graph Store Protocol. Each can be pickled, so that it can be made elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from graph_service.errors import GraphRefused, UnknownTerm, nearest
from graph_service.staging import Change, Changed, Staging
from graph_service.store.native import as_kept, rewritings
from graph_service.store.protocol import Dataset
from graph_service.terms import DEFAULT_GRAPH, DERIVED_GRAPH, Iri, Literal, Quad, Triple

NO_GRAPHS: frozenset[Iri] = frozenset()


def update(text: str, dataset: Dataset, base: str = "") -> Change:
    """Run a SPARQL Update, all of its operations or none. Raises as `WritableStore.update`.

    Relative IRIs are read against `base`, and are syntax errors without one.
    """
    return partial(_update, text, dataset, base)


def put_graph(graph: Iri, triples: Iterable[Triple]) -> Change:
    """Make a graph hold these triples and no others (Graph Store Protocol, 5.3)."""
    _refuse_derived(graph)
    return partial(_put_graph, graph, frozenset(triples))


def post_graph(graph: Iri, triples: Iterable[Triple]) -> Change:
    """Add triples to a graph, which need not exist (Graph Store Protocol, 5.5)."""
    _refuse_derived(graph)
    return partial(_post_graph, graph, frozenset(triples))


def delete_graph(graph: Iri) -> Change:
    """Drop a graph (Graph Store Protocol, 5.4); UnknownTerm if there is none of that name."""
    _refuse_derived(graph)
    return partial(_delete_graph, graph)


def _update(text: str, dataset: Dataset, base: str, staging: Staging) -> Changed:
    done = staging.store.update(text, dataset, base)
    return Changed(done.warnings, added=done.added, removed=done.removed, touched=done.touched)


def _put_graph(graph: Iri, arrived: frozenset[Triple], staging: Staging) -> Changed:
    wanted = as_kept(arrived)
    there = {triple: triple in wanted for triple in staging.store.graph(graph)}
    removed = _quads((triple for triple, stays in there.items() if not stays), graph)
    added = _quads(wanted - there.keys(), graph)
    staging.store.replace_quads(removed, ())
    staging.store.add(graph, (quad[:3] for quad in added))
    return Changed(_rewritten(arrived), added=added, removed=removed, touched=NO_GRAPHS)


def _post_graph(graph: Iri, arrived: frozenset[Triple], staging: Staging) -> Changed:
    added = frozenset(quad for quad in _quads(as_kept(arrived), graph) if quad not in staging.store)
    staging.store.add(graph, (quad[:3] for quad in added))
    return Changed(_rewritten(arrived), added=added, touched=NO_GRAPHS)


def _delete_graph(graph: Iri, staging: Staging) -> Changed:
    if graph != DEFAULT_GRAPH and graph not in staging.store.graphs():
        raise unknown_graph(graph, staging.store.graphs())
    staging.store.remove_graph(graph)
    return Changed(touched=frozenset((graph,)))


def unknown_graph(graph: str, known: Iterable[Iri]) -> UnknownTerm:
    """The error for a graph that does not exist, with near names."""
    return UnknownTerm("graph", given=graph, near=nearest(graph, list(known)))


def _refuse_derived(graph: Iri) -> None:
    if graph == DERIVED_GRAPH:
        raise GraphRefused(f"The graph {DERIVED_GRAPH} is made by rules with each release and cannot be written.")


def _rewritten(triples: Iterable[Triple]) -> tuple[str, ...]:
    return tuple(sorted(rewritings(value for _, _, value in triples if isinstance(value, Literal))))


def _quads(triples: Iterable[Triple], graph: Iri) -> frozenset[Quad]:
    return frozenset((*triple, graph) for triple in triples)
