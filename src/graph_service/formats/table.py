"""The result of a query as CSV, JSON or statements (RFC 4180, RFC 8259, csv2rdf)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from graph_service.errors import MalformedValue
from graph_service.formats.common import Code, slug_of, to_json
from graph_service.terms import (
    BASE,
    RDF_TYPE,
    XSD,
    Binding,
    Iri,
    Literal,
    Term,
    Triple,
    record_iri,
    record_key,
)

if TYPE_CHECKING:
    from graph_service.release import Result


Cells: TypeAlias = Mapping[str, Sequence[Term]]  # of a row: column → its values, none where it is empty
CSVW = "http://www.w3.org/ns/csvw#"
_ANY_KIND = frozenset({"iri", "record", "subject", "object", "property", "value"})  # columns of whole IRIs


def table_csv(result: Result, code: Code = slug_of) -> bytes:
    """Write a result as CSV (RFC 4180): UTF-8, a header row, lines end with CR LF, an unbound cell is empty.

    Values are exact: a text that a spreadsheet would run as a formula (it begins with `=`, `+`, `-` or `@`) is
    not altered, since programs read this file too. Import it as text, or take the page's table instead.
    """
    names = [column.name for column in result.columns]
    return csv_bytes(names, ([_csv_cell(row.get(name), name, code) for name in names] for row in result.rows))


def table_json(
    result: Result, release: int, as_of: str | None = None, links: Mapping[str, str] | None = None, code: Code = slug_of
) -> bytes:
    """Write a result as JSON: what was asked, of which release, the rows, their sources and where to go next.

    Numbers and booleans are typed, an unbound cell is null; rows have the columns of the CSV.
    """
    return to_json(
        {
            "query": result.query.name,
            "release": release,
            "as_of": as_of or result.parameters.get("as_of"),
            "parameters": dict(result.parameters),
            "columns": [{"name": column.name, "type": column.type} for column in result.columns],
            "rows": json_rows(result.rows, [column.name for column in result.columns], code),
            "count": len(result.rows),
            "sources": _table_sources(result.rows, code),
            "links": dict(links or {}),
        }
    )


def table_statements(result: Result) -> Iterator[Triple]:
    """Say a result in RDF: a table, its rows with their numbers, and what each row describes.

    As Generating RDF from Tabular Data on the Web (csv2rdf, standard mode) says it, except that a cell keeps the
    term that the graph has, so that records are linked; the property of a column is a fragment of the question.
    """
    names = [column.name for column in result.columns]
    rows = ({name: (row[name],) for name in names if name in row} for row in result.rows)
    return row_statements(f"{BASE}queries/{result.query.name}", rows)


def row_statements(address: str, rows: Iterable[Cells]) -> Iterator[Triple]:
    """Say rows in RDF; see `table_statements`.

    Args:
        address: of what the table answers, without a suffix: the columns are its fragments.
    """
    table = Iri("_:table")
    yield table, Iri(RDF_TYPE), Iri(CSVW + "Table")
    yield table, Iri(CSVW + "url"), Iri(f"{address}.csv")
    for number, row in enumerate(rows, 1):
        entry, described = Iri(f"_:row{number:06}"), Iri(f"_:cells{number:06}")
        yield table, Iri(CSVW + "row"), entry
        yield entry, Iri(RDF_TYPE), Iri(CSVW + "Row")
        yield entry, Iri(CSVW + "rownum"), Literal(str(number), None, XSD + "integer")
        yield entry, Iri(CSVW + "describes"), described
        for column, values in row.items():
            for value in values:
                yield described, Iri(f"{address}#{column}"), value


def table_bytes(result: Result, suffix: str, release: int, links: Mapping[str, str] | None = None) -> bytes:
    """Write a result in the format of a suffix, `csv` or `json`; MalformedValue for any other."""
    if suffix == "csv":
        return table_csv(result)
    if suffix == "json":
        return table_json(result, release, links=links)
    raise MalformedValue("format", given=suffix, expected="a table is written as csv or json")


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _csv_cell(term: Term | None, column: str, code: Code) -> str:
    if isinstance(term, Iri):
        return str(term) if column in _ANY_KIND else code(term)
    return term.value if term else ""


def json_rows(rows: Iterable[Binding], columns: Sequence[str], code: Code) -> list[dict[str, object]]:
    return [{name: _json_cell(row.get(name), name, code) for name in columns} for row in rows]


def _json_cell(term: Term | None, column: str, code: Code) -> object:
    return typed(term) if isinstance(term, Literal) else _csv_cell(term, column, code) or None


def _table_sources(rows: Iterable[Binding], code: Code) -> list[dict[str, str | None]]:
    """List each source that the rows name once, with title and address where a row tells them."""
    found: dict[Iri, dict[str, str | None]] = {}
    for row in rows:
        for column, source in _sources_in(row):
            told = found.setdefault(source, {"source": code(source), "iri": str(source), "title": None, "url": None})
            for name in ("title", "url"):
                value = row.get(f"{column}_{name}", row.get(name) if column in ("source", "iri") else None)
                told[name] = told[name] or (str(value) if value else None)
    return list(found.values())


def _sources_in(row: Binding) -> Iterator[tuple[str, Iri]]:
    """Columns that name a source, and `sources`, which names several by their slugs."""
    for column, value in row.items():
        if isinstance(value, Iri):
            if (key := record_key(value)) and key[0] == "source":
                yield column, value
        elif column == "sources":
            yield from ((column, record_iri("source", slug)) for slug in value.value.split())


_INTEGERS = frozenset(XSD + name for name in ("integer", "int", "long", "nonNegativeInteger"))
_NUMBERS = frozenset(XSD + name for name in ("decimal", "double", "float"))


def typed(literal: Literal) -> object:
    """Return the JSON value of a literal: number, boolean or its text; what JSON cannot say stays text."""
    value = literal.value
    if literal.datatype == XSD + "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(value, value)
    try:
        if literal.datatype in _INTEGERS:
            return int(value)
        if literal.datatype in _NUMBERS and float("-inf") < float(value) < float("inf"):
            return float(value)
    except ValueError:
        pass
    return value
