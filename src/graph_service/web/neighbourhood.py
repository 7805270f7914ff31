"""Neighbourhood: where the boxes and lines of a record's links stand in a drawing. Pure, the same each time.

What the record itself says comes first, on the left; arrows tell who says it. Only so many are drawn as can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from graph_service.terms import Iri
from graph_service.views import Neighbour

SIDE = 6  # so many boxes a side
WIDTH, BOX, HIGH, STEP, EDGE = 760, 226, 42, 54, 10  # in units of the drawing


@dataclass(frozen=True, slots=True)
class Box:
    """One neighbour in its place: the corner of its box, and the line that joins it to the record."""

    neighbour: Neighbour
    x: int
    y: int
    line: str  # path data (SVG 2, 9.3); from the one that says it to the other


@dataclass(frozen=True, slots=True)
class Drawing:
    """A record among its neighbours."""

    record: Iri
    width: int
    height: int
    x: int  # the corner of the record's own box
    y: int
    boxes: tuple[Box, ...]


def draw(record: Iri, neighbours: Sequence[Neighbour]) -> Drawing:
    """Place the neighbours of a record around it.

    >>> one = Neighbour(Iri("e:c"), Iri("e:country"), None, True)
    >>> [(box.x, box.y, box.line) for box in draw(Iri("e:r"), [one]).boxes]
    [(10, 10, 'M267 31C251 31 251 31 238 31')]
    """
    own = chosen((each for each in neighbours if each.outgoing), SIDE)
    others = chosen((each for each in neighbours if not each.outgoing), 2 * SIDE - len(own))
    half = min(SIDE, len(others), (len(own) + len(others) + 1) // 2)
    left, right = [*own, *others[half:]], others[:half]
    height = max(1, len(left), len(right)) * STEP - STEP + HIGH + 2 * EDGE
    y = (height - HIGH) // 2
    placed = (*_column(left, EDGE, height, y), *_column(right, WIDTH - EDGE - BOX, height, y))
    return Drawing(record, WIDTH, height, (WIDTH - BOX) // 2, y, placed)


def chosen(neighbours: Iterable[Neighbour], count: int) -> list[Neighbour]:
    """Choose so many, kinds of link taking turns so that many of one do not hide the others; in the order given."""
    kinds: dict[Iri, list[Neighbour]] = {}
    for each in neighbours:
        kinds.setdefault(each.property, []).append(each)
    turns = [each for turn in zip_longest(*kinds.values()) for each in turn if each is not None]
    kept = set(turns[:count])
    return [each for of_kind in kinds.values() for each in of_kind if each in kept]


def _column(neighbours: Sequence[Neighbour], x: int, height: int, own_y: int) -> Iterable[Box]:
    """Boxes below each other, their middle at the middle of the drawing."""
    top = (height - (len(neighbours) * STEP - STEP + HIGH)) // 2
    for place, each in enumerate(neighbours):
        y = top + place * STEP
        yield Box(each, x, y, _line(each, x, y + HIGH // 2, own_y + HIGH // 2))


def _line(neighbour: Neighbour, x: int, y: int, own_y: int) -> str:
    """A curve between the sides that face each other; two units short of the box where its arrow ends."""
    middle = (WIDTH - BOX) // 2
    there, here = (x + BOX, middle) if x < middle else (x, middle + BOX)
    gap = 2 if there < here else -2
    half = (there + here) // 2
    if neighbour.outgoing:
        return f"M{here} {own_y}C{half} {own_y} {half} {y} {there + gap} {y}"
    return f"M{there} {y}C{half} {y} {half} {own_y} {here - gap} {own_y}"
