"""The network: who is joined to whom, what can be drawn of it, and where it stands in the picture."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from graph_service import views
from graph_service.terms import Binding, Iri, Literal, record_iri
from graph_service.views.network import EVENT, MEMBERSHIP, Network, strongest
from graph_service.web.drawing import SIZE, picture

PE, EC, CO = (record_iri("country", code) for code in ("PE", "EC", "CO"))
POLICE, COURT = record_iri("institution", "pe-police"), record_iri("institution", "ec-court")
UNION = record_iri("organisation", "union")
MEETING, WORKSHOP = record_iri("event", "meeting"), record_iri("event", "workshop")


def took_part(event: Iri, participant: Iri, own_country: Iri | None = None) -> Binding:
    row = {"event": event, "participant": participant}
    return {**row, "own_country": own_country} if own_country else row


def member(country: Iri, organisation: Iri = UNION) -> Binding:
    slug = f"{country.rpartition('/')[2]}-{organisation.rpartition('/')[2]}"
    row: Binding = {"membership": record_iri("membership", slug), "country": country, "organisation": organisation}
    return {**row, "acronym": Literal("UN")}


ATTENDANCE = [
    took_part(MEETING, PE), took_part(MEETING, EC), took_part(MEETING, CO), took_part(MEETING, UNION),
    took_part(WORKSHOP, PE), took_part(WORKSHOP, EC),
    took_part(WORKSHOP, POLICE, PE), took_part(WORKSHOP, COURT, EC),
]  # fmt: skip
MEMBERSHIPS = [member(PE), member(EC)]


def joined(found: Network) -> set[tuple[str, str, str, int]]:
    """The links, short: slugs of both ends, kind, how often."""
    return {(*(end.rpartition("/")[2] for end in (x.one, x.other)), x.kind, x.strength) for x in found.ties}


def test_those_at_the_same_event_are_joined_as_often_as_they_met():
    """Countries with countries and organisations, institutions with each other; members with their organisation."""
    found = views.network(ATTENDANCE, MEMBERSHIPS, parameters={})

    assert joined(found) == {
        ("EC", "PE", EVENT, 2), ("CO", "PE", EVENT, 1), ("CO", "EC", EVENT, 1),
        ("PE", "union", EVENT, 1), ("EC", "union", EVENT, 1), ("CO", "union", EVENT, 1),
        ("ec-court", "pe-police", EVENT, 1),
        ("PE", "union", MEMBERSHIP, 1), ("EC", "union", MEMBERSHIP, 1),
    }  # fmt: skip
    assert found.ties[0].records == (MEETING, WORKSHOP)


def test_every_node_has_its_links_and_stands_once():
    """Organisations, countries, institutions; each with as many links as lead to it."""
    found = views.network(ATTENDANCE, MEMBERSHIPS, parameters={})

    assert [(node.kind, node.links) for node in found.nodes] == [
        ("organisation", 5), ("country", 3), ("country", 4), ("country", 4), ("institution", 1), ("institution", 1),
    ]  # fmt: skip
    assert found.node(UNION).acronym == "UN"
    assert found.node(POLICE).country == PE
    assert sum(node.links for node in found.nodes) == 2 * len(found.ties)


def test_a_country_keeps_the_links_of_its_institutions():
    """Asked for one country: what touches it or its institutions, and nothing else."""
    found = views.network(ATTENDANCE, MEMBERSHIPS, parameters={"country": "PE"}, country=PE)

    assert joined(found) == {
        ("EC", "PE", EVENT, 2), ("CO", "PE", EVENT, 1), ("PE", "union", EVENT, 1),
        ("PE", "union", MEMBERSHIP, 1), ("ec-court", "pe-police", EVENT, 1),
    }  # fmt: skip


def test_an_organisation_keeps_its_own_links():
    """Events and memberships of the organisation; with a country, only those of the two."""
    alone = views.network(ATTENDANCE, MEMBERSHIPS, parameters={}, organisation=UNION)
    both = views.network(ATTENDANCE, MEMBERSHIPS, parameters={}, organisation=UNION, country=CO)

    assert all(UNION in (link.one, link.other) for link in alone.ties) and len(alone.ties) == 5
    assert joined(both) == {("CO", "union", EVENT, 1)}


def test_one_who_was_there_twice_counts_once():
    """A participation of the country and one of its institution at the same event are one meeting."""
    found = views.network([*ATTENDANCE, took_part(MEETING, PE)], (), parameters={})

    assert joined(found) >= {("EC", "PE", EVENT, 2)}


def test_nobody_meets_alone():
    """One participant makes no link, no rows make an empty network."""
    assert views.network([took_part(MEETING, PE)], (), parameters={}) == Network({}, (), ())
    assert picture(Network({}, (), ())).spots == ()


@pytest.mark.parametrize(("nodes", "links"), [(3, 100), (100, 2), (4, 4)])
def test_only_what_can_be_read_is_drawn(nodes: int, links: int):
    """Neither limit is exceeded, each sort of link has its turn, and nodes are those of the links left."""
    whole = views.network(ATTENDANCE, MEMBERSHIPS, parameters={})
    shown = strongest(whole, nodes=nodes, links=links)

    assert 0 < len(shown.ties) <= links and len(shown.nodes) <= nodes
    assert set(shown.ties) <= set(whole.ties)
    assert {node.iri for node in shown.nodes} == {end for link in shown.ties for end in (link.one, link.other)}
    assert shown.ties[0] == whole.ties[0]
    assert sum(node.links for node in shown.nodes) == 2 * len(shown.ties)


def test_each_sort_of_link_has_a_place_in_the_picture():
    """Many meetings of countries do not crowd out memberships and institutions."""
    whole = views.network(ATTENDANCE, MEMBERSHIPS, parameters={})
    shown = strongest(whole, nodes=100, links=4)

    sorts = {(link.kind, *(whole.node(end).kind for end in (link.one, link.other))) for link in shown.ties}
    assert len(sorts) == 4


def test_a_network_that_can_be_drawn_whole_is():
    whole = views.network(ATTENDANCE, MEMBERSHIPS, parameters={})

    assert strongest(whole, nodes=100, links=100) == whole


def test_nodes_stand_apart_within_the_picture():
    """No two nodes in one place, all on the circle, names read from left to right."""
    drawn = picture(views.network(ATTENDANCE, MEMBERSHIPS, parameters={}))
    apart = [math.dist((one.x, one.y), (other.x, other.y)) for one, other in combinations(drawn.spots, 2)]

    assert len(drawn.spots) == 6 and min(apart) > 100
    assert all(0 < spot.x < SIZE and 0 < spot.y < SIZE for spot in drawn.spots)
    assert all(-90 <= spot.turn <= 90 for spot in drawn.spots)


def test_institutions_stand_beside_their_country():
    """Organisations first, then each country with its own."""
    drawn = picture(views.network(ATTENDANCE, MEMBERSHIPS, parameters={}))

    assert [spot.node.iri for spot in drawn.spots] == [UNION, CO, EC, COURT, PE, POLICE]


def test_lines_begin_and_end_at_their_nodes_and_the_strongest_lies_on_top():
    """As thick as two met often."""
    drawn = picture(views.network(ATTENDANCE, MEMBERSHIPS, parameters={}))
    places = {spot.node.iri: f"{spot.x} {spot.y}" for spot in drawn.spots}

    assert all(
        curve.path.startswith("M" + places[curve.link.one]) and curve.path.endswith(places[curve.link.other])
        for curve in drawn.curves
    )
    assert drawn.curves[-1].link.strength == 2
    assert drawn.curves[-1].width > drawn.curves[0].width and drawn.curves[-1].opacity > drawn.curves[0].opacity


def test_the_same_network_gives_the_same_picture():
    """Rows in another order change nothing."""
    one = picture(views.network(ATTENDANCE, MEMBERSHIPS, parameters={}))
    other = picture(views.network(ATTENDANCE[::-1], MEMBERSHIPS[::-1], parameters={}))

    assert one == other
