"""Tiles: a place in a small grid for each country, near where it lies. No names, no borders.

Equal squares give small countries the weight of large ones; the grid has the columns and rows of the stylesheet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from graph_service.asking import once_per_release
from graph_service.release import Release
from graph_service.terms import Iri, compact

COLUMNS, ROWS = 5, 7
Point: TypeAlias = tuple[float, float]  # latitude, longitude
Place: TypeAlias = tuple[int, int]  # column, row; from 1


@once_per_release
def tiles(release: Release) -> Mapping[Iri, tuple[int, int] | None]:
    """The countries in reading order of a small map, each with its column and row; by code where some lie nowhere."""
    members = release.members("elp:Country")
    said = release.describe(member.iri for member in members)
    latitude, longitude = (
        {subject: float(str(value)) for subject, predicate, value in said if compact(predicate) == name}
        for name in ("geo:lat", "geo:long")
    )
    points = {iri: (latitude[iri], longitude[iri]) for iri in latitude if iri in longitude}
    found = places(points) if points and len(points) == len(members) else {}
    return found or {member.iri: None for member in members}


def places(points: Mapping[Iri, Point]) -> Mapping[Iri, Place]:
    """Give each country a square of its own, as near as possible to where it lies; in reading order.

    Nothing where there are more countries than squares: they are then simply shown in a row.

    >>> north, south = Iri("n"), Iri("s")
    >>> places({south: (-30.0, -60.0), north: (20.0, -60.0)})
    {<n>: (1, 1), <s>: (1, 7)}
    """
    if len(points) > COLUMNS * ROWS:
        return {}
    wished = _wishes(points)
    squares = [(column, row) for row in range(1, ROWS + 1) for column in range(1, COLUMNS + 1)]
    taken = dict(zip(sorted(points), squares, strict=False))
    while _improve(taken, wished, squares):
        pass
    return dict(sorted(taken.items(), key=lambda item: (item[1][1], item[1][0])))


def _wishes(points: Mapping[Iri, Point]) -> Mapping[Iri, tuple[float, float]]:
    """Where each would stand if squares could overlap: half by degrees, half by rank, which spreads clusters."""
    rows = _spread({iri: -latitude for iri, (latitude, _) in points.items()}, ROWS)
    columns = _spread({iri: longitude for iri, (_, longitude) in points.items()}, COLUMNS)
    return {iri: (columns[iri], rows[iri]) for iri in points}


def _spread(values: Mapping[Iri, float], size: int) -> Mapping[Iri, float]:
    low, width = min(values.values()), max(values.values()) - min(values.values())
    if not width:
        return dict.fromkeys(values, 1.0)
    order = sorted(values, key=lambda iri: (values[iri], iri))
    last = len(order) - 1
    both = {iri: (values[iri] - low) / width + place / last for place, iri in enumerate(order)}
    return {iri: 1 + (size - 1) * value / 2 for iri, value in both.items()}


def _improve(taken: dict[Iri, Place], wished: Mapping[Iri, tuple[float, float]], squares: Sequence[Place]) -> bool:
    """Move or swap one country where that brings the whole nearer to what is wished; False at rest."""
    holders = {place: iri for iri, place in taken.items()}
    for iri, here in taken.items():
        for there in squares:
            other = holders.get(there)
            gain = _away(wished[iri], here) - _away(wished[iri], there)
            if other is not None:
                gain += _away(wished[other], there) - _away(wished[other], here)
            if gain > 1e-9:
                taken[iri] = there
                if other is not None:
                    taken[other] = here
                return True
    return False


def _away(wish: tuple[float, float], place: Place) -> float:
    return (wish[0] - place[0]) ** 2 + (wish[1] - place[1]) ** 2
