"""Drafting: what each row says, as statements about one record, or why it cannot say so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from graph_service.errors import TableFinding, UnknownTerm, nearest
from graph_service.store.embedded import is_iri
from graph_service.tables.description import Column, Table
from graph_service.tables.records import TYPE, Graph
from graph_service.tables.sheets import WHOLE_ROW, Row, Sheet, finding
from graph_service.terms import (
    ELP,
    RDF_LANG_STRING,
    XSD,
    XSD_STRING,
    Iri,
    Literal,
    Term,
    record_iri,
    record_key,
)
from graph_service.turtle import Fact

EVIDENCE = Iri(ELP + "evidence")


@dataclass(frozen=True, slots=True)
class Draft:
    """A record as a row has it, its evidence apart."""

    table: Table
    row: int
    subject: Iri
    file: str
    facts: frozenset[Fact]
    evidence: Mapping[Iri, frozenset[Fact]]


def draft(sheets: Sequence[Sheet], graph: Graph) -> tuple[list[Draft], list[str], list[TableFinding]]:
    """Turn rows into drafts; return them with notes on mended values, and with every finding."""
    drafting = _Drafting(sheets, graph)
    drafts = [made for sheet in sheets for row in sheet.rows if (made := drafting.row(sheet.table, row))]
    return drafts, drafting.notes, drafting.findings


class _Drafting:
    """One pass over all rows: knows which records exist, and gathers findings instead of stopping."""

    def __init__(self, sheets: Sequence[Sheet], graph: Graph) -> None:
        self.findings: list[TableFinding] = []
        self.notes: list[str] = []
        self._place = dict(graph.place)  # record → file, also of those to come
        self._belongs = {subject: graph.belongs(subject) for subject in graph.place}
        self._uncertain = {kind for sheet in sheets if not sheet.sound for kind in sheet.table.types}
        self._subjects: dict[tuple[str, int], Iri] = {}
        self._first: dict[tuple[str, Iri], tuple[str, int]] = {}
        self._evidence: dict[Iri, Iri] = {}
        for sheet in sheets:
            self._name_rows(sheet)

    def _name_rows(self, sheet: Sheet) -> None:
        """Name each row's record, so that rows may refer to rows further down."""
        table, named = sheet.table, dict[Iri, list[Row]]()
        for row in sheet.rows:
            try:
                named.setdefault(Iri(fill(table.about, row.cells, table)), []).append(row)
            except ValueError:
                continue  # told when the row is drafted
        for subject, rows in named.items():
            for row in rows:
                told = table.columns[table.distinguish] if table.distinguish and len(rows) > 1 else None
                name = Iri(f"{subject}-{told.slug(row.cells[told.name])}") if told else subject
                self._subjects[table.url, row.number] = name
                self._belongs[name] = self._belongs.get(name, frozenset()) | set(table.types)
                if table.types and table.file:
                    self._place[name] = self._file(table, row) or table.file

    def _file(self, table: Table, row: Row) -> str | None:
        try:
            return fill(table.file or "", row.cells, table)
        except ValueError:
            return None  # told when the row is drafted

    def row(self, table: Table, row: Row) -> Draft | None:
        """Draft one row; None when a finding stands against it."""
        before = len(self.findings)
        facts: set[Fact] = set()
        terms = {column.name: self._cell(table, column, row, facts) for column in table.columns.values()}
        subject = self._subject(table, row, told=len(self.findings) > before)
        if subject is None or len(self.findings) > before:
            return None
        evidence = dict(self._evidence_of(table, row, subject, terms))
        facts |= {(EVIDENCE, name) for name in evidence}
        home = terms[table.file_of][0] if table.types and table.file_of else subject
        file = self._place.get(home) if isinstance(home, Iri) else None
        if file is None:
            return None  # its owner's table could not be read, which is told already
        return Draft(table, row.number, subject, file, frozenset(facts), evidence)

    def _cell(self, table: Table, column: Column, row: Row, facts: set[Fact]) -> list[Term]:
        """Read the terms of a cell, and add what they state to the facts."""
        items = [column.default] if column.virtual else column.items(row.cells[column.name])
        if column.required and not items:
            self._find(table, row, column.name, "The cell is empty, and a value is required.")
        terms: list[Term] = []
        for item in items:
            if item in column.cases:
                facts.add(column.cases[item])
                continue
            try:
                terms.append(self._term(table, column, row, item))
            except ValueError as error:
                self._find(table, row, column.name, str(error))
        if column.property:
            facts |= {(column.property, term) for term in terms}
        return terms

    def _term(self, table: Table, column: Column, row: Row, item: str) -> Term:
        if column.datatype == "anyURI":
            return self._address(table, column, row, item)
        literal = read_literal(column, item, row.cells)
        if column.value_url is None:
            return literal
        iri = Iri(fill(column.value_url, {**row.cells, column.name: item}, table))
        if record_key(iri):
            self._check_reference(column, item or slug_of(iri), iri)
        return iri

    def _address(self, table: Table, column: Column, row: Row, item: str) -> Iri:
        iri = web_address(item)
        if iri != item:
            place = f"{table.url}, row {row.number}, column {column.name}"
            self.notes.append(f"{place}: {item!r} is no address as it stands, and was written as {iri!r}.")
        return iri

    def _check_reference(self, column: Column, item: str, iri: Iri) -> None:
        """Demand that a record exists and belongs where the column says."""
        belongs = self._belongs.get(iri)
        if belongs is not None and (not column.within or belongs.intersection(column.within)):
            return
        if self._uncertain.intersection(column.within):
            return  # the record's own table could not be read, which is told already
        kind = (record_key(iri) or ("",))[0]
        head = (column.value_url or "").partition("{")[0]
        fit = [
            known[len(head) :]
            for known, groups in self._belongs.items()
            if known.startswith(head) and (not column.within or groups.intersection(column.within))
        ]
        near = nearest(item if column.values else column.slug(item), sorted(column.values or fit))
        raise ValueError(str(UnknownTerm(column.name if kind == "concept" else kind, given=item, near=near)))

    def _subject(self, table: Table, row: Row, *, told: bool) -> Iri | None:
        """Return the row's record, if no other row has it; `told`: the row has findings already."""
        key = ", ".join(table.key) or WHOLE_ROW
        subject = self._subjects.get((table.url, row.number))
        if subject is None:
            if not told:
                message = "The key cannot stand in an address: letters, digits and hyphens are expected."
                self._find(table, row, key, message)
            return None
        kind, slug = record_key(subject) or ("record", subject)
        if not self._belongs[subject]:
            head = subject.removesuffix(slug)
            known = [
                name.removeprefix(head) for name, groups in self._belongs.items() if groups and name.startswith(head)
            ]
            self._find(table, row, key, str(UnknownTerm(kind, given=slug, near=nearest(slug, known))))
            return None
        here = (table.url, row.number)
        first = self._first.setdefault(("" if table.types else table.url, subject), here)
        if first != here:
            self._find(table, row, key, f"The key {slug!r} stands already in {first[0]}, row {first[1]}.")
            return None
        return subject

    def _evidence_of(
        self, table: Table, row: Row, subject: Iri, terms: Mapping[str, Sequence[Term]]
    ) -> Iterator[tuple[Iri, frozenset[Fact]]]:
        made: set[Iri] = set()
        for rule in table.evidence:
            supports = [name for each in rule.supports if terms[each] and (name := table.columns[each].property)]
            if rule.supports and not supports:
                continue
            shared: set[Fact] = {(TYPE, Iri(ELP + "Evidence"))}
            shared |= {(Iri(ELP + "certainty"), term) for term in self._named(table, row, rule.certainty, terms)}
            shared |= {(Iri(ELP + "supports"), name) for name in supports}
            quotes = {(Iri(ELP + "quote"), quote) for quote in (terms[rule.quote] if rule.quote else ())}
            sources = set(self._named(table, row, rule.source, terms))
            if quotes and rule.quote_source not in sources:
                self._find(table, row, rule.quote or "", f"The source of the quote is not named: {rule.quote_source}.")
            for source in sources:
                name = evidence_name(subject, rule.suffix or slug_of(str(source)))
                if self._evidence.setdefault(name, subject) != subject or name in made:
                    self._find(table, row, WHOLE_ROW, f"Two pieces of evidence would be named {slug_of(name)}.")
                made.add(name)
                quoted = quotes if source == rule.quote_source else set()
                yield name, frozenset(shared | quoted | {(Iri(ELP + "source"), source)})

    def _named(self, table: Table, row: Row, name: str, terms: Mapping[str, Sequence[Term]]) -> Sequence[Term]:
        """Return the terms of a column; or the record of that address, which must exist."""
        if name in terms:
            return terms[name]
        if name not in self._belongs:
            self._find(table, row, "(description)", f"There is no record {name}.")
        return [Iri(name)]

    def _find(self, table: Table, row: Row, column: str, message: str) -> None:
        self.findings.append(finding(table, row.number, column, message))


