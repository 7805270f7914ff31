"""Tables: CSV rows become statements in the Turtle files of a project, as a description of the tables says.

`ontology/tables.json` (CSV on the Web metadata) holds all that is particular to a table; nothing here names a
table, a column or a value. Reading, checking, drafting and merging are pure; only `import_tables` touches files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graph_service.errors import DataRefused, TablesRefused
from graph_service.tables.description import CONCEPTS, read_description
from graph_service.tables.drafting import draft
from graph_service.tables.merging import TableCount, merge
from graph_service.tables.records import Graph
from graph_service.tables.sheets import read_sheets
from graph_service.turtle import parse, serialize

DESCRIPTIONS = ("tables.json", "csvw-metadata.json", "csv-metadata.json")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or with `dry_run` would do; `files` are those written, from the project's folder."""

    tables: tuple[TableCount, ...]
    files: tuple[str, ...]
    notes: tuple[str, ...]  # values that were mended on the way, one sentence each
    pruned: bool = False
    dry_run: bool = False

    def lines(self) -> Iterator[str]:
        """Say it in plain lines, for a person who watches."""
        for count in self.tables:
            done = f"{count.added} added, {count.changed} changed, {count.unchanged} unchanged"
            yield f"{count.table}: {count.rows} rows, {done}"
            for slug in count.gone:
                yield f"  no longer in the table: {slug} ({'removed' if self.pruned else 'kept'})"
        yield from self.notes
        verb = "would be written" if self.dry_run else "written"
        yield f"{len(self.files)} files {verb}" + "".join(f"\n  {name}" for name in self.files)


def import_tables(directory: Path, project: Path, *, prune: bool = False, dry_run: bool = False) -> ImportReport:
    """Bring the tables of a folder into a project's Turtle files; write only the files whose facts change.

    Args:
        directory: holds the CSV files, and its own description (one of DESCRIPTIONS) or none;
            or one CSV file.
        project: holds `ontology/` and `data/`; its `ontology/tables.json` is the description otherwise.
        prune: remove the records that the tables no longer hold, instead of reporting them alone.
        dry_run: write nothing.

    Raises:
        DataRefused: there is no such folder, or no CSV file in it.
        TablesRefused: with every finding in every table; nothing was written.
        RdfSyntaxError: a Turtle file of the project cannot be read; nothing was written.
        OSError: a file cannot be read or written.
    """
    paths = [directory] if directory.is_file() else sorted(directory.glob("*.csv"))
    if not paths:
        raise DataRefused(f"{directory} {'holds no .csv file' if directory.is_dir() else 'does not exist'}.")
    description = read_description(_description_path(paths[0].parent, project))
    sheets, findings = read_sheets({path.name: path.read_bytes() for path in paths}, description)
    documents = {name: parse((project / name).read_text("utf-8"), name) for name in _turtle_files(project)}
    graph = Graph(documents)
    drafts, notes, more = draft(sheets, graph)
    if findings or more:
        raise TablesRefused([*findings, *more])
    counts = merge(graph, drafts, sheets, description, prune=prune)
    changed = graph.changed_files()
    if not dry_run:
        _write(project, {name: serialize(document) for name, document in changed.items()})
    return ImportReport(tuple(counts), tuple(sorted(changed)), tuple(notes), prune, dry_run)


def _description_path(directory: Path, project: Path) -> Path:
    own = [directory / name for name in DESCRIPTIONS if (directory / name).is_file()]
    return own[0] if own else project / "ontology" / DESCRIPTIONS[0]


def _turtle_files(project: Path) -> list[str]:
    found = [*sorted(project.glob("data/**/*.ttl")), project / CONCEPTS]
    return [path.relative_to(project).as_posix() for path in found if path.is_file()]


def _write(project: Path, texts: Mapping[str, str]) -> None:
    """Write all files beside their places first, then rename each: a full disk leaves everything as it was."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, text in texts.items():
            target = project / name
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
            waiting.append((fresh, target))
            with fresh.open("w", encoding="utf-8", newline="\n") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
        while waiting:
            fresh, target = waiting[0]
            fresh.replace(target)
            waiting.pop(0)
    finally:
        for fresh, _ in waiting:
            fresh.unlink(missing_ok=True)
