"""A table as a spreadsheet: typed columns, texts that stay texts, a sheet that explains, the same bytes each time."""

from __future__ import annotations

import datetime
import io

import openpyxl
import pytest

from graph_service.formats import Cover, table_workbook

COVER = Cover(
    title="Bodies",
    facts=[("Release", "3"), ("Licence", "CC BY 4.0")],
    columns=[
        ("n", "integer", "how many"),
        ("day", "date", "when"),
        ("kept", "boolean", "whether"),
        ("gone", "iri", ""),
    ],
    moment=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
)
TABLE = 'name,n,day,kept,share\r\n=1+1,12,2018-06-01,true,0.5\r\n"two\r\nlines",x,2018,false,\r\n007,,1850-01-01,,2\r\n'


def opened(table: str = TABLE, cover: Cover = COVER) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(table_workbook(table.encode(), cover)))


def test_each_column_has_the_values_of_its_type():
    """Numbers, full days and yes or no are typed; whatever is not of the column's type stays text."""
    rows = list(opened()["Rows"].iter_rows(values_only=True))

    assert rows[0] == ("name", "n", "day", "kept", "share")
    assert rows[1] == ("=1+1", 12, datetime.datetime(2018, 6, 1), True, 0.5)
    assert rows[2] == ("two\r\nlines", "x", "2018", False, None)
    assert rows[3] == ("007", None, "1850-01-01", None, 2)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.org")', "\tx"])
def test_a_text_is_never_a_formula(text: str):
    """Not even where a program would take it for one."""
    quoted = text.replace('"', '""')
    cell = opened(f'name\r\n"{quoted}"\r\nplain\r\n')["Rows"]["A2"]

    assert cell.data_type == "s"
    assert cell.value == text


def test_the_header_stays_in_sight():
    """Frozen under the first row, and filtered by it."""
    sheet = opened()["Rows"]

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:E4"


def test_the_first_sheet_explains_the_table():
    """Its title, the facts, and those columns that the table has."""
    lines = [row for row in opened().worksheets[0].iter_rows(values_only=True) if any(row)]

    assert lines[0][0] == "Bodies"
    assert ("Release", "3") in lines
    assert ("n", "how many (integer)") in lines
    assert not any(row[0] == "gone" for row in lines)


def test_the_same_table_gives_the_same_bytes():
    """Dated as its release, not as the clock."""
    assert table_workbook(TABLE.encode(), COVER) == table_workbook(TABLE.encode(), COVER)
    assert opened().properties.created == datetime.datetime(2026, 1, 2, 3, 4, 5)


def test_a_table_without_rows_is_a_header():
    """An empty answer can be taken away too."""
    assert list(opened("name,n\r\n")["Rows"].iter_rows(values_only=True)) == [("name", "n")]
