"""Writing: what a client may ask to be changed, as changes of the staging copy. Publishes nothing itself.

SPARQL Update, and the operations of the Graph Store Protocol.
"""

from __future__ import annotations

from collections.abc import Iterable

from graph_service.errors import GraphRefused, UnknownTerm, nearest
from graph_service.staging import Change, Changed, Staging, graph_triples
from graph_service.store.embedded import rewritings
from graph_service.store.protocol import Dataset
from graph_service.terms import DEFAULT_GRAPH, DERIVED_GRAPH, Iri, Literal, Triple


def update(text: str, dataset: Dataset, base: str = "") -> Change:
    """Run a SPARQL Update, all of its operations or none. Raises as `WritableStore.update`.

    Relative IRIs are read against `base`, and are syntax errors without one.
    """
    return lambda staging: Changed(tuple(staging.store.update(text, dataset, base)))


def put_graph(graph: Iri, triples: Iterable[Triple]) -> Change:
    """Make a graph hold these triples and no others (Graph Store Protocol, 5.3)."""
    _refuse_derived(graph)

    def change(staging: Staging) -> Changed:
        arrived = set(triples)
        if arrived != graph_triples(staging.store, graph) or not exists(staging, graph):
            staging.store.replace_graph(graph, arrived)
        return _rewritten(arrived)

    return change


def post_graph(graph: Iri, triples: Iterable[Triple]) -> Change:
    """Add triples to a graph, which need not exist (Graph Store Protocol, 5.5)."""
    _refuse_derived(graph)

    def change(staging: Staging) -> Changed:
        arrived = set(triples)
        staging.store.add(graph, arrived)
        return _rewritten(arrived)

    return change


def delete_graph(graph: Iri) -> Change:
    """Drop a graph (Graph Store Protocol, 5.4); UnknownTerm if there is none of that name."""
    _refuse_derived(graph)

    def change(staging: Staging) -> Changed:
        if not exists(staging, graph):
            raise unknown_graph(graph, staging.store.graphs())
        staging.store.remove_graph(graph)
        return Changed()

    return change


def exists(staging: Staging, graph: Iri) -> bool:
    """Whether a graph exists; the default graph always does."""
    return graph == DEFAULT_GRAPH or graph in staging.store.graphs()


def unknown_graph(graph: str, known: Iterable[Iri]) -> UnknownTerm:
    """The error for a graph that does not exist, with near names."""
    return UnknownTerm("graph", given=graph, near=nearest(graph, list(known)))


def _refuse_derived(graph: Iri) -> None:
    if graph == DERIVED_GRAPH:
        raise GraphRefused(f"The graph {DERIVED_GRAPH} is made by rules with each release and cannot be written.")


def _rewritten(triples: Iterable[Triple]) -> Changed:
    return Changed(tuple(sorted(rewritings(value for _, _, value in triples if isinstance(value, Literal)))))
