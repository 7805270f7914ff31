"""The description of tables: CSV on the Web metadata, read into values. No table is opened here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from graph_service.errors import TableFinding, TablesRefused, UnknownTerm, nearest
from graph_service.tables.records import TYPE
from graph_service.terms import (
    PREFIXES,
    XSD,
    Iri,
    Literal,
    slugify,
)
from graph_service.turtle import Fact

CONCEPTS = "ontology/concepts.ttl"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table (CSVW, 5.6), or a virtual one, which every row has with the same value."""

    name: str
    titles: tuple[str, ...] = ()
    property: Iri | None = None  # None: the cell makes no statement of its own
    value_url: str | None = None
    default: str = ""
    language: str | None = None
    language_by: Mapping[str, Any] | None = None
    datatype: str = "string"
    format: str | None = None
    expected: str = ""  # the format in words
    partial_date: bool = False
    separator: str | None = None
    required: bool = False
    null: tuple[str, ...] = ("",)
    virtual: bool = False
    slug: Callable[[str], str] = lambda text: text.replace("_", "-")
    values: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, Fact] = field(default_factory=dict)
    within: tuple[Iri, ...] = ()  # classes and schemes that the record referred to must belong to

    def items(self, cell: str) -> list[str]:
        """Split a cell into its values; none when the cell is empty."""
        parts = [part.strip() for part in cell.split(self.separator)] if self.separator else [cell]
        return [self.values.get(part, part) for part in parts if part not in self.null]

    def owns(self, fact: Fact) -> bool:
        """Tell whether a statement on a record of the table is this column's to replace."""
        name, value = fact
        if any(name == other for other, _ in self.cases.values()):
            return True
        if name != self.property:
            return False
        if self.value_url is None:
            return isinstance(value, Literal) and value.language in self.languages()
        head, brace, _ = self.value_url.partition("{")
        return isinstance(value, Iri) and (value.startswith(head) if brace else value == head)

    def languages(self) -> tuple[str | None, ...]:
        """Return the languages that the column's texts may have."""
        by = self.language_by
        return (*by["values"].values(), by["otherwise"]) if by else (self.language,)


@dataclass(frozen=True, slots=True)
class EvidenceRule:
    """Which evidence a row gives its record; `source` and `certainty` name a column, or are an address."""

    source: str
    certainty: str
    quote: str | None = None
    quote_source: str | None = None
    suffix: str | None = None
    supports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: where its rows come from, what they name, and where their statements go."""

    url: str
    about: str
    types: tuple[Iri, ...]  # the classes that it gives its records; none: it adds to records that exist
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    delimiter: str = ","
    file: str | None = None
    file_of: str | None = None
    distinguish: str | None = None
    evidence: tuple[EvidenceRule, ...] = ()

    def owns(self, fact: Fact) -> bool:
        """Tell whether a statement on a record of the table is the table's to replace."""
        return any(column.owns(fact) for column in self.columns.values())


Description = Mapping[str, Table]  # by file name, in the order of the description

_ANNOTATIONS = {
    "table": ("elp:file", "elp:fileOf", "elp:distinguish", "elp:evidence"),
    "column": ("elp:slug", "elp:values", "elp:cases", "elp:lang", "elp:partialDate", "elp:in"),
}
_SLUGS: Mapping[str, Callable[[str], str]] = {"slugify": slugify}


def read_description(path: Path) -> Description:
    """Read the description of the tables.

    Raises:
        TablesRefused: it is no JSON, lacks what CSVW demands, or has an annotation that nobody knows.
    """
    try:
        return describe(json.loads(path.read_text("utf-8")))
    except json.JSONDecodeError as error:
        finding = TableFinding(path.name, error.lineno, f"character {error.colno}", f"This is not JSON: {error.msg}.")
    except (KeyError, TypeError, AttributeError) as error:
        finding = TableFinding(path.name, 1, "(description)", f"The description lacks or misuses {error}.")
    except ValueError as error:
        finding = TableFinding(path.name, 1, "(description)", str(error))
    raise TablesRefused([finding])


def describe(metadata: Mapping[str, Any]) -> Description:
    """Make the description from CSVW metadata: a table group, or a single table."""
    entries = {entry["url"]: entry for entry in metadata.get("tables", [metadata])}
    return {url: _table(entry, entries) for url, entry in entries.items()}


