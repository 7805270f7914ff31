"""Sheets: the rows of a CSV file under the names of their columns, with what cannot be read. RFC 4180."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph_service.errors import TableFinding, UnknownTerm, nearest
from graph_service.tables.description import Description, Table

WHOLE_ROW = "(whole row)"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, by column; `number` counts as a spreadsheet does, the header being row 1."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one table; not `sound` when file or header are wrong, so that its rows are not known."""

    table: Table
    rows: tuple[Row, ...]
    sound: bool


def read_sheets(files: Mapping[str, bytes], description: Description) -> tuple[list[Sheet], list[TableFinding]]:
    """Read the files of a folder as the description's tables; a table without a file is left out."""
    findings = [
        TableFinding(name, 1, "(whole file)", str(UnknownTerm("table", given=name, near=nearest(name, [*description]))))
        for name in files
        if name not in description
    ]
    if not files:
        findings.append(TableFinding("*.csv", 1, "(whole file)", f"No table here; known are {', '.join(description)}."))
    sheets = []
    for name, table in description.items():
        if name in files:
            sheet, more = read_sheet(files[name], table)
            sheets.append(sheet)
            findings += more
    return sheets, findings


def read_sheet(data: bytes, table: Table) -> tuple[Sheet, list[TableFinding]]:
    """Read CSV (RFC 4180, UTF-8 with or without a byte order mark; semicolons where the header has them)."""
    try:
        lines = list(_records(data.decode("utf-8-sig"), table.delimiter))
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        message = f"The byte {data[error.start]:#04x} is not UTF-8: save the table as CSV in UTF-8."
        return Sheet(table, (), False), [TableFinding(table.url, row, WHOLE_ROW, message)]
    except _Unreadable as error:
        return Sheet(table, (), False), [TableFinding(table.url, error.row, WHOLE_ROW, error.message)]
    header = [cell.strip() for cell in lines[0]] if lines else []
    columns, findings = _header(header, table)
    if findings:
        return Sheet(table, (), False), findings
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            message = f"The row has {len(cells)} cells, the header {len(columns)}."
            findings.append(TableFinding(table.url, number, WHOLE_ROW, message))
            continue
        rows.append(Row(number, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}))
    return Sheet(table, tuple(rows), not findings), findings


class _Unreadable(Exception):
    def __init__(self, row: int, message: str) -> None:
        self.row, self.message = row, message


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    first = text.partition("\n")[0]
    if delimiter == "," and "," not in first and ";" in first:
        delimiter = ";"  # what spreadsheets write where the comma is the decimal sign
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width, row = 0, 0
    try:
        for row, cells in enumerate(reader, 1):  # noqa: B007  (told in the error)
            width = width or len(cells) - next((n for n, cell in enumerate(reversed(cells)) if cell.strip()), 0)
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            yield cells
    except csv.Error as error:
        raise _Unreadable(row + 1, f"The row is not CSV (RFC 4180): {error}.") from None


def _header(header: Sequence[str], table: Table) -> tuple[list[str], list[TableFinding]]:
    known = {title: c.name for c in table.columns.values() if not c.virtual for title in (*c.titles, c.name)}
    names = [known.get(cell, cell) for cell in header]
    wanted = [column.name for column in table.columns.values() if not column.virtual]
    missing = [name for name in wanted if name not in names]
    findings = []
    for position, name in enumerate(names):
        if name not in wanted:
            near = nearest(name, missing or wanted)
            findings.append(finding(table, 1, name, str(UnknownTerm("column", given=name, near=near))))
        elif name in names[:position]:
            findings.append(finding(table, 1, name, "The column stands twice in the header."))
    findings += [finding(table, 1, name, "The column is missing.") for name in missing]
    return names, findings


def finding(table: Table, row: int, column: str, message: str) -> TableFinding:
    return TableFinding(table.url, row, column, message)
