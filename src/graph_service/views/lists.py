"""Lists: rows in the order that a reader asks for, and one page of them. Pure; names are looked up by the caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from graph_service.errors import UnknownTerm
from graph_service.terms import Binding
from graph_service.views.cells import Rows

SortKey: TypeAlias = Callable[[Binding], tuple[float, str] | None]  # by number, then text; None: the cell is empty
PAGE_ROWS = 100  # so many rows are told at once


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a long list: which one, of how many, and how many rows there are in all of them."""

    number: int
    last: int
    total: int
    rows: tuple[Binding, ...]

    @property
    def first_row(self) -> int:
        """The place of its first row in the whole list, counted from 1."""
        return (self.number - 1) * PAGE_ROWS + 1


def page(rows: Rows, number: int) -> Page:
    """Cut a page out of a list; one without rows has one page, which is empty.

    Raises:
        UnknownTerm: there is no page of that number; the last one is near.
    """
    found = tuple(rows)
    last = max(1, -(-len(found) // PAGE_ROWS))
    if not 1 <= number <= last:
        raise UnknownTerm("page", given=str(number), near=[str(last)], parameter="page")
    return Page(number, last, len(found), found[(number - 1) * PAGE_ROWS : number * PAGE_ROWS])


def arranged(rows: Sequence[Binding], key: SortKey, *, descending: bool = False) -> tuple[Binding, ...]:
    """Sort rows by one column; rows without a value come last in both directions, equal ones keep their order.

    >>> from graph_service.terms import Literal
    >>> rows = [{"since": Literal("1999")}, {}, {"since": Literal("1985")}]
    >>> [str(row.get("since", "-")) for row in arranged(rows, lambda row: (0, str(row["since"])) if row else None)]
    ['1985', '1999', '-']
    """
    keyed = [(key(row), row) for row in rows]
    filled = [(value, row) for value, row in keyed if value is not None]
    filled.sort(key=lambda each: each[0], reverse=descending)
    return (*(row for _, row in filled), *(row for value, row in keyed if value is None))