def _table(entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> Table:
    _check_annotations(entry, "table")
    schema = entry["tableSchema"]
    key = schema.get("primaryKey", ())
    foreign = {
        key["columnReference"]: _classes(entries[key["reference"]["resource"]])[:1]
        for key in schema.get("foreignKeys", ())
    }
    table = Table(
        url=entry["url"],
        about=schema["aboutUrl"],
        types=_classes(entry),
        columns={each["name"]: _column(each, foreign.get(each["name"], ())) for each in schema["columns"]},
        key=(key,) if isinstance(key, str) else tuple(key),
        delimiter=entry.get("dialect", {}).get("delimiter", ","),
        file=_safe(entry["elp:file"]) if "elp:file" in entry else None,
        file_of=entry.get("elp:fileOf"),
        distinguish=entry.get("elp:distinguish"),
        evidence=tuple(_evidence_rule(rule) for rule in entry.get("elp:evidence", ())),
    )
    if table.types and not table.file and not (table.file_of and table.columns[table.file_of].required):
        raise ValueError(f"The table {table.url} needs elp:file, or elp:fileOf with a required column.")
    return table


def _classes(entry: Mapping[str, Any]) -> tuple[Iri, ...]:
    """Return the classes that a table gives its records, by virtual columns for rdf:type."""
    columns = entry["tableSchema"]["columns"]
    return tuple(Iri(_expand(each["valueUrl"])) for each in columns if _expand(each.get("propertyUrl", "")) == TYPE)


def _safe(file: str) -> str:
    path = PurePosixPath(file)
    inside = path.parts[0] == "data" and ".." not in path.parts and path.suffix == ".ttl"
    if not inside and file != CONCEPTS:
        raise ValueError(f"elp:file {file!r} is not a Turtle file in data/, nor {CONCEPTS}.")
    return file


def _evidence_rule(rule: Mapping[str, Any]) -> EvidenceRule:
    return EvidenceRule(
        rule["source"],
        rule["certainty"],
        rule.get("quote"),
        rule.get("quoteSource"),
        rule.get("suffix"),
        tuple(rule.get("supports", ())),
    )


def _column(entry: Mapping[str, Any], within: tuple[Iri, ...]) -> Column:
    _check_annotations(entry, "column")
    datatype = entry.get("datatype", {})
    datatype = {"base": datatype} if isinstance(datatype, str) else datatype
    titles, null = entry.get("titles", ()), entry.get("null", "")
    return Column(
        name=entry["name"],
        titles=(titles,) if isinstance(titles, str) else tuple(titles),
        property=None if entry.get("suppressOutput") else _expand(entry["propertyUrl"]),
        value_url=_expand(entry["valueUrl"]) if "valueUrl" in entry else None,
        default=entry.get("default", ""),
        language=entry.get("lang"),
        language_by=entry.get("elp:lang"),
        datatype=datatype.get("base", "string"),
        format=datatype.get("format"),
        expected=datatype.get("dc:title", ""),
        partial_date=entry.get("elp:partialDate", False),
        separator=entry.get("separator"),
        required=entry.get("required", False),
        null=(null, "") if isinstance(null, str) else (*null, ""),
        virtual=entry.get("virtual", False),
        **({"slug": _SLUGS[entry["elp:slug"]]} if "elp:slug" in entry else {}),
        values=entry.get("elp:values", {}),
        cases={word: _case(case) for word, case in entry.get("elp:cases", {}).items()},
        within=tuple(_expand(name) for name in entry.get("elp:in", ())) or within,
    )


def _case(case: Mapping[str, Any]) -> Fact:
    return _expand(case["propertyUrl"]), Literal(case["default"], None, XSD + case.get("datatype", "string"))


def _expand(name: str) -> Iri:
    prefix, colon, local = name.partition(":")
    return Iri(PREFIXES[prefix] + local) if colon and prefix in PREFIXES else Iri(name)


def _check_annotations(entry: Mapping[str, Any], place: str) -> None:
    for name in entry:
        if name.startswith("elp:") and name not in _ANNOTATIONS[place]:
            raise ValueError(str(UnknownTerm("annotation", given=name, near=nearest(name, _ANNOTATIONS[place]))))