def evidence_name(subject: Iri, suffix: str) -> Iri:
    """Name the evidence of a record, so that it stays the same when other evidence comes or goes.

    >>> evidence_name(record_iri("gap", "ar-gender"), "src-x")
    <https://w3id.org/elpaccto/id/evidence/gap-ar-gender-src-x>
    """
    return record_iri("evidence", "-".join((*(record_key(subject) or (subject,)), suffix)))


def slug_of(iri: str) -> str:
    """Return the slug of a record, or what stands behind the last slash or hash of another IRI."""
    key = record_key(iri)
    return key[1] if key else re.split(r"[/#]", iri.rstrip("/#"))[-1]


def fill(template: str, cells: Mapping[str, str], table: Table) -> str:
    """Fill a template (`{name}`: slug, `{name|lower}`: slug in lower case, `{+name}`: as it stands).

    Raises:
        ValueError: a value cannot stand in an address; the text says which.
    """

    def put(found: re.Match[str]) -> str:
        reserved, name, lower = found.groups()
        column = table.columns[name]
        value = column.values.get(cells[name], cells[name])
        if reserved:
            return value
        slug = column.slug(value)
        if not re.fullmatch(r"[A-Za-z0-9]+(-+[A-Za-z0-9]+)*", slug):
            message = f"The value {value!r} cannot stand in an address: letters, digits and hyphens are expected."
            raise ValueError(message)
        return slug.lower() if lower else slug

    return re.sub(r"\{(\+?)(\w+)(\|lower)?\}", put, template)


