"""Writes work where they reach: what follows by rule, and what the shapes find, is as if all was made anew."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_service.deriving import derive, derive_where_reached
from graph_service.gating import shapes_text
from graph_service.looking import Unanalysable, analysed, look_in
from graph_service.patterns import TooMany
from graph_service.reach import SUBCLASS, Reach, reach_of
from graph_service.staging import preview
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import DERIVED_GRAPH, ELP, PREFIXES, RDF_TYPE, SH, Iri, Literal, Quad, Triple, graph_iri
from graph_service.validation import validate

CHANGES = 12  # random ones
DAY = datetime.date(2026, 1, 1)
GRAPH = Iri(DERIVED_GRAPH)
NOTES = graph_iri("notes")
MANDATE = Iri(f"{ELP}Mandate")


@pytest.fixture(scope="module")
def before(second_project: Path) -> EmbeddedStore:
    """What a release of a small programme holds."""
    store = preview(second_project)
    derive(store, second_project, DAY)
    return store


def stated(store: EmbeddedStore) -> list[Quad]:
    """What is not derived, but for the hierarchy of classes; in an order that is always the same."""
    return sorted((quad for quad in store.quads() if quad[3] != GRAPH and quad[1] != SUBCLASS), key=repr)


def random_change(store: EmbeddedStore, seed: int) -> tuple[set[Quad], set[Quad]]:
    """What a random change adds and removes: statements, records, values, dates, classes, links to and from anywhere.

    Every other one begins at mandates, on whose dates the longest rules hang.
    """
    chance, quads = random.Random(seed), stated(store)
    mandates = {quad[0] for quad in quads if quad[1:3] == (RDF_TYPE, MANDATE)}
    ones = [quad for quad in quads if quad[0] in mandates] if seed % 2 else quads
    removed: set[Quad] = set()
    added: set[Quad] = set()
    for _ in range(chance.choice([1, 1, 2, 4, 9])):
        one, other = chance.choice(ones), chance.choice(quads)
        alike = [quad for quad in chance.sample(quads, 300) if quad[1] == one[1]]
        match chance.randrange(8):
            case 0:
                removed.add(one)
            case 1:
                removed |= {quad for quad in quads if quad[0] == one[0]}
            case 2:
                removed.add(one)
                added |= {(one[0], one[1], quad[2], one[3]) for quad in alike[:1]}
            case 3:
                added.add((other[0], one[1], one[2], NOTES))
            case 4:
                types = [quad for quad in quads if quad[1] == RDF_TYPE]
                added.add((other[0], Iri(RDF_TYPE), chance.choice(types)[2], NOTES))
            case 5:
                new = Iri(f"{one[0]}-new")
                added |= {(new, *quad[1:3], NOTES) for quad in quads if quad[0] == one[0]}
            case _:
                year = Literal(str(chance.randrange(2015, 2020)), datatype=f"{PREFIXES['xsd']}gYear")
                added.add((one[0], Iri(ELP + chance.choice(["since", "until"])), year, NOTES))
    there = {quad[:3] for quad in quads} - {quad[:3] for quad in removed}
    once = {quad[:3]: quad for quad in added if quad[:3] not in there}
    return set(once.values()) - removed, removed - set(once.values())


def changed(store: EmbeddedStore, seed: int) -> tuple[EmbeddedStore, list[tuple[bool, Quad]]]:
    """The store after a random change, its derived graph still as before; and the change."""
    added, removed = random_change(store, seed)
    after = EmbeddedStore.in_memory(store.quads())
    after.replace_quads(removed, added)
    return after, [*((True, quad) for quad in added), *((False, quad) for quad in removed)]


@pytest.mark.parametrize("seed", range(CHANGES))
def test_what_follows_is_as_if_derived_anew(before: EmbeddedStore, second_project: Path, seed: int):
    """And what is told to have been added and removed is the difference."""
    after, change = changed(before, seed)
    whole = EmbeddedStore.in_memory(after.quads())
    derive(whole, second_project, DAY)

    told = derive_where_reached(after, before, second_project, change, (DAY, DAY))

    assert set(after.graph(GRAPH)) == set(whole.graph(GRAPH))
    assert {quad[:3] for added, quad in told if added} == set(whole.graph(GRAPH)) - set(before.graph(GRAPH))
    assert {quad[:3] for added, quad in told if not added} == set(before.graph(GRAPH)) - set(whole.graph(GRAPH))


@pytest.mark.parametrize("seed", range(CHANGES))
def test_what_the_shapes_find_is_as_if_all_was_validated(before: EmbeddedStore, second_project: Path, seed: int):
    """Finding by finding: those of before, without what was reached, and what is found there now."""
    after, change = changed(before, seed)
    change += derive_where_reached(after, before, second_project, change, (DAY, DAY))
    shapes = shapes_text(second_project)
    looks, reach = (look_in(before), look_in(after)), reach_of(shapes)

    reached = reach.reached([(added, quad[:3]) for added, quad in change], *looks)
    was, now = (
        set(reach.of_reached(validate(reach.neighbourhood(reached, each), shapes).findings, reached)) for each in looks
    )

    whole_before, whole_after = (set(validate(triples(store), shapes).findings) for store in (before, after))
    assert was <= whole_before
    assert (whole_before - was) | now == whole_after


def triples(store: EmbeddedStore) -> Iterator[Triple]:
    """All of them."""
    return (quad[:3] for quad in store.quads())


def test_another_day_makes_rules_anew_that_ask_for_it(before: EmbeddedStore, second_project: Path):
    """What a mandate's dates say may be otherwise on each day."""
    with pytest.raises(Unanalysable, match="day"):
        derive_where_reached(before, before, second_project, [], (DAY, DAY + datetime.timedelta(days=1)))


