"""The cells of a row, read as what they should be; a row that lacks one is told."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from graph_service.terms import Binding, Iri, Literal, record_iri

if TYPE_CHECKING:
    pass


Rows: TypeAlias = Iterable[Binding]


def grouped(bindings: Rows, column: str) -> dict[Iri, list[Binding]]:
    """Rows by the record in a column, in order of first appearance."""
    groups: dict[Iri, list[Binding]] = {}
    for row in bindings:
        groups.setdefault(iri_in(row, column), []).append(row)
    return groups


def iri_in(row: Binding, column: str) -> Iri:
    value = row.get(column)
    if not isinstance(value, Iri):
        raise ValueError(f"The column {column!r} must hold an IRI; it holds {value!r}.")
    return value


def optional_iri_in(row: Binding, column: str) -> Iri | None:
    return iri_in(row, column) if column in row else None


def literal_in(row: Binding, column: str) -> Literal | None:
    return words_in(row, column) if column in row else None


def words_in(row: Binding, column: str) -> Literal:
    value = row.get(column)
    if not isinstance(value, Literal):
        raise ValueError(f"The column {column!r} must hold a literal; it holds {value!r}.")
    return value


def text_in(row: Binding, column: str) -> str | None:
    return str(row[column]) if column in row else None


def flag_in(row: Binding, column: str) -> bool:
    return text_in(row, column) in ("true", "1")


def count_in(row: Binding, column: str) -> int:
    value = words_in(row, column)
    if not value.value.isdecimal():
        raise ValueError(f"The column {column!r} must hold a count; it holds {value.value!r}.")
    return int(value.value)


def linked_in(rows: Rows, column: str, kind: str) -> tuple[Iri, ...]:
    """The records that a column names, once each: an IRI a row, or slugs of one kind joined by spaces."""
    values = [row[column] for row in rows if column in row]
    found = chain.from_iterable(
        [value] if isinstance(value, Iri) else [record_iri(kind, slug) for slug in value.value.split()]
        for value in values
    )
    return tuple(dict.fromkeys(found))
