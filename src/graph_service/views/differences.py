"""What changed between two dates, and what one country covers with which component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from graph_service.terms import Iri
from graph_service.views.cells import Rows, count_in, iri_in
from graph_service.views.values import CellChange, ComponentCell, Coverage, Difference

Holders: TypeAlias = Mapping[tuple[Iri, Iri], frozenset[Iri]]


def difference(now: Coverage, other: Coverage, held_now: Rows, held_then: Rows) -> Coverage:
    """The matrix of one date with what changed since another one, cell by cell.

    Args:
        now: the matrix that is shown.
        other: the same countries and axes at the date that it is compared to, earlier or later.
        held_now, held_then: rows of `institutions/by-axis` as of the two dates: who is counted in the cells.

    Raises:
        ValueError: the two do not show the same cells, or not of the same component.

    >>> from graph_service.terms import record_iri
    >>> peru, gender, body = record_iri("country", "PE"), record_iri("axis", "gender"), record_iri("institution", "x")
    >>> then, now = (Coverage((peru,), (gender,), {(peru, gender): n}, None, str(2018 + n)) for n in (0, 1))
    >>> cell = difference(now, then, [{"country": peru, "axis": gender, "institution": body}], ()).difference.cells[0]
    >>> cell.change, cell.gained, cell.lost
    (1, 1, 0)
    """
    if now.counts.keys() != other.counts.keys() or now.component != other.component:
        raise ValueError("Two matrices with different cells cannot be compared.")
    held, held_before, nobody = _holders(held_now), _holders(held_then), frozenset[Iri]()
    cells = (
        CellChange(
            country=cell[0],
            axis=cell[1],
            before=other.counts[cell],
            after=now.counts[cell],
            change=now.counts[cell] - other.counts[cell],
            gained=len(held.get(cell, nobody) - held_before.get(cell, nobody)),
            lost=len(held_before.get(cell, nobody) - held.get(cell, nobody)),
        )
        for cell in ((country, axis) for country in now.countries for axis in now.axes)
    )
    return replace(now, difference=Difference(other.as_of, tuple(cells)))


def component_cells(bindings: Rows) -> tuple[ComponentCell, ...]:
    """Rows of `coverage/components` for one country, one per axis and component."""
    return tuple(
        ComponentCell(iri_in(row, "axis"), iri_in(row, "component"), count_in(row, "institutions")) for row in bindings
    )


def _holders(bindings: Rows) -> Holders:
    """The institutions with a mandate in force, by country and axis; a mandate has a row for each evidence."""
    found: dict[tuple[Iri, Iri], frozenset[Iri]] = {}
    for row in bindings:
        cell = (iri_in(row, "country"), iri_in(row, "axis"))
        found[cell] = found.get(cell, frozenset()) | {iri_in(row, "institution")}
    return found
