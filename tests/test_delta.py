"""A delta counts, digests and keeps the same, whether it is held as values or in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_service.delta import Delta, name_blank_nodes, quad_digest
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import GENID, Iri, Literal, Quad, graph_iri

ONE, OTHER = graph_iri("one"), graph_iri("other")


def quads(graph: Iri, count: int) -> list[Quad]:
    """Some quads of a graph, one of them with a text that lines would break at."""
    said = [
        (Iri(f"urn:{number}"), Iri("urn:p"), Literal(f'{number} \n \u2028 \\ "é"', "en")) for number in range(count)
    ]
    return [(*triple, graph) for triple in said]


@pytest.mark.parametrize("few", [0, 3, 100])
def test_it_tells_the_same_however_much_is_held_in_memory(tmp_path: Path, few: int):
    """Quads, counts of each graph, digest of what it makes."""
    base = EmbeddedStore.in_memory(quads(ONE, 4))
    store = EmbeddedStore.in_memory([*quads(ONE, 6)[1:], *quads(OTHER, 5)])
    delta = Delta(tmp_path, few)
    for graph in (ONE, OTHER):
        delta.put_differences(store, base, graph)

    assert delta.is_small == (few == 100)
    assert {quad for added, quad in delta.quads() if added} == set(store.quads()) - set(base.quads())
    assert {quad for added, quad in delta.quads() if not added} == set(base.quads()) - set(store.quads())
    assert (delta.added, delta.removed) == ({ONE: 2, OTHER: 5}, {ONE: 1})
    assert (len(delta), len(list(delta.lines())), delta.graphs) == (8, 8, {ONE, OTHER})
    assert delta.digest(quad_digest(base.quads())) == quad_digest(store.quads())
    delta.close()


@pytest.mark.parametrize("few", [0, 100])
def test_a_blank_node_gets_one_name_in_all_its_statements(tmp_path: Path, few: int):
    """In the store too."""
    blank = [(Iri("_:x"), Iri("urn:p"), Iri("_:x"), ONE), (Iri("urn:a"), Iri("urn:p"), Iri("_:x"), OTHER)]
    store, delta = EmbeddedStore.in_memory([*blank, *quads(ONE, 2)]), Delta(tmp_path, few)
    for graph in (ONE, OTHER):
        delta.put_differences(store, EmbeddedStore.in_memory(), graph)

    warnings = name_blank_nodes(store, delta)

    named = {quad for _, quad in delta.quads()}
    (name,) = {quad[2] for quad in named if isinstance(quad[2], Iri)}
    delta.close()
    assert str(name).startswith(GENID)
    assert warnings == (f"1 blank node was given an IRI below {GENID}",)
    assert named == set(store.quads())
