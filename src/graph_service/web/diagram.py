"""A diagram of classes, laid out on the server: one line per class, an arc for each link. Pure; the same each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graph_service.terms import Iri
from graph_service.views.vocabulary import ClassLink

LINE = 26  # height of a line, in units of the drawing
NAMES = 250  # width that the names have
BULGE = 0.42  # how far an arc goes to the side, of what it spans


@dataclass(frozen=True, slots=True)
class Placed:
    """A class on its line."""

    iri: Iri
    y: float


@dataclass(frozen=True, slots=True)
class Arc:
    """A link as a curve, from its class to that of its values."""

    link: ClassLink
    path: str  # of SVG


@dataclass(frozen=True, slots=True)
class Diagram:
    """The drawing: its size, the classes from top to bottom, the arcs."""

    width: int
    height: int
    names: int
    classes: tuple[Placed, ...]
    arcs: tuple[Arc, ...]


def diagram(links: Sequence[ClassLink]) -> Diagram:
    """Draw the classes that are linked with one another; those that have most in common stand near each other."""
    order = _ordered(links)
    lines = {iri: LINE * (place + 0.5) for place, iri in enumerate(order)}
    arcs = tuple(Arc(each, _arc(lines[each.source], lines[each.target])) for each in links)
    widest = max((abs(lines[each.source] - lines[each.target]) for each in links), default=0)
    return Diagram(
        width=int(NAMES + max(widest * BULGE, LINE) + 16),
        height=LINE * len(order),
        names=NAMES,
        classes=tuple(Placed(iri, y) for iri, y in lines.items()),
        arcs=arcs,
    )


def _arc(start: float, end: float) -> str:
    """Half an ellipse at the right of the names; a loop where a class is linked with itself."""
    if start == end:
        return f"M{NAMES} {start - 4:g}a9 6 0 1 1 0 8"
    reach, half = abs(end - start) * BULGE, abs(end - start) / 2
    return f"M{NAMES} {start:g}A{reach:.1f} {half:g} 0 0 {1 if end > start else 0} {NAMES} {end:g}"


def _ordered(links: Sequence[ClassLink]) -> list[Iri]:
    """The class with most links first, then always the one that has most links with those that stand already."""
    near: dict[Iri, set[Iri]] = {}
    for each in links:
        near.setdefault(each.source, set()).add(each.target)
        near.setdefault(each.target, set()).add(each.source)
    placed: list[Iri] = []
    while rest := near.keys() - set(placed):
        placed.append(min(rest, key=lambda iri: (-len(near[iri] & set(placed)), -len(near[iri]), iri)))
    return placed
