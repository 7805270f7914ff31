"""Drawing: where the nodes and links of a network stand in a picture. Pure; the same network gives the same picture.

All nodes stand on one circle with their names outside, so that no link crosses a name; links bend towards its centre.
Organisations come first, then each country with its institutions beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph_service.terms import Iri, compact
from graph_service.views import Network, Node, Tie

SIZE = 960  # of the picture, in both directions
RADIUS = 300  # of the circle
NAME = 14  # from the circle to the names
PULL = 0.25  # how near to the centre links bend: 0 at it, 1 straight
WIDEST = 8.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A node in its place, and how its name is turned: always read from left to right."""

    node: Node
    x: float
    y: float
    turn: float  # degrees, around the node
    before: bool  # the name ends at the node, instead of beginning there


@dataclass(frozen=True, slots=True)
class Curve:
    """A link as the path of an SVG."""

    link: Tie
    path: str
    width: float
    opacity: float  # so that the strong ones stand out


@dataclass(frozen=True, slots=True)
class Picture:
    """A network laid out."""

    size: int
    spots: tuple[Spot, ...]
    curves: tuple[Curve, ...]  # the weakest first, so that the others lie above them


def picture(network: Network) -> Picture:
    """Lay a network out on a circle."""
    spots = _spots(sorted(network.nodes, key=_order))
    places = {spot.node.iri: spot for spot in spots}
    most = max((link.strength for link in network.ties), default=1)
    curves = [
        Curve(link, _path(link, places), round(1 + (WIDEST - 1) * share, 1), round(0.3 + 0.5 * share, 2))
        for link in network.ties
        for share in [(link.strength - 1) / max(most - 1, 1)]  # 0 for the weakest, 1 for the strongest
    ]
    return Picture(SIZE, spots, tuple(reversed(curves)))


def _order(node: Node) -> tuple[bool, str, bool, str]:
    home = node.iri if node.country is None else node.country
    return node.kind != "organisation", compact(home), node.kind != "country", compact(node.iri)


def _spots(nodes: Sequence[Node]) -> tuple[Spot, ...]:
    found = []
    for place, node in enumerate(nodes):
        angle = 360 * place / len(nodes) - 90  # from the top, clockwise
        left = 90 < angle < 270
        x, y = (SIZE / 2 + RADIUS * turn(math.radians(angle)) for turn in (math.cos, math.sin))
        found.append(Spot(node, round(x, 1), round(y, 1), round(angle - 180 if left else angle, 1), left))
    return tuple(found)


def _path(link: Tie, places: Mapping[Iri, Spot]) -> str:
    """A quadratic curve between the two ends."""
    one, other = places[link.one], places[link.other]
    bend = [SIZE / 2 + PULL * ((a + b) / 2 - SIZE / 2) for a, b in ((one.x, other.x), (one.y, other.y))]
    return f"M{one.x} {one.y}Q{bend[0]:.1f} {bend[1]:.1f} {other.x} {other.y}"
