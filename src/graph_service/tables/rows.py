"""Rows: what the tables say of the records of a graph. The reverse of drafting; pure.

A row is written only if bringing it back would change nothing: each is read and drafted again before it counts.
A record that the columns cannot hold without loss (two addresses where one cell is, evidence of another
certainty than the row's) is held back and named, so that an import leaves it as it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from graph_service.tables.description import Column, Description, EvidenceRule, Table
from graph_service.tables.drafting import EVIDENCE, Draft, draft, evidence_name, slug_of
from graph_service.tables.merging import leaves_unchanged
from graph_service.tables.records import Graph
from graph_service.tables.sheets import read_sheets
from graph_service.terms import ELP, Iri, Literal, Term
from graph_service.turtle import Fact

Cells = Mapping[str, str]  # a row: column → cell, empty where nothing is said
_NAME = re.compile(r"\\?\{(\\?\+?)(\w+)(?:\\?\|lower)?\\?\}")


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table, in order of the records that they name."""

    table: Table
    rows: tuple[Cells, ...]
    held_back: tuple[Iri, ...] = ()  # records of its class that no table can hold without loss

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that stand in the file, in order."""
        return tuple(column for column in self.table.columns.values() if not column.virtual)


def rows_of(graph: Graph, description: Description) -> tuple[TableRows, ...]:
    """Write the records of a graph as rows, table by table.

    A record goes to the first table of its class that can say all of it.
    """
    found: dict[str, dict[Iri, Cells]] = {}
    named: set[Iri] = set()
    for table in description.values():
        rows = {subject: cells for subject, cells in _candidates(graph, table) if subject not in named}
        named |= rows.keys() if table.types else set()
        found[table.url] = rows
    _hold_back(graph, description, found)
    written = {subject for rows in found.values() for subject in rows}
    last = {table.types[0]: table.url for table in description.values() if table.types}
    return tuple(
        TableRows(
            table,
            tuple(found[table.url].values()),
            tuple(
                subject
                for subject in (_of_class(graph, table) if table.types and last[table.types[0]] == table.url else ())
                if subject not in written
            ),
        )
        for table in description.values()
    )


def sheet_bytes(table: Table, rows: Iterable[Cells]) -> bytes:
    """Write rows as CSV (RFC 4180), in UTF-8, under the names of their columns."""
    names = [column.name for column in table.columns.values() if not column.virtual]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=table.delimiter, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return text.getvalue().encode()


def _hold_back(graph: Graph, description: Description, found: Mapping[str, dict[Iri, Cells]]) -> None:
    """Take out the rows that would not come back as they are, until all that are left do."""
    while True:
        files = {url: sheet_bytes(description[url], rows.values()) for url, rows in found.items()}
        sheets, findings = read_sheets(files, description)
        drafts, _, more = draft(sheets, graph)
        sound = {(each.table.url, each.row): each for each in drafts}
        wrong = {(finding.file, finding.row) for finding in (*findings, *more)}
        lost = [
            (url, subject)
            for url, rows in found.items()
            for number, subject in enumerate(rows, 2)
            if (url, number) in wrong or not _comes_back(graph, subject, sound.get((url, number)))
        ]
        for url, subject in lost:
            del found[url][subject]
        if not lost:
            return


def _comes_back(graph: Graph, subject: Iri, each: Draft | None) -> bool:
    if each is None or each.subject != subject or not leaves_unchanged(graph, each):
        return False
    return PurePosixPath(graph.place[subject]).stem == PurePosixPath(each.file).stem


def _of_class(graph: Graph, table: Table) -> list[Iri]:
    """List the records that the table may be about."""
    head = table.about.partition("{")[0]
    wanted = table.types[:1]
    return sorted(
        subject
        for subject in graph.place
        if subject.startswith(head) and (not wanted or wanted[0] in graph.belongs(subject))
    )


def _candidates(graph: Graph, table: Table) -> Iterator[tuple[Iri, Cells]]:
    for subject in _of_class(graph, table):
        cells = _row(graph, table, subject)
        if cells is not None:
            yield subject, cells


def _row(graph: Graph, table: Table, subject: Iri) -> Cells | None:
    """Write one record as a row; None when its key does not stand in what is said of it."""
    facts = graph.facts(subject)
    cells: dict[str, str] = {}
    for column in table.columns.values():
        if not column.virtual and column.property:
            cells[column.name] = _join(column, [*_words(column, facts), *_said(column, facts)])
    for rule in table.evidence:
        _put_evidence(graph, table, rule, subject, cells)
    cells |= {name: value for name, value in _key(table, subject, cells).items() if not cells.get(name)}
    if any(not cells.get(name) for name in table.key):
        return None
    return {column.name: cells.get(column.name, "") for column in table.columns.values() if not column.virtual}


def _words(column: Column, facts: frozenset[Fact]) -> list[str]:
    """The words of the column for statements of another property."""
    return [word for word, fact in column.cases.items() if fact in facts]


def _said(column: Column, facts: frozenset[Fact]) -> list[str]:
    values = (value for name, value in facts if name == column.property and column.owns((name, value)))
    return sorted(item for value in values if (item := _item(column, value)) is not None)


def _item(column: Column, value: Term) -> str | None:
    """Write one value as it stands in a cell; None when the column has no word for it."""
    if isinstance(value, Literal):
        if column.datatype == "boolean":
            yes, _, no = (column.format or "true|false").partition("|")
            return {"true": yes, "false": no}.get(value.value)
        return value.value
    if column.value_url is None:
        return None
    found = re.fullmatch(_NAME.sub(r"(.+)", re.escape(column.value_url)), value)
    return _word(column, found[1]) if found else None


def _word(column: Column, slug: str) -> str:
    """The table's own word for a slug, where the description translates it."""
    return next((word for word, meant in column.values.items() if column.slug(meant) == slug), slug)


