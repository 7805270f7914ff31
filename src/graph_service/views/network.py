"""Who meets whom: countries, regional organisations and institutions, joined by events and memberships."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from graph_service.terms import Iri, compact, record_key
from graph_service.views.cells import Rows, grouped, iri_in, optional_iri_in, text_in

KINDS = ("organisation", "country", "institution")
EVENT, MEMBERSHIP = "event", "membership"
LINKS = (EVENT, MEMBERSHIP)  # what can join two of them


@dataclass(frozen=True, slots=True)
class Node:
    """A country, regional organisation or institution of the network."""

    iri: Iri
    kind: str  # one of KINDS
    country: Iri | None  # of an institution
    acronym: str | None
    links: int  # how many of the links shown lead to it


@dataclass(frozen=True, slots=True)
class Tie:
    """What joins two of them: the events in which both took part, or a membership."""

    one: Iri
    other: Iri
    kind: str  # one of LINKS
    records: tuple[Iri, ...]  # the events, or the membership

    @property
    def strength(self) -> int:
        """How often they met."""
        return len(self.records)


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes by kind and slug, links from the strongest to the weakest."""

    parameters: Mapping[str, str]  # as understood: slugs and codes
    nodes: tuple[Node, ...]
    ties: tuple[Tie, ...]

    def of_kind(self, kind: str) -> tuple[Node, ...]:
        """The nodes of one kind."""
        return tuple(each for each in self.nodes if each.kind == kind)

    def node(self, iri: Iri) -> Node:
        """The node of a record.

        Raises:
            KeyError: it has none.
        """
        return {each.iri: each for each in self.nodes}[iri]


def network(
    attendance: Rows,
    memberships: Rows,
    *,
    parameters: Mapping[str, str],
    country: Iri | None = None,
    organisation: Iri | None = None,
) -> Network:
    """Join all that took part in the same event, and each country to the organisations that it belongs to.

    Countries are joined to countries and organisations, institutions to institutions and organisations: that a
    country met the institutions of another is already told by the two countries.

    Args:
        attendance: rows of `network/attendance`; empty where no events are asked for.
        memberships: rows of `network/memberships`; empty where none are asked for.
        country: only links that touch it or one of its institutions.
        organisation: only links that touch it.

    >>> from graph_service.terms import record_iri
    >>> event, *both = (record_iri(*key) for key in (("event", "x"), ("country", "PE"), ("organisation", "y")))
    >>> found = network([{"event": event, "participant": each} for each in both], (), parameters={})
    >>> found.ties[0].strength, [each.kind for each in found.nodes]
    (1, ['organisation', 'country'])
    """
    known = {each.iri: each for each in (*_participants(attendance), *_members(memberships))}
    links = [
        each
        for each in (*_meetings(attendance, known), *_belonging(memberships))
        if _touches(each, known, country) and (organisation is None or organisation in (each.one, each.other))
    ]
    links.sort(key=_order)
    return _network(links, known, parameters)


def strongest(whole: Network, *, nodes: int, links: int) -> Network:
    """The part of a network that can be drawn: the strongest links of each sort, as far as both numbers allow.

    A sort is what joins which kinds of nodes: else those between countries would leave no room for others.
    """
    kinds = {each.iri: each.kind for each in whole.nodes}
    seen: Counter[tuple[str, str, str]] = Counter()
    turns = []
    for each in whole.ties:
        sort = (each.kind, kinds[each.one], kinds[each.other])
        turns.append(seen[sort])
        seen[sort] += 1
    taken: list[Tie] = []
    reached: set[Iri] = set()
    for _, each in sorted(zip(turns, whole.ties, strict=True), key=lambda turn: turn[0]):
        if len(taken) == links:
            break
        if len(reached | {each.one, each.other}) <= nodes:
            taken.append(each)
            reached |= {each.one, each.other}
    taken.sort(key=_order)
    return _network(taken, {each.iri: each for each in whole.nodes}, whole.parameters)


def _order(link: Tie) -> tuple[int, str, str, str]:
    return -link.strength, link.kind, compact(link.one), compact(link.other)


def _network(links: Iterable[Tie], known: Mapping[Iri, Node], parameters: Mapping[str, str]) -> Network:
    """The links with the nodes that they reach; of each node, how many they are."""
    shown = tuple(links)
    counts: dict[Iri, int] = {}
    for link in shown:
        for end in (link.one, link.other):
            counts[end] = counts.get(end, 0) + 1
    nodes = [Node(iri, known[iri].kind, known[iri].country, known[iri].acronym, count) for iri, count in counts.items()]
    nodes.sort(key=lambda each: (KINDS.index(each.kind), compact(each.country or each.iri), compact(each.iri)))
    return Network(dict(parameters), tuple(nodes), shown)


def _participants(attendance: Rows) -> Iterator[Node]:
    for row in attendance:
        iri = iri_in(row, "participant")
        kind = (record_key(iri) or ("",))[0]
        if kind in KINDS:
            yield Node(iri, kind, optional_iri_in(row, "own_country"), text_in(row, "acronym"), 0)


def _members(memberships: Rows) -> Iterator[Node]:
    for row in memberships:
        yield Node(iri_in(row, "country"), "country", None, None, 0)
        yield Node(iri_in(row, "organisation"), "organisation", None, text_in(row, "acronym"), 0)


def _meetings(attendance: Rows, known: Mapping[Iri, Node]) -> Iterator[Tie]:
    """One link for each two that may be joined and took part in the same events."""
    events: dict[tuple[Iri, Iri], list[Iri]] = {}
    for event, rows in grouped(attendance, "event").items():
        there = sorted({iri for row in rows if (iri := iri_in(row, "participant")) in known}, key=_place)
        for one, other in combinations(there, 2):
            if {known[one].kind, known[other].kind} != {"country", "institution"}:
                events.setdefault((one, other), []).append(event)
    for (one, other), met in events.items():
        yield Tie(one, other, EVENT, tuple(sorted(met)))


def _belonging(memberships: Rows) -> Iterator[Tie]:
    for membership, rows in grouped(memberships, "membership").items():
        ends = sorted((iri_in(rows[0], "country"), iri_in(rows[0], "organisation")), key=_place)
        yield Tie(ends[0], ends[1], MEMBERSHIP, (membership,))


def _place(iri: Iri) -> tuple[int, str]:
    """Which end of a link a record is: countries first, then organisations, then institutions; by slug."""
    kind, slug = record_key(iri) or ("", iri)
    return (("country", "organisation", "institution").index(kind) if kind in KINDS else len(KINDS), slug)


def _touches(link: Tie, known: Mapping[Iri, Node], country: Iri | None) -> bool:
    ends = (link.one, link.other)
    return country is None or any(country in (end, known[end].country) for end in ends)
