"""Charts: which pictures suit a table, and what each of them shows. Rows in, frozen values out.

A picture is offered only where it cannot mislead: every row has its place in it, and none is added up.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias, TypeVar

from graph_service.terms import XSD, Binding, Iri, Literal, Term

BARS, ROWS, COLUMNS = 60, 60, 12  # how many of them can be read
STEPS = 5  # of the scale of a heat map
_NUMERIC = frozenset(
    XSD + name
    for name in (
        "byte", "decimal", "double", "float", "int", "integer", "long", "negativeInteger", "nonNegativeInteger",
        "nonPositiveInteger", "positiveInteger", "short", "unsignedByte", "unsignedInt", "unsignedLong",
        "unsignedShort",
    )
)  # fmt: skip
Row: TypeAlias = Mapping[str, Term]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Bar:
    """One row as a bar."""

    label: tuple[Term, ...]
    number: Literal
    share: float  # of the longest bar, from 0 to 1


@dataclass(frozen=True, slots=True)
class Bars:
    """A number for each label, in the order of the rows."""

    labels: tuple[str, ...]  # the columns that the labels are made of
    number: str  # the column of the numbers
    bars: tuple[Bar, ...]
    left_out: int  # rows beyond those that can be read


@dataclass(frozen=True, slots=True)
class Grid:
    """A number for each pair of values; a pair without a row is no zero."""

    across: str  # the column whose values stand above the columns
    down: str  # the one whose values stand before the rows
    number: str
    columns: tuple[Term, ...]
    rows: tuple[Term, ...]
    cells: Mapping[tuple[Term, Term], Literal]  # (row, column) → number; only where the answer has one
    steps: Mapping[tuple[Term, Term], int]  # the same → step of the scale, from 0 to STEPS


@dataclass(frozen=True, slots=True)
class Tiles:
    """A number for each country."""

    country: str  # the column of the countries
    number: str
    cells: Mapping[Iri, Literal]
    steps: Mapping[Iri, int]


@dataclass(frozen=True, slots=True)
class Charts:
    """The pictures that suit a table."""

    bar: Bars | None = None
    matrix: Grid | None = None
    map: Tiles | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(name for name in ("bar", "matrix", "map") if getattr(self, name) is not None)


def charts(variables: Sequence[str], rows: Sequence[Binding], countries: Collection[Iri] = ()) -> Charts:
    """Find the pictures that suit a table: those of its last column of numbers.

    Args:
        countries: what can stand on a map.

    >>> one = Literal("1", datatype=XSD + "integer")
    >>> charts(["name", "count"], [{"name": Literal("a"), "count": one}]).names
    ('bar',)
    """
    numbers = [name for name in variables if _is_number(name, rows)]
    if not numbers:
        return Charts()
    number = numbers[-1]
    told = [row for row in rows if number in row]
    given = [name for name in variables if name not in numbers and any(name in row for row in told)]
    telling = [name for name in given if len({row.get(name) for row in told}) > 1] or given[:1]
    labels = [name for name in telling if all(name in row for row in told)]
    if not labels:
        return Charts()
    return Charts(_bars(labels, number, told), _grid(labels, number, told), _tiles(labels, number, told, countries))


def _is_number(name: str, rows: Sequence[Row]) -> bool:
    """Whether a column holds numbers that can be drawn, and nothing else."""
    found = [row[name] for row in rows if name in row]
    return bool(found) and all(
        isinstance(each, Literal) and each.datatype in _NUMERIC and 0 <= _value(each) < math.inf for each in found
    )


def _value(literal: Term) -> float:
    try:
        return float(str(literal))
    except ValueError:
        return math.nan


def _are_unique(names: Sequence[str], rows: Sequence[Row]) -> bool:
    return len({tuple(row[name] for name in names) for row in rows}) == len(rows)


def _bars(labels: Sequence[str], number: str, rows: Sequence[Row]) -> Bars | None:
    sets = (names for size in range(1, len(labels) + 1) for names in combinations(labels, size))
    chosen = next((names for names in sets if _are_unique(names, rows)), None)
    if chosen is None or len(chosen) > 3:
        return None
    longest = max(_value(row[number]) for row in rows) or 1.0
    bars = tuple(
        Bar(tuple(row[name] for name in chosen), _literal(row[number]), _value(row[number]) / longest) for row in rows
    )
    return Bars(chosen, number, bars[:BARS], max(len(bars) - BARS, 0))


def _grid(labels: Sequence[str], number: str, rows: Sequence[Row]) -> Grid | None:
    for pair in combinations(labels, 2):
        values = {name: tuple(dict.fromkeys(row[name] for row in rows)) for name in pair}
        across, down = sorted(pair, key=lambda name: (len(values[name]), -pair.index(name)))
        alone = any(_are_unique([name], rows) for name in pair)
        if alone or len(values[across]) > COLUMNS or len(values[down]) > ROWS or not _are_unique(pair, rows):
            continue
        cells = {(row[down], row[across]): _literal(row[number]) for row in rows}
        return Grid(across, down, number, values[across], values[down], cells, _steps(cells))
    return None


def _tiles(labels: Sequence[str], number: str, rows: Sequence[Row], countries: Collection[Iri]) -> Tiles | None:
    for name in labels:
        if all(row[name] in countries for row in rows) and _are_unique([name], rows):
            cells = {Iri(str(row[name])): _literal(row[number]) for row in rows}
            return Tiles(name, number, cells, _steps(cells))
    return None


def _steps(cells: Mapping[R, Literal]) -> dict[R, int]:
    """The step of each number on a scale from 0 to the largest; small counts are their own step."""
    largest = max(map(_value, cells.values()), default=0)
    scale = max(largest / STEPS, 1)
    return {key: math.ceil(_value(number) / scale) for key, number in cells.items()}


def _literal(term: Term) -> Literal:
    assert isinstance(term, Literal)
    return term
