"""Exports as files: the tables that come back as they went, spreadsheets that run nothing, the same bytes each time."""

from __future__ import annotations

import csv
import datetime
import io
import json
import shutil
import tracemalloc
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pyoxigraph
import pytest

from graph_service import exporting
from graph_service.errors import HomeError, UnknownTerm
from graph_service.exporting import ExportFolder, csv_package, exports, find_export, table_rows, tables, workbook
from graph_service.publishing import Publisher
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.store.dumping import write_dump
from graph_service.store.embedded import EmbeddedStore
from graph_service.tables import import_tables
from graph_service.terms import Iri, Literal, graph_iri

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent


def contents(project: Path) -> dict[str, bytes]:
    files = [*project.glob("data/**/*.ttl"), *project.glob("ontology/*.*")]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files}


def unpacked(release: Release, folder: Path) -> Path:
    """The CSV package of a release in a folder of its own."""
    with zipfile.ZipFile(io.BytesIO(csv_package(release))) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the real project, to be changed at will."""
    for name in ("ontology", "data"):
        shutil.copytree(PROJECT / name, tmp_path / "project" / name)
    return tmp_path / "project"


def test_the_tables_come_back_without_changing_a_byte(release: Release, project: Path, tmp_path: Path):
    """Exported and imported again: every row unchanged, no file written."""
    report = import_tables(unpacked(release, tmp_path / "tables"), project)

    assert report.files == () and report.notes == ()
    assert contents(project) == contents(PROJECT)
    assert sum(count.unchanged for count in report.tables) == sum(len(each.rows) for each in tables(release))


def test_every_record_of_a_table_has_its_row(release: Release):
    """As many rows as records of the class, counted in the data files; none held back."""
    found = {each.table.url: each for each in tables(release)}
    texts = "".join(path.read_text("utf-8") for path in (PROJECT / "data").glob("**/*.ttl"))

    assert len(found["institutions.csv"].rows) == texts.count(" a elp:Institution ;")
    assert len(found["events.csv"].rows) == texts.count(" a elp:Event ;")
    assert len(found["institution_axes.csv"].rows) == texts.count(" a elp:Mandate ;")
    assert sum(len(found[f"event_{name}.csv"].rows) for name in ("participants", "institutions")) == texts.count(
        " a elp:Participation ;"
    )
    assert not any(each.held_back for each in found.values())


def test_the_small_tables_are_found_again_in_the_large_ones(release: Release):
    """Each row of the fixtures, written by hand, is a row of the export: spelling of slugs and order in cells apart."""
    for path in sorted((HERE / "tables").glob("*.csv")):
        if path.name.startswith("sources_"):  # the graph does not tell the two tables of sources apart
            continue
        exported = table_rows(release, path.name)
        key = exported.table.key
        known = {tuple(row[name] for name in key): row for row in exported.rows}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found = known.get(tuple(row[name].replace("_", "-") for name in key))
                if found is None:
                    continue  # the fixtures hold some rows of their own
                same = {name for name, cell in row.items() if plain(found[name]) == plain(cell)}
                assert len(same) >= len(row) - 3, (path.name, {n: (row[n], found[n]) for n in row.keys() - same})


def plain(cell: str) -> tuple[str, ...]:
    return tuple(sorted(part.strip().replace("_", "-").replace(" ", "-") for part in cell.split(";")))


def test_a_corrected_cell_is_one_changed_statement(release: Release, project: Path, tmp_path: Path):
    """What the package is for: correct a cell, bring it back, see one line in the diff."""
    folder = unpacked(release, tmp_path / "tables")
    path = folder / "gaps.csv"
    text = path.read_text("utf-8")
    row = next(csv.DictReader(io.StringIO(text)))
    path.write_text(text.replace(row["statement_en"], "Corrected."), "utf-8", newline="")

    report = import_tables(folder, project)

    assert report.files == ("data/gaps.ttl",)
    assert "Corrected." in (project / "data/gaps.ttl").read_text("utf-8")


def test_a_record_that_no_row_can_hold_is_held_back_and_named(small_project: Path, tmp_path: Path):
    """Two addresses where the table has one cell: the row stays out, so that an import loses neither."""
    path = next(iter((small_project / "data").glob("**/*.ttl")))
    text = path.read_text("utf-8")
    institution = next(line for line in text.splitlines() if " a elp:Institution ;" in line)
    two = "".join(f"\n    foaf:homepage <https://example.org/{n}> ;" for n in "12")
    path.write_text(
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n" + text.replace(institution, institution + two), "utf-8"
    )
    Publisher(tmp_path / "home").load_project(small_project, who="tests")
    release = Releases(tmp_path / "home").current()

    held = table_rows(release, "institutions.csv").held_back

    assert len(held) == 1
    with zipfile.ZipFile(io.BytesIO(csv_package(release))) as archive:
        assert held[0] in archive.read("README.txt").decode()
    before = contents(small_project)
    assert import_tables(unpacked(release, tmp_path / "tables"), small_project).files == ()
    assert contents(small_project) == before


def test_the_package_describes_itself(release: Release):
    """CSVW metadata for each table, headers among its titles; a dictionary row for each column."""
    with zipfile.ZipFile(io.BytesIO(csv_package(release))) as archive:
        told = json.loads(archive.read("csv-metadata.json"))
        dictionary = list(csv.DictReader(io.StringIO(archive.read("data-dictionary/columns.csv").decode())))
        names = set(archive.namelist())
        described = {(row["table"], row["column"]) for row in dictionary}
        for table in told["tables"]:
            header = archive.read(table["url"]).decode().split("\r\n")[0].split(",")
            columns = [each for each in table["tableSchema"]["columns"] if not each.get("virtual")]

            assert header == [each["titles"][0] for each in columns] == [each["name"] for each in columns]
            assert {(table["url"], name) for name in header} <= described

    assert names == {each["url"] for each in told["tables"]} | {
        "README.txt",
        "csv-metadata.json",
        "data-dictionary/columns.csv",
    }


def test_an_unknown_table_is_told_with_near_names(release: Release):
    with pytest.raises(UnknownTerm, match=r"events\.csv"):
        table_rows(release, "event.csv")


# Spreadsheet


@pytest.fixture(scope="module")
def book(release: Release) -> Iterator[openpyxl.Workbook]:
    made = openpyxl.load_workbook(io.BytesIO(workbook(release)))
    yield made
    made.close()


def test_the_spreadsheet_has_a_sheet_for_each_table_behind_one_that_explains(book, release: Release):
    """As many rows as the CSV; headers frozen; the first sheet tells release and licence."""
    assert book.sheetnames[:2] == ["About", "Columns"]
    assert book.sheetnames[2:] == [each.table.url.removesuffix(".csv") for each in tables(release)]
    for each in tables(release):
        sheet = book[each.table.url.removesuffix(".csv")]
        assert sheet.freeze_panes == "A2"
        assert [cell.value for cell in sheet[1]] == [column.name for column in each.columns]
        assert sheet.max_row == len(each.rows) + 1
    about = " ".join(str(row[0].value) for row in book["About"])
    assert f"Release {release.number}" in about and "creativecommons.org" in about


def test_columns_are_typed_and_dates_as_precise_as_they_are(book):
    """Full days are dates, months and years text, coordinates numbers, codes text with their zeros."""
    countries = {row[0]: row for row in book["countries"].iter_rows(min_row=2, values_only=True)}
    header = [cell.value for cell in book["countries"][1]]

    assert isinstance(countries["PE"][header.index("lat")], float)
    assert countries["AR"][header.index("m49")] == "032"
    names = [cell.value for cell in book["events"][1]]
    starts = [row[names.index("start")] for row in book["events"].iter_rows(min_row=2, values_only=True)]
    assert {type(start) for start in starts if start} == {str, datetime.datetime}
    assert all(len(start) < 10 for start in starts if isinstance(start, str))


def test_texts_are_never_formulas(release: Release):
    """A text that a spreadsheet would run stays a text, also one that looks like an error value."""
    from graph_service.spreadsheet import Sheet, workbook_bytes

    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "#N/A", "a\x07b", "x" * 40_000]
    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    made = workbook_bytes([Sheet("s", ["text"], [[text] for text in texts])], "t", moment)

    cells = [row[0] for row in openpyxl.load_workbook(io.BytesIO(made))["s"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells[:5]] == texts[:5]
    assert all(cell.data_type in ("s", "inlineStr") for cell in cells)
    assert all(cell.quotePrefix for cell in cells[:4])
    assert cells[5].value == "a\ufffdb" and len(cells[6].value) == 32_767
    with zipfile.ZipFile(io.BytesIO(workbook(release))) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


# Files


def test_two_exports_of_one_release_have_the_same_bytes(home: Path, tmp_path: Path):
    """Every file, made twice from a freshly opened release, at different times of the day."""
    digests = []
    for number in "12":
        release = Releases(home).current()
        folder = ExportFolder(tmp_path / number, "v")
        digests.append({each.name: folder.get(release, each).sha256 for each in exports(release)})

    assert digests[0] == digests[1]
    assert len(digests[0]) > 100


def test_a_file_is_written_once_and_kept_until_its_release_goes(home: Path, tmp_path: Path, monkeypatch):
    """The second request reads; the folder of a release whose data is gone goes with the next write."""
    release = Releases(home).current()
    folder = ExportFolder(tmp_path, "v")
    (tmp_path / "releases" / "1").mkdir(parents=True)
    (tmp_path / "exports" / "7" / "v").mkdir(parents=True)
    first = folder.get(release, find_export(release, "gaps.nt"))
    monkeypatch.setattr(exporting, "write_dump", None)

    assert folder.get(release, find_export(release, "gaps.nt")) == first
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == ["1"]
    assert not list((tmp_path / "exports").rglob(".*"))


def test_an_interrupted_write_leaves_nothing_that_would_be_served(home: Path, tmp_path: Path, monkeypatch):
    """A fault while writing: no file, no note; the next request writes it whole."""
    release = Releases(home).current()
    folder, export = ExportFolder(tmp_path, "v"), find_export(release, "gaps.nt")

    def fail(*_: object) -> int:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "write_dump", fail)
        with pytest.raises(RuntimeError):
            folder.get(release, export)
    assert not [path for path in (tmp_path / "exports").rglob("*") if path.is_file()]
    assert folder.get(release, export).rows == release.record.graphs[graph_iri("gaps")]


def test_sorting_in_parts_gives_the_same_bytes(release: Release, tmp_path: Path, monkeypatch):
    """What does not fit in memory is sorted on disk; the file is the one that is sorted in memory."""
    for suffix in ("nq", "nt", "trig"):
        counts = {write_dump(release.store, suffix, tmp_path / f"whole.{suffix}")}
        with monkeypatch.context() as patched:
            patched.setattr("graph_service.store.dumping._LINES", 1000)
            counts.add(write_dump(release.store, suffix, tmp_path / f"parts.{suffix}"))

        same = (tmp_path / f"parts.{suffix}").read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()
        assert same, suffix
        assert counts == {release.record.quads}


def test_a_carriage_return_survives_rdf_xml(tmp_path: Path):
    """XML turns a bare carriage return into a line feed; the dump writes it as a reference."""
    text = Literal("a\r\nb")
    store = EmbeddedStore.in_memory([(Iri("http://e/s"), Iri("http://e/p"), text, Iri("http://e/g"))])
    write_dump(store, "nt", tmp_path / "x.nt")
    exporting.convert_dump(tmp_path / "x.nt", "rdf", tmp_path / "x.rdf")

    (quad,) = pyoxigraph.parse(path=str(tmp_path / "x.rdf"), format=pyoxigraph.RdfFormat.RDF_XML)
    assert quad.object.value == text.value


def test_a_dump_takes_memory_for_its_parts_not_for_the_whole(release: Release, tmp_path: Path, monkeypatch):
    """Sorted in parts of 1,000 lines, seven megabytes of N-Quads pass through less than three."""
    monkeypatch.setattr("graph_service.store.dumping._LINES", 1000)
    tracemalloc.start()
    try:
        write_dump(release.store, "nq", tmp_path / "x.nq")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (tmp_path / "x.nq").stat().st_size > 6_000_000
    assert peak < 3_000_000


def test_a_home_that_cannot_be_written_is_told(home: Path, tmp_path: Path):
    """One sentence with the file and the reason, as for every fault of the home folder."""
    (tmp_path / "exports").write_text("not a folder")
    release = Releases(home).current()

    with pytest.raises(HomeError, match=r"gaps\.nt cannot be written"):
        ExportFolder(tmp_path, "v").get(release, find_export(release, "gaps.nt"))


def test_many_readers_at_once_get_one_file(home: Path, tmp_path: Path):
    """Eight first requests at the same moment: one of them writes, all get the same bytes."""
    release = Releases(home).current()
    folder, export = ExportFolder(tmp_path, "v"), find_export(release, "gaps.rdf")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: folder.get(release, export), range(8)))

    assert len({each.sha256 for each in found}) == 1
    assert sorted(path.name for path in found[0].path.parent.iterdir()) == [
        "gaps.nt", "gaps.nt.json", "gaps.rdf", "gaps.rdf.json",
    ]  # fmt: skip