def read_literal(column: Column, item: str, cells: Mapping[str, str]) -> Literal:
    """Read a value as the column's datatype says.

    Raises:
        ValueError: it cannot be read; the text says what was expected.
    """
    if column.partial_date:
        return read_date(item)
    if column.datatype == "boolean":
        yes, _, no = (column.format or "true|false").partition("|")
        if item not in (yes, no):
            raise ValueError(f"The value {item!r} is neither {yes!r} nor {no!r}.")
        return Literal("true" if item == yes else "false", None, XSD + "boolean")
    if column.datatype in ("decimal", "integer"):
        return _number(column.datatype, item)
    if column.format and not re.fullmatch(column.format, item):
        raise ValueError(f"The value {item!r} is not {column.expected or 'of the form ' + column.format}.")
    by = column.language_by
    language = by["values"].get(cells[by["by"]], by["otherwise"]) if by else column.language
    return Literal(item, language, RDF_LANG_STRING if language else XSD_STRING)


def _number(datatype: str, item: str) -> Literal:
    pattern, example = (r"[+-]?\d+(\.\d+)?", "-16.5") if datatype == "decimal" else (r"[+-]?\d+", "18")
    if not re.fullmatch(pattern, item, re.ASCII):
        raise ValueError(f"The value {item!r} is not a number such as {example}.")
    plain = format(Decimal(item), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return Literal("0" if plain == "-0" else plain, None, XSD + datatype)


_DATE_TYPES = {4: "gYear", 7: "gYearMonth", 10: "date"}


def read_date(item: str) -> Literal:
    """Read a day, a month or a year, as precise as it is given.

    >>> read_date("2017-07").datatype.removeprefix(XSD)
    'gYearMonth'
    """
    try:
        if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", item, re.ASCII):
            raise ValueError
        date.fromisoformat(item + "-01-01"[len(item) - 4 :] if len(item) < 10 else item)
    except ValueError:
        message = f"The value {item!r} is not a date: YYYY-MM-DD, YYYY-MM or YYYY is expected."
        raise ValueError(message) from None
    return Literal(item, None, XSD + _DATE_TYPES[len(item)])


def web_address(item: str) -> Iri:
    """Read a web address; characters that no IRI may hold (RFC 3987) are percent-encoded, all others stay.

    >>> web_address("https://example.org/a b")
    <https://example.org/a%20b>
    """
    mended = re.sub(r'[\x00-\x20<>"{}|\\^`]|%(?![0-9A-Fa-f]{2})', lambda found: f"%{ord(found[0]):02X}", item)
    if not re.match(r"https?://[^/]", mended) or not is_iri(mended):
        raise ValueError(f"The value {item!r} is not a web address that begins with https:// or http://.")
    return Iri(mended)
