"""Exporting: a release as files to take away: the graph in RDF, its tables as CSV package and as spreadsheet.

The same release gives the same bytes. A file is written once, beside its place, and put there whole; it is kept
until the release's own data goes. No HTTP.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_service.asking import once_per_release
from graph_service.errors import HomeError, UnknownTerm, nearest
from graph_service.release import Release
from graph_service.store.dumping import convert_dump, write_dump
from graph_service.tables.description import Column, Description, describe
from graph_service.tables.records import Graph
from graph_service.tables.rows import TableRows, rows_of, sheet_bytes
from graph_service.terms import BASE, DERIVED_GRAPH, GRAPH, Iri, choose
from graph_service.turtle import Document, Fact

if TYPE_CHECKING:
    from graph_service.spreadsheet import Value

STEM = BASE.rstrip("/").rpartition("/")[2]  # the files are named like the namespace
WHOLE = ("ttl", "nq", "trig", "jsonld", "nt", "rdf", "csv.zip", "xlsx")
ONE_GRAPH = ("ttl", "jsonld", "nt", "rdf")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
TABLES = "ontology/tables.json"
METADATA = "csv-metadata.json"  # the name that CSV on the Web looks for (Model for Tabular Data, 5.4)
AT_ONCE = 200_000  # statements: files of no more than that are written for whoever looks at the list
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Export:
    """A file that a release can be taken away in; `graph` is the only one it holds, or None for all."""

    name: str
    suffix: str
    graph: Iri | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """An export on disk."""

    export: Export
    path: Path
    size_bytes: int
    sha256: str
    rows: int  # statements of a graph, rows of tables


def exports(release: Release) -> tuple[Export, ...]:
    """All files of a release: the whole graph first, then graph by graph.

    A graph whose name is no plain word, or that of the whole, has no file of its own.
    """
    stems = [graph.removeprefix(GRAPH) for graph in release.record.graphs if graph.startswith(GRAPH)]
    plain = [stem for stem in stems if re.fullmatch(r"[\w-]+", stem, re.ASCII) and stem != STEM]
    return (
        *(Export(f"{STEM}.{suffix}", suffix) for suffix in WHOLE),
        *(Export(f"{stem}.{suffix}", suffix, Iri(GRAPH + stem)) for stem in plain for suffix in ONE_GRAPH),
    )


def find_export(release: Release, name: str) -> Export:
    """The export of that file name; UnknownTerm with near names if there is none."""
    known = {each.name: each for each in exports(release)}
    if name not in known:
        raise UnknownTerm("export", given=name, near=_near(name, list(known))[:3])
    return known[name]


def _near(name: str, known: Sequence[str]) -> list[str]:
    """Files of a near name in the same format, then that of the whole graph; else whatever looks alike."""
    stem, _, suffix = name.partition(".")
    if suffix not in WHOLE:
        return [*nearest(name, known), *(f"{STEM}.{each}" for each in WHOLE)]
    stems = nearest(stem, [each.removesuffix(f".{suffix}") for each in known if each.endswith(f".{suffix}")], 2)
    return list(dict.fromkeys([*(f"{each}.{suffix}" for each in stems), f"{STEM}.{suffix}"]))


class ExportFolder:
    """The exports in a home folder: `exports/{release}/{version}/{file}`, each with a note of its digest."""

    def __init__(self, home: Path, version: str) -> None:
        self._home, self._version = home, version
        self._lock = threading.RLock()

    @classmethod
    @cache
    def of(cls, home: Path, version: str) -> ExportFolder:
        """The one folder of a home, so that no file is written twice at the same time in this process."""
        return cls(home, version)

    def get(self, release: Release, export: Export) -> Written:
        """The file, written now if it is not there yet.

        Raises:
            HomeError: it cannot be written.
        """
        path = self._path(release, export)
        note = _note(path)
        if (known := _noted(export, path, note)) is not None:
            return known
        with self._lock:
            if (known := _noted(export, path, note)) is not None:
                return known
            try:
                self._prune(release.number)
                return self._write(release, export, path, note)
            except OSError as error:
                problem = os.strerror(error.errno) if error.errno else str(error)
                raise HomeError(f"The export {export.name} cannot be written ({problem}).") from None

    def listed(self, release: Release, export: Export) -> Written | None:
        """The file as a list tells of it: where writing it takes long, only if it is there. Raises as `get`."""
        if is_soon_written(release):
            return self.get(release, export)
        path = self._path(release, export)
        return _noted(export, path, _note(path))

    def _path(self, release: Release, export: Export) -> Path:
        return self._home / "exports" / str(release.number) / self._version / export.name

    def _write(self, release: Release, export: Export, path: Path, note: Path) -> Written:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            fresh = Path(folder) / path.name
            rows = self._fill(release, export, fresh)
            sha256, size_bytes = _digest(fresh)
            then = _created(release).timestamp()
            os.utime(fresh, (then, then))
            told = fresh.with_name(note.name)
            told.write_text(json.dumps({"size_bytes": size_bytes, "sha256": sha256, "rows": rows}), "utf-8")
            fresh.replace(path)
            told.replace(note)
        return Written(export, path, size_bytes, sha256, rows)

    def _fill(self, release: Release, export: Export, target: Path) -> int:
        """Write one export; returns how many statements or rows it holds."""
        if export.suffix in TABLES_IN:
            target.write_bytes(TABLES_IN[export.suffix](release))
            return sum(len(each.rows) for each in tables(release))
        if export.suffix in ("nt", "nq", "trig"):
            return write_dump(release.store, export.suffix, target, export.graph)
        lines = self.get(release, replace(export, name=export.name.removesuffix(export.suffix) + "nt", suffix="nt"))
        convert_dump(lines.path, export.suffix, target)
        return lines.rows

    def _prune(self, asked: int) -> None:
        """Remove the exports of releases whose data is no longer kept, the one that is asked for apart."""
        for folder in (self._home / "exports").glob("*"):
            if folder.name != str(asked) and not (self._home / "releases" / folder.name).is_dir():
                shutil.rmtree(folder, ignore_errors=True)


def is_soon_written(release: Release) -> bool:
    """Whether all files of a release are written while somebody waits."""
    return release.record.quads <= AT_ONCE


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _noted(export: Export, path: Path, note: Path) -> Written | None:
    try:
        return Written(export, path, **json.loads(note.read_text("utf-8"))) if path.is_file() else None
    except (OSError, ValueError, TypeError):
        return None


def _digest(path: Path) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes


# Tables


@once_per_release
def tables(release: Release) -> tuple[TableRows, ...]:
    """The tables that `graph-service import` reads, filled from what the release asserts."""
    description = _description(release)
    documents = {
        f"{graph.rpartition('/')[2]}.ttl": _document(release, graph)
        for graph in release.store.graphs()
        if graph != DERIVED_GRAPH and description
    }
    return rows_of(Graph(documents), description)


def table_rows(release: Release, table: str) -> TableRows:
    """The rows of one table, by file name; UnknownTerm if there is none of that name."""
    known = {each.table.url: each for each in tables(release)}
    if table not in known:
        raise UnknownTerm("table", given=table, near=nearest(table, list(known)))
    return known[table]


def csv_package(release: Release) -> bytes:
    """All tables in one zip file: CSV, what their columns mean (CSVW), a dictionary, and how to bring them back."""
    files = {
        "README.txt": _readme(release).encode(),
        METADATA: metadata(release),
        "data-dictionary/columns.csv": _dictionary_csv(release),
        **{each.table.url: sheet_bytes(each.table, each.rows) for each in tables(release)},
    }
    packed = io.BytesIO()
    moment = max(_created(release).timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, data)
    return packed.getvalue()


def metadata(release: Release) -> bytes:
    """The description of the tables as they stand in the package (CSV on the Web), headers under their names."""
    whole = _metadata(release)
    entries = whole.get("tables", [whole]) if whole else []
    told: dict[str, Any] = {
        "@context": whole.get("@context", "http://www.w3.org/ns/csvw"),
        "dc:title": title(release),
        "dc:issued": release.date.isoformat(),
        "dc:license": {"@id": LICENCE},
        **{name: value for name, value in whole.items() if name == "dc:description"},
        "tables": [_headed(entry) for entry in entries],
    }
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def workbook(release: Release) -> bytes:
    """All tables as a spreadsheet (XLSX): a sheet that explains, then one for each table."""
    from graph_service.spreadsheet import Sheet, workbook_bytes  # what it brings takes long to start with

    first = Sheet("About", (), [[line] for line in _about(release)], widths=(110,))
    rows = [list(row) for row in _dictionary(release)]
    columns = Sheet("Columns", DICTIONARY, rows, widths=(24, 26, 40, 12, 10, 60))
    filled = [Sheet(each.table.url.removesuffix(".csv"), *_cells(each)) for each in tables(release)]
    return workbook_bytes([first, columns, *filled], title(release), _created(release))


def _cells(found: TableRows) -> tuple[Sequence[str], Iterator[Sequence[Value]]]:
    """The header of a table, and its rows."""
    rows = ([_typed(column, row[column.name]) for column in found.columns] for row in found.rows)
    return [column.name for column in found.columns], rows


TABLES_IN: Mapping[str, Callable[[Release], bytes]] = {"csv.zip": csv_package, "xlsx": workbook}


def title(release: Release) -> str:
    """What the data is called: the programme's name, in English where there is one."""
    programmes = release.members("elp:Programme")
    name = choose(programmes[0].labels, "en") if programmes else None
    return f"{name}: tables" if name else "Knowledge graph: tables"


