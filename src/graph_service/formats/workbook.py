"""A table as a spreadsheet (XLSX, ECMA-376): a sheet that explains it, then its rows with typed columns."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph_service.spreadsheet import Value

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,14})", re.ASCII)  # spreadsheets keep 15 digits
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,11})(\.\d{1,9})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_DAY = "1900-03-01"  # before it, spreadsheets count days wrongly
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Cover:
    """What the first sheet says: of what question the table is the answer, of which release, under which licence."""

    title: str
    facts: Sequence[tuple[str, str]]  # name and value, such as a parameter and what was asked for
    columns: Sequence[tuple[str, str, str]]  # name, type and meaning; empty where they are not described
    moment: datetime.datetime  # of the release: the same table gives the same bytes
    about: str = "About"  # the names of the sheets
    rows: str = "Rows"


def table_workbook(table: bytes, cover: Cover) -> bytes:
    """Write a table, given as CSV (RFC 4180), as a spreadsheet with the same rows.

    A column is of the type that the cover tells: `integer`, `decimal`, `date`, `boolean`, or text; one that is not
    described counts as numbers where all its cells are. A cell that is not of its column's type stays text, as does
    a date that is no full day. Texts are never formulas.
    """
    from graph_service.spreadsheet import Sheet, workbook_bytes  # what it brings takes long to start with

    header, *rows = csv.reader(io.StringIO(table.decode(), newline=""))
    types = {name: kind for name, kind, _ in cover.columns}
    kinds = [types.get(name) or _kind(row[place] for row in rows) for place, name in enumerate(header)]
    typed = [[_typed(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in rows]
    widths = [_width(name, [row[place] for row in rows]) for place, name in enumerate(header)]
    return workbook_bytes(
        [Sheet(cover.about, (), _explained(cover, header), widths=(24, 90)), Sheet(cover.rows, header, typed, widths)],
        cover.title,
        cover.moment,
    )


def _explained(cover: Cover, header: Sequence[str]) -> list[Sequence[Value]]:
    lines: list[Sequence[Value]] = [[cover.title], [], *(list(each) for each in cover.facts), []]
    return [*lines, *([name, f"{meaning} ({kind})"] for name, kind, meaning in cover.columns if name in header)]


def _kind(cells: Iterable[str]) -> str:
    """The type of a column that nobody described.

    >>> _kind(["1", "", "20"]), _kind(["0.5", "7"]), _kind(["007"]), _kind([""])
    ('integer', 'decimal', 'text', 'text')
    """
    told = [cell for cell in cells if cell]
    for kind, pattern in (("integer", _INTEGER), ("decimal", _DECIMAL)):
        if told and all(pattern.fullmatch(cell) for cell in told):
            return kind
    return "text"


_READERS: Mapping[str, re.Pattern[str]] = {"integer": _INTEGER, "decimal": _DECIMAL, "date": _DAY}


def _typed(cell: str, kind: str) -> Value:
    """The value of a cell; its text where it is not of that type.

    >>> _typed("12", "integer"), _typed("2018", "date"), _typed("2018-06-01", "date"), _typed("=1+1", "integer")
    (12, '2018', datetime.date(2018, 6, 1), '=1+1')
    """
    if kind == "boolean" and cell in ("true", "false"):
        return cell == "true"
    pattern = _READERS.get(kind)
    if pattern is None or not pattern.fullmatch(cell):
        return cell
    if kind == "date":
        return _day(cell)
    return int(cell) if kind == "integer" else float(cell)


def _day(cell: str) -> Value:
    try:
        return datetime.date.fromisoformat(cell) if cell >= _FIRST_DAY else cell
    except ValueError:
        return cell


def _width(name: str, cells: Iterable[str]) -> int:
    """As wide as its longest cell needs, within reason."""
    return max(10, min(_WIDEST, max((len(cell) for cell in (name, *cells)), default=0) + 2))