def _join(column: Column, items: Sequence[str]) -> str:
    """Put values into one cell; what does not fit is found when the row is read again."""
    return (column.separator or "; ").join(items)


def _put_evidence(graph: Graph, table: Table, rule: EvidenceRule, subject: Iri, cells: dict[str, str]) -> None:
    """Fill the cells for source, certainty and quote from the evidence that bears the rule's name."""
    named = {value for name, value in graph.facts(subject) if name == EVIDENCE and isinstance(value, Iri)}
    found: dict[str, set[Term]] = {"source": set(), "certainty": set(), "quote": set()}
    for name in named:
        said = graph.facts(name)
        sources = [value for predicate, value in said if predicate == ELP + "source"]
        if any(name == evidence_name(subject, rule.suffix or slug_of(str(source))) for source in sources):
            for each, values in found.items():
                values |= {value for predicate, value in said if predicate == ELP + each}
    for each, place in (("source", rule.source), ("certainty", rule.certainty), ("quote", rule.quote)):
        if place in table.columns and place is not None:
            column = table.columns[place]
            items = sorted(item for value in found[each] if (item := _item(column, value)) is not None)
            cells[place] = _join(column, items)


def _key(table: Table, subject: Iri, cells: Mapping[str, str]) -> dict[str, str]:
    """Read the cells that stand in the record's name alone; a column with a property has its value from there."""

    def part(found: re.Match[str]) -> str:
        name = found[2]
        column = table.columns[name]
        return re.escape(column.slug(cells[name])) if cells.get(name) else f"(?P<{name}>[A-Za-z0-9-]+)"

    if any(table.columns[name].property and not cells.get(name) for name in table.key):
        return {}

    match = re.fullmatch(_NAME.sub(part, re.escape(table.about)), subject)
    return {name: _word(table.columns[name], slug) for name, slug in match.groupdict().items()} if match else {}