def _created(release: Release) -> datetime.datetime:
    return datetime.datetime.fromisoformat(release.record.created)


def _typed(column: Column, cell: str) -> Value:
    """A number, a full day, or the text; `yes` and `no` stay words, so that a sheet saved as CSV can be imported."""
    if column.datatype == "decimal" and cell:
        return float(cell)
    if column.datatype == "integer" and cell:
        return int(cell)
    if column.partial_date and len(cell) == 10 and cell >= "1900-03-01":  # before it, spreadsheets count days wrongly
        return datetime.date.fromisoformat(cell)
    return cell


def _metadata(release: Release) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(release.file(TABLES))
    except FileNotFoundError:
        return {}
    return found


def _description(release: Release) -> Description:
    found = _metadata(release)
    return describe(found) if found else {}


def _document(release: Release, graph: Iri) -> Document:
    records: dict[Iri, set[Fact]] = {}
    for subject, predicate, value in release.store.graph(graph):
        records.setdefault(subject, set()).add((predicate, value))
    return Document({subject: frozenset(facts) for subject, facts in records.items()})


def _headed(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """A table's description, with the name of each column as the first of its titles."""
    columns = []
    for column in entry["tableSchema"]["columns"]:
        titles = column.get("titles", [])
        known = [titles] if isinstance(titles, str) else list(titles)
        named = {"titles": list(dict.fromkeys([column["name"], *known]))}
        columns.append(column if column.get("virtual") else {**column, **named})
    return {**entry, "tableSchema": {**entry["tableSchema"], "columns": columns}}


DICTIONARY = ("table", "column", "title", "type", "required", "meaning")


def _dictionary(release: Release) -> Iterator[Sequence[str]]:
    """One row for each column of each table."""
    for each in tables(release):
        for column in each.columns:
            yield (
                each.table.url,
                column.name,
                next((text for text in column.titles if text != column.name), column.name),
                _type(column),
                "yes" if column.required else "no",
                _meaning(column),
            )


def _dictionary_csv(release: Release) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([DICTIONARY, *_dictionary(release)])
    return text.getvalue().encode()


def _type(column: Column) -> str:
    if column.partial_date:
        return "date"
    if column.datatype == "anyURI":
        return "web address"
    if column.value_url:
        return "identifier"
    return {"string": "text", "boolean": "yes or no"}.get(column.datatype, column.datatype)


def _meaning(column: Column) -> str:
    """What a cell states, and how it is written, in one line."""
    parts = [f"states <{column.property}>" if column.property else "names the record or its evidence"]
    if column.language:
        parts.append(f"text in the language {column.language!r}")
    if column.expected:
        parts.append(column.expected)
    if column.separator:
        parts.append(f"several values stand apart by {column.separator!r}")
    if column.partial_date:
        parts.append("as precise as it is known: YYYY, YYYY-MM or YYYY-MM-DD")
    if words := [*column.cases, *column.values]:
        parts.append(f"words with a meaning of their own: {', '.join(words)}")
    return "; ".join(parts)


def _about(release: Release) -> list[str]:
    """What the first sheet and the README say."""
    found = tables(release)
    held = [f"  {iri}" for each in found for iri in each.held_back]
    return [
        title(release),
        f"Release {release.number} of {release.date.isoformat()}. Licence: {LICENCE}",
        "",
        *(_LANGUAGES),
        "",
        "Tables",
        *(f"  {each.table.url.removesuffix('.csv')}: {len(each.rows)} rows" for each in found),
        "",
        "Where two tables hold records of one class and the graph does not tell them apart, all stand in the first.",
        "Derived statements are not in the tables. Each row names its sources and how certain it is.",
        *(["Records that no row can hold without loss, and that are left out here:", *held] if held else []),
    ]


_LANGUAGES = (
    "en: The facts of the graph as tables, one record in each row. Empty cells are not recorded, which is not 'none'.",
    "es: Los hechos del grafo en tablas, un registro por fila. Una celda vacía no está registrada, no es «ninguno».",
    "fr: Les faits du graphe en tableaux, une fiche par ligne. Une case vide n'est pas renseignée, non « aucun ».",
    "pt: Os factos do grafo em tabelas, um registo por linha. Uma célula vazia não está registada, não é «nenhum».",
)


def _readme(release: Release) -> str:
    lines: Iterable[str] = (
        *_about(release),
        "",
        "Files",
        f"  {METADATA}: what the columns mean (CSV on the Web, https://www.w3.org/TR/tabular-metadata/)",
        "  data-dictionary/columns.csv: the same in words, one row for each column",
        "",
        "Corrections",
        "  Correct the CSV files (UTF-8) and bring them back with: graph-service import FOLDER",
        "  Rows that were not changed change nothing. A removed row is reported, and removed only with --prune.",
    )
    return "".join(f"{line}\r\n" for line in lines)
