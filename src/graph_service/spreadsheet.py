"""Spreadsheet: sheets as an XLSX file (ECMA-376), the same bytes each time. Knows nothing of graphs."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Value: TypeAlias = str | float | int | datetime.date

MAX_TEXT = 32_767  # characters in a cell
MAX_NAME = 31  # characters in the name of a sheet
_RUN = ("=", "+", "-", "@", "\t", "\r")  # what a program might take for a formula


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, its header (frozen; none for plain text) and its rows."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Value]]
    widths: Sequence[int] = ()  # of the columns, in characters


def workbook_bytes(sheets: Iterable[Sheet], title: str, moment: datetime.datetime) -> bytes:
    """Write sheets as one XLSX file, dated as told. Texts are texts: never a formula, never an error value."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.name[:MAX_NAME]), sheet)
    book.properties.title, book.properties.creator = title, "graph-service"
    book.properties.created = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    made = io.BytesIO()
    book.save(made)
    return _dated(made, moment)


def _write_sheet(page: Any, sheet: Sheet) -> None:
    if sheet.header:
        page.freeze_panes = "A2"
    for number, width in enumerate(sheet.widths or [max(12, min(40, len(name) + 4)) for name in sheet.header], 1):
        page.column_dimensions[get_column_letter(number)].width = width
    if sheet.header:
        page.append([_cell(page, name, bold=True) for name in sheet.header])
    count = 1
    for count, row in enumerate(sheet.rows, 2):  # noqa: B007  (the last one is told below)
        page.append([_cell(page, value) if value != "" else None for value in row])
    if sheet.header:
        page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.header))}{count}"


def _cell(page: Any, value: Any, *, bold: bool = False) -> Any:
    if not isinstance(value, str):
        cell = WriteOnlyCell(page, value)
        if isinstance(value, datetime.date):
            cell.number_format = "yyyy-mm-dd"
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
    cell = WriteOnlyCell(page, text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…")
    cell.data_type = "s"
    if value.startswith(_RUN):
        cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell


def _dated(made: io.BytesIO, moment: datetime.datetime) -> bytes:
    """Pack the parts again under one date: the library writes the time of day into them."""
    stamp = moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    packed = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(packed, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp.encode(), data)
            entry = zipfile.ZipInfo(part.filename, max(moment.timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            new.writestr(entry, data)
    return packed.getvalue()