def test_a_change_of_the_hierarchy_of_classes_reaches_everything(before: EmbeddedStore, second_project: Path):
    """Any shape of a class may have other focus nodes, or values of that class."""
    below = (Iri("urn:a"), SUBCLASS, Iri("urn:b"))
    look = look_in(before)

    with pytest.raises(Unanalysable, match="hierarchy"):
        reach_of(shapes_text(second_project)).reached([(True, below)], look, look)


def test_what_reaches_too_much_is_told(before: EmbeddedStore, second_project: Path, monkeypatch: pytest.MonkeyPatch):
    """The whole is then quicker."""
    monkeypatch.setattr("graph_service.reach.MOST", 1)
    look = look_in(before)
    kinds = [(True, triple) for triple in look(None, Iri(RDF_TYPE), None)]

    with pytest.raises(TooMany):
        reach_of(shapes_text(second_project)).reached(kinds, look, look)


@pytest.mark.parametrize(
    "query",
    [
        "CONSTRUCT { ?s <urn:p> ?o } WHERE { GRAPH ?g { ?s <urn:q> ?o } }",
        "CONSTRUCT { ?s <urn:p> ?o } WHERE { ?s <urn:q>+ ?o }",
        "CONSTRUCT { ?s <urn:p> ?o } WHERE { { SELECT ?s ?o { ?s <urn:q> ?o } LIMIT 3 } }",
        "CONSTRUCT { ?s <urn:p> ?o . ?s <urn:r> 1 } WHERE { ?s <urn:q> ?o }",
        "CONSTRUCT { ?s <urn:p> [] } WHERE { ?s <urn:q> ?o }",
    ],
)
def test_a_rule_that_cannot_be_followed_is_told(query: str):
    """It is run whole."""
    with pytest.raises(Unanalysable):
        analysed(query)


@pytest.mark.parametrize(
    "shape",
    [
        "sh:target [ a sh:SPARQLTarget ]",
        "sh:targetClass ex:C ; sh:property [ sh:path [ sh:zeroOrMorePath ex:p ] ; sh:minCount 1 ]",
        'sh:targetClass ex:C ; sh:sparql [ sh:ask "ASK { }" ]',
        "sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ]",
        "sh:targetClass ex:C ; sh:somethingNew 1",
    ],
)
def test_a_shape_that_cannot_be_followed_is_told(shape: str):
    """All is validated."""
    with pytest.raises(Unanalysable):
        Reach(f"@prefix sh: <{SH}> . @prefix ex: <urn:> . ex:Shape a sh:NodeShape ; {shape} .")
