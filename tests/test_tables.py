"""Import of tables: what a ministry that sends its spreadsheet can rely on.

`tests/tables/` holds some rows of each table. The figures in `expected_counts.toml` were counted in the whole
tables, so that the graph of the repository is held against them and not against the importer.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
import shutil
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
import rdflib
from rdflib.namespace import RDF

from graph_service import turtle
from graph_service.errors import DataRefused, RdfSyntaxError, TablesRefused
from graph_service.tables import import_tables
from graph_service.tables.description import describe
from graph_service.tables.drafting import read_date
from graph_service.terms import ELP, ID, PREFIXES, XSD, Literal, slugify

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
TABLES = HERE / "tables"
DESCRIPTION = json.loads((PROJECT / "ontology/tables.json").read_text("utf-8"))
SCHEMAS = {entry["url"]: entry["tableSchema"] for entry in DESCRIPTION["tables"]}
BY_HAND = {ELP + name for name in ("Programme", "ActionPlan")} | {"http://schema.org/Country"}
EXPECTED = tomllib.loads((HERE / "expected_counts.toml").read_text("utf-8"))


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with the small tables, to be changed at will."""
    shutil.copytree(TABLES, tmp_path / "tables")
    return tmp_path / "tables"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The real ontology, and of the data only what no table holds."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    shutil.copytree(PROJECT / "ontology", folder / "ontology")
    for name in ("countries", "programme"):
        records = turtle.parse((PROJECT / f"data/{name}.ttl").read_text("utf-8"), name).records
        kept = {iri for iri, facts in records.items() if any(value in BY_HAND for _, value in facts)}
        kept |= {value for iri in kept for name, value in records[iri] if name == ELP + "evidence"}
        by_hand = turtle.Document({iri: facts for iri, facts in records.items() if iri in kept})
        (folder / f"data/{name}.ttl").write_text(turtle.serialize(by_hand), "utf-8")
    return folder


@pytest.fixture
def imported(tables: Path, project: Path) -> Path:
    """That project with the small tables in it."""
    import_tables(tables, project)
    return project


def contents(project: Path) -> dict[str, str]:
    """Return the text of every file of a project."""
    files = [*project.glob("data/**/*"), *project.glob("ontology/*.*")]
    return {path.relative_to(project).as_posix(): path.read_text("utf-8") for path in files if path.is_file()}


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table as a spreadsheet would."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def change(path: Path, edit: Callable[[list[dict[str, str]]], Iterable[Mapping[str, str]] | None]) -> None:
    """Let `edit` change the rows of a table, or return others in their place."""
    found = rows(path)
    names = list(found[0])
    after = edit(found) or found
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(after)


def put(tables: Path, table: str, row: int, **cells: str) -> None:
    """Set cells of a row; rows count as in a spreadsheet, from 2."""
    change(tables / f"{table}.csv", lambda found: found[row - 2].update(cells))


def row_of(table: str, **cells: str) -> int:
    """Find the row in which the cells stand."""
    found = rows(TABLES / f"{table}.csv")
    return next(number for number, row in enumerate(found, 2) if cells.items() <= row.items())


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the lines that differ, as a diff shows them."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        pair = (before.get(name, "").splitlines(), after.get(name, "").splitlines())
        lines += [line for line in difflib.unified_diff(*pair, n=0, lineterm="") if re.match(r"[+-](?![+-]{2})", line)]
    return lines


def add(project: Path, file: str, text: str) -> None:
    """Write more Turtle at the end of a file, with the usual prefixes."""
    path = project / file
    prefixes = "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in PREFIXES.items())
    path.write_text(turtle.canonical(path.read_text("utf-8") + prefixes + text, file), "utf-8")


def refused(tables: Path, project: Path, **options: bool) -> list[tuple[str, int, str, str]]:
    """Import, expect a refusal, and see that nothing was written; return the findings."""
    before = contents(project)
    with pytest.raises(TablesRefused) as raised:
        import_tables(tables, project, **options)
    assert contents(project) == before
    return [(each.file, each.row, each.column, each.message) for each in raised.value.findings]


# Every row comes in


def graph_of(project: Path) -> rdflib.Graph:
    """Read a project's data with a parser that is not ours."""
    graph = rdflib.Graph()
    for path in [*project.glob("data/**/*.ttl"), project / "ontology/concepts.ttl"]:
        graph.parse(path, format="turtle")
    return graph


def said_of(graph: rdflib.Graph, subject: rdflib.URIRef) -> set[str]:
    """Return all values of a record and its evidence, addresses by what stands behind their last slash too."""
    values: set[str] = set()
    for node in [subject, *graph.objects(subject, rdflib.URIRef(ELP + "evidence"))]:
        for value in graph.objects(node):
            values |= {str(value), str(value).rstrip("/").rpartition("/")[2]}
    return values


def expected_value(column: str, item: str) -> str:
    """Say in which form a cell's value is found in the graph."""
    words = {"yes": "true", "no": "false", "sure": "checked", "likely": "reference"}
    if column == "component" and item == "none":
        return "true"
    if column in words.values() or item in words:
        return words.get(item, item)
    return item


@pytest.mark.parametrize("table", sorted(SCHEMAS))
def test_every_cell_of_a_row_is_found_in_the_graph(table, imported):
    """Each value of each cell stands on the row's record or its evidence."""
    graph, schema = graph_of(imported), SCHEMAS[table]
    separated = {column["name"] for column in schema["columns"] if "separator" in column}
    found = rows(TABLES / table)
    pairs = Counter((row.get("organisation_id"), row.get("country_iso2")) for row in found)
    missing = []
    for row in found:
        address = re.sub(r"{(\w+)}", lambda name, row=row: row[name[1]].replace("_", "-"), schema["aboutUrl"])
        if table == "memberships.csv" and pairs[row["organisation_id"], row["country_iso2"]] > 1:
            address += "-" + row["status"]
        said = said_of(graph, rdflib.URIRef(address))
        slugs = {slugify(value) for value in said}
        for column, cell in row.items():
            for item in filter(None, cell.split(";") if column in separated else [cell]):
                value = expected_value(column, item)
                prefixed = {value, "precision-" + slugify(value), "source-" + slugify(value), "scope-" + value}
                if not said & prefixed and slugify(value) not in slugs and not address.endswith(value):
                    missing.append((address, column, item))

    assert len(found) > 0
    assert missing == []


def test_nothing_is_added(tables, project):
    """The records of the graph are those of the rows, their evidence, and what was there before."""
    before = set(graph_of(project).subjects())
    report = import_tables(tables, project)
    new = {s for s in set(graph_of(project).subjects()) - before if "/id/evidence/" not in s}

    assert len(new) == sum(count.added for count in report.tables)
    assert {count.table: count.rows for count in report.tables} == {
        table: len(rows(TABLES / table)) for table in SCHEMAS
    }


def test_texts_have_their_languages(imported):
    """An official name is in the country's language alone; a quote stands on its own source alone, in French."""
    graph = graph_of(imported)
    name = rdflib.URIRef(PREFIXES["skos"] + "prefLabel")
    quoted = list(graph.subject_objects(rdflib.URIRef(ELP + "quote")))

    assert list(graph.objects(rdflib.URIRef(ID + "institution/br-pf"), name)) == [
        rdflib.Literal("Polícia Federal", "pt")
    ]
    assert [text.language for text in graph.objects(rdflib.URIRef(ID + "institution/pe-mp"), name)] == ["es"]
    assert {text.language for _, text in quoted} == {"fr"}
    assert {str(graph.value(node, rdflib.URIRef(ELP + "source"))) for node, _ in quoted} == {
        ID + "source/seed-plan-2018"
    }


@pytest.mark.parametrize(
    ("text", "datatype"), [("2018", "gYear"), ("2017-07", "gYearMonth"), ("2024-02-29", "date"), ("0987", "gYear")]
)
def test_dates_are_as_precise_as_the_table(text, datatype):
    """A year stays a year and a month a month."""
    assert read_date(text) == Literal(text, None, XSD + datatype)


@pytest.mark.parametrize("text", ["2018-13", "2023-02-29", "18", "2018-1-1", "01/02/2018", "2018-", "0000", "２０１８"])
def test_what_is_no_date_is_refused(text):
    """A day that no calendar has is as wrong as a date in another notation."""
    with pytest.raises(ValueError, match="YYYY-MM-DD, YYYY-MM or YYYY is expected"):
        read_date(text)


def test_two_memberships_of_one_country_are_told_apart_by_their_status(imported):
    """Bolivia was an associate of Mercosur before it was a member: two records."""
    text = (imported / "data/organisations.ttl").read_text("utf-8")

    assert re.findall(r"^(membership:mercosur-BO\S*) a", text, re.MULTILINE) == [
        "membership:mercosur-BO-associate",
        "membership:mercosur-BO-member",
    ]
    assert "membership:gafilat-BO a" in text


def test_evidence_for_dates_and_addresses_supports_these_alone(imported):
    """What an institution's row has from public knowledge gets evidence of its own."""
    graph = graph_of(imported)
    subject = rdflib.URIRef(ID + "evidence/institution-bo-sepret-reference")

    supported = {str(value) for value in graph.objects(subject, rdflib.URIRef(ELP + "supports"))}
    assert supported == {ELP + "since", ELP + "until", ELP + "acronym"}
    assert graph.value(subject, rdflib.URIRef(ELP + "certainty")) == rdflib.URIRef(ID + "concept/reference")


# Coming again


def test_a_second_import_changes_no_byte(tables, imported):
    """Importing the same tables again writes no file."""
    before = contents(imported)
    report = import_tables(tables, imported)

    assert report.files == ()
    assert {(count.added, count.changed) for count in report.tables} == {(0, 0)}
    assert contents(imported) == before


def test_the_repository_already_holds_these_rows(tmp_path):
    """Rows that the repository's graph was made of come in unchanged, and those left out are kept."""
    for name in ("ontology", "data"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    report = import_tables(TABLES, tmp_path)

    assert report.files == ()
    assert sum(len(count.gone) for count in report.tables) > 1000


@pytest.mark.parametrize(
    ("table", "key", "cells", "removed", "added"),
    [
        ("institutions", {"id": "pe-mp"}, {"name_en": "Public Ministry"}, 1, 1),
        ("institutions", {"id": "pe-mp"}, {"founded": "1981"}, 0, 2),  # the date, and that the evidence supports it
        ("institutions", {"id": "pe-mp"}, {"component": "judicial;police"}, 0, 1),
        ("institutions", {"id": "pe-mp"}, {"component": "none"}, 1, 1),
        ("institutions", {"id": "bo-sepret"}, {"ended": ""}, 2, 0),
        ("institution_axes", {"institution_id": "pe-ufec"}, {"basis": "Another basis."}, 1, 1),
        ("institution_axes", {"institution_id": "pe-ufec"}, {"certainty": "reference"}, 1, 1),
        ("events", {"id": "annual-lima"}, {"status": "announced"}, 1, 1),
        ("sources_programme", {"source_id": "fiiapp-project"}, {"date": "2022-12"}, 0, 1),
        ("gaps", {"id": "bo-gender"}, {"axis": "corruption"}, 1, 1),
        ("axes", {"id": "corruption"}, {"dac_note": ""}, 1, 0),
    ],
)
def test_one_changed_cell_changes_only_its_own_lines(table, key, cells, removed, added, tables, imported):
    """The diff of a later edition shows the facts that changed and nothing else."""
    put(tables, table, row_of(table, **key), **cells)
    before = contents(imported)
    report = import_tables(tables, imported)
    lines = [line for line in differing(before, contents(imported)) if "@prefix" not in line]

    assert sum(count.changed for count in report.tables) == 1
    assert len(report.files) == 1
    assert sum(line.startswith("-") for line in lines) == removed
    assert sum(line.startswith("+") for line in lines) == added


def test_another_source_brings_its_own_evidence(tables, imported):
    """When a row cites another source, the evidence of the old one goes and no other evidence is renamed."""
    put(tables, "gaps", row_of("gaps", id="bo-gender"), source_id="src-reference-knowledge")
    before = contents(imported)
    import_tables(tables, imported)
    lines = differing(before, contents(imported))

    assert re.findall(r"evidence:gap-bo-gender-\S+ a", " ".join(lines)) == [
        "evidence:gap-bo-gender-src-bo-minjusticia-abc a",
        "evidence:gap-bo-gender-src-reference-knowledge a",
    ]
    assert {line[5:].split(maxsplit=1)[0] for line in lines if line[1:5] == "    " and line[5] != "."} == {
        "elp:evidence",
        "elp:source",
    }


def test_a_new_row_adds_a_block(tables, imported):
    """A row more is a record more, and no line of another record moves."""
    extra = {"institution_id": "pe-mp", "axis": "gender", "basis": "A basis.", "source_id": "src-pe-inpe",
             "certainty": "checked"}  # fmt: skip
    change(tables / "institution_axes.csv", lambda found: [*found, extra])
    before = contents(imported)
    import_tables(tables, imported)

    assert {line[0] for line in differing(before, contents(imported))} == {"+"}


def test_an_institution_that_moves_takes_its_comments_along(tables, imported):
    """The file of a record follows its row; what stands above it and what was added by hand come too."""
    path = imported / "data/institutions/pe.ttl"
    text = path.read_text("utf-8").replace("institution:pe-uif a", "# ask the SBS\ninstitution:pe-uif a")
    path.write_text(text, "utf-8")
    put(tables, "institutions", row_of("institutions", id="pe-uif"), country_iso2="EC")
    import_tables(tables, imported)

    moved = (imported / "data/institutions/ec.ttl").read_text("utf-8")
    assert "# ask the SBS\ninstitution:pe-uif a elp:Institution" in moved
    assert "institution:pe-uif a" not in path.read_text("utf-8")
    assert "evidence:institution-pe-uif-reference a" in moved


# What people added stays


def test_what_was_added_by_hand_survives(tables, imported):
    """Labels in other languages, other properties, comments and evidence of one's own are not the table's."""
    by_hand = """
        # asked at the ministry
        institution:pe-mp rdfs:label "Ministério Público"@pt ; skos:altLabel "Fiscalía"@es ;
            elp:seatCity "Lima" ; elp:evidence evidence:institution-pe-mp-visit-2025 .
        evidence:institution-pe-mp-visit-2025 a elp:Evidence ; elp:source source:src-pe-inpe ;
            elp:certainty concept:checked ; elp:supports elp:seatCity ."""
    add(imported, "data/institutions/pe.ttl", by_hand)
    before = contents(imported)
    put(tables, "institutions", row_of("institutions", id="pe-mp"), name_en="Public Ministry")
    import_tables(tables, imported)

    assert [line.split(maxsplit=1)[1] for line in differing(before, contents(imported))] == [
        'rdfs:label "Public Prosecutor\'s Office"@en ;',
        'rdfs:label "Public Ministry"@en ;',
    ]


def test_a_table_of_labels_adds_to_records_that_exist(tmp_path, imported):
    """A folder may describe its own tables; one without a class adds to records, wherever they stand."""
    folder = tmp_path / "labels"
    folder.mkdir()
    columns = [{"name": "id", "required": True, "suppressOutput": True},
               {"name": "label", "lang": "pt", "propertyUrl": "rdfs:label"}]  # fmt: skip
    schema = {"aboutUrl": ID + "institution/{id}", "primaryKey": "id", "columns": columns}
    (folder / "tables.json").write_text(json.dumps({"url": "labels.csv", "tableSchema": schema}), "utf-8")
    (folder / "labels.csv").write_text("id,label\npe_mp,Ministério Público\nbo-sepret,Serviço\n", "utf-8")
    before = contents(imported)
    report = import_tables(folder, imported)

    assert [line[0] for line in differing(before, contents(imported))] == ["+", "+"]
    assert report.files == ("data/institutions/bo.ttl", "data/institutions/pe.ttl")
    (folder / "labels.csv").write_text("id,label\npe-mq,Ministério Público\n", "utf-8")
    ((file, row, column, message),) = refused(folder, imported)
    assert (file, row, column) == ("labels.csv", 2, "id")
    assert message.startswith("There is no institution 'pe-mq'. Did you mean pe-mp")


def test_a_removed_row_is_reported_and_its_record_kept(tables, imported):
    """Whoever sends a shorter table is told which records it no longer names."""
    change(tables / "gaps.csv", lambda found: [row for row in found if row["id"] != "bo-gender"])
    before = contents(imported)
    report = import_tables(tables, imported)

    assert {count.table: count.gone for count in report.tables if count.gone} == {"gaps.csv": ("bo-gender",)}
    assert "  no longer in the table: bo-gender (kept)" in list(report.lines())
    assert contents(imported) == before


def test_prune_removes_the_record_with_its_evidence(tables, imported):
    """With `prune` the lines of the removed row go, and no others."""
    change(tables / "gaps.csv", lambda found: [row for row in found if row["id"] != "bo-gender"])
    before = contents(imported)
    import_tables(tables, imported, prune=True)
    text = (imported / "data/gaps.ttl").read_text("utf-8")

    assert "bo-gender" not in text
    assert {line[0] for line in differing(before, contents(imported))} == {"-"}


def test_prune_refuses_to_leave_a_reference_dangling(tables, imported):
    """A record that others refer to is not removed."""
    change(tables / "institutions.csv", lambda found: [row for row in found if row["id"] != "pe-ufec"])
    findings = refused(tables, imported, prune=True)

    assert ("institutions.csv", 1, "(removed row)", "pe-ufec is still referred to by pe-ufec-cybercrime.") in findings


def test_part_of_the_tables_may_be_sent(tables, project, imported):
    """One table of two with the same class tells nothing of the other's records; a single file may be given."""
    report = import_tables(tables / "sources_institutions.csv", imported)

    assert [(count.table, count.changed, count.gone) for count in report.tables] == [
        ("sources_institutions.csv", 0, ())
    ]


# Refusals


BAD_CELLS = [  # table, row, column, cell, message
    ("institutions", {"id": "pe-mp"}, "source_id", "src-pe-inpee",
     "There is no source 'src-pe-inpee'. Did you mean src-pe-inpe"),
    ("institutions", {"id": "pe-inpe"}, "country_iso2", "PEE", "There is no country 'PEE'. Did you mean PE"),
    ("institutions", {"id": "pe-can"}, "kind", "anti_corruption_bod",
     "There is no kind 'anti_corruption_bod'. Did you mean anti-corruption-body"),
    ("institutions", {"id": "pe-uif"}, "component", "police;judical",
     "There is no component 'judical'. Did you mean judicial"),
    ("institutions", {"id": "pe-sip"}, "website", "www.gob.pe", "web address that begins with https://"),
    ("institutions", {"id": "ec-fge"}, "founded", "about 2018", "is not a date"),
    ("institutions", {"id": "mx-pgr"}, "successor_ids", "mx-fgrr",
     "There is no institution 'mx-fgrr'. Did you mean mx-fgr"),
    ("institutions", {"id": "br-pf"}, "name_official", "", "a value is required"),
    ("institution_axes", {"institution_id": "pe-ufec"}, "axis", "cibercrime",
     "There is no axis 'cibercrime'. Did you mean cybercrime"),
    ("institution_axes", {"institution_id": "pe-can"}, "certainty", "likely", "There is no certainty 'likely'"),
    ("countries", {"iso2": "PE"}, "lat", "12,04", "is not a number such as -16.5"),
    ("countries", {"iso2": "BO"}, "wikidata", "750", "is not a Wikidata item such as Q419"),
    ("countries", {"iso2": "BR"}, "is_beneficiary", "si", "neither 'yes' nor 'no'"),
    ("axes", {"id": "gender"}, "dac_certainty", "shure", "There is no dac_certainty 'shure'. Did you mean sure"),
    ("events", {"id": "annual-lima"}, "organisation_ids", "mercosur;sicaa", "There is no organisation 'sicaa'"),
    ("events", {"id": "launch-2018"}, "date_precision", "dayy",
     "There is no date_precision 'dayy'. Did you mean day"),
    ("memberships", {"organisation_id": "gafilat", "country_iso2": "PE"}, "status", "done",
     "There is no status 'done'"),
    ("memberships", {"organisation_id": "gafilat", "country_iso2": "BR"}, "country_iso2", "ES",
     "There is no country 'ES'"),
    ("sources_programme", {"source_id": "fiiapp-project"}, "language", "English", "is not a language tag such as es"),
    ("gaps", {"id": "bo-gender"}, "id", "bo gender!", "is not an identifier of letters, digits and hyphens"),
]  # fmt: skip


def test_every_bad_cell_of_every_table_is_told_at_once(tables, project):
    """Each finding names file, row and column and how to mend it; nothing is written."""
    for table, key, column, value, _ in BAD_CELLS:
        put(tables, table, row_of(table, **key), **{column: value})
    findings = {(file, row, column): message for file, row, column, message in refused(tables, project)}

    for table, key, column, _, message in BAD_CELLS:
        place = (f"{table}.csv", row_of(table, **key), column)
        assert message in findings.get(place, f"nothing at {place}")
    assert len(findings) == len(BAD_CELLS)


def test_a_quote_needs_its_source(tables, project):
    """A row that quotes the programme's first page names that page among its sources."""
    put(tables, "partners", row_of("partners", id="iila"), source_ids="ef-contract-2017")
    ((file, row, column, message),) = refused(tables, project)

    assert (file, row, column) == ("partners.csv", row_of("partners", id="iila"), "seed_quote")
    assert message.startswith("The source of the quote is not named")


def test_a_key_given_twice_is_refused(tables, project):
    """Two rows cannot be one record, within a table or over the two tables of sources."""
    change(tables / "events.csv", lambda found: [*found, found[0]])
    change(tables / "institution_axes.csv", lambda found: [*found, found[3]])
    borrowed = rows(tables / "sources_programme.csv")[0]["source_id"]
    put(tables, "sources_institutions", 3, source_id=borrowed)
    findings = refused(tables, project)

    assert [finding[:3] for finding in findings if "stands already in" in finding[3]] == [
        ("sources_institutions.csv", 3, "source_id"),
        ("events.csv", len(rows(tables / "events.csv")) + 1, "id"),
        ("institution_axes.csv", len(rows(tables / "institution_axes.csv")) + 1, "institution_id, axis"),
    ]


def test_columns_must_be_those_of_the_description(tables, project):
    """A missing, a misspelt and a doubled column are each told, with the near name."""
    text = (tables / "gaps.csv").read_text("utf-8")
    (tables / "gaps.csv").write_text(text.replace("statement_en,certainty", "statment_en,axis", 1), "utf-8")
    findings = refused(tables, project)

    assert findings == [
        ("gaps.csv", 1, "statment_en", "There is no column 'statment_en'. Did you mean statement_en?"),
        ("gaps.csv", 1, "axis", "The column stands twice in the header."),
        ("gaps.csv", 1, "statement_en", "The column is missing."),
        ("gaps.csv", 1, "certainty", "The column is missing."),
    ]


def test_columns_may_bear_their_titles(tables, imported):
    """A header with the titles of the description is as good as one with the names."""
    columns = {column["name"]: column["titles"] for column in SCHEMAS["gaps.csv"]["columns"] if "titles" in column}
    header, rest = (tables / "gaps.csv").read_text("utf-8").split("\n", 1)
    titles = ",".join(columns[name] for name in header.split(","))
    (tables / "gaps.csv").write_text(f"{titles}\n{rest}", "utf-8")

    assert import_tables(tables, imported).files == ()


@pytest.mark.parametrize(
    ("name", "data", "row", "words"),
    [
        ("gaps.csv", "id,country_iso2,axis\nbo-género".encode("latin-1"), 2, "0xe9 is not UTF-8"),
        ("gaps.csv", b'id,country_iso2,axis\nx,"PE', 2, "not CSV"),
        (
            "gaps.csv",
            b"id,country_iso2,axis,statement_en,certainty,source_id\nx,PE,gender\n",
            2,
            "3 cells, the header 6",
        ),
        ("gapps.csv", b"id\n", 1, "Did you mean gaps.csv"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(name, data, row, words, tables, project):
    """Wrong encoding, broken CSV, short rows and tables that nobody described are findings, not crashes."""
    (tables / name).write_bytes(data)
    findings = refused(tables, project)

    assert [(file, at, words in message) for file, at, _, message in findings] == [(name, row, True)]


def test_an_empty_folder_is_refused(tmp_path, project):
    """A folder without tables is more likely a mistyped path than an empty edition."""
    with pytest.raises(DataRefused, match="nowhere does not exist"):
        import_tables(tmp_path / "nowhere", project)
    with pytest.raises(DataRefused, match=r"holds no \.csv file"):
        import_tables(project / "data", project)


def test_a_broken_table_does_not_raise_findings_in_others(tables, project):
    """When a table cannot be read, cells that refer to its rows are not called unknown."""
    (tables / "institutions.csv").write_bytes(b"\xff\xfe")
    findings = refused(tables, project)

    assert [finding[0] for finding in findings] == ["institutions.csv"]


def test_a_turtle_file_with_an_error_stops_the_import(tables, project):
    """The place of the error is told, and nothing is written."""
    path = project / "data/gaps.ttl"
    path.write_text("<x:a> <x:b> .", "utf-8")

    with pytest.raises(RdfSyntaxError, match=r"^data/gaps\.ttl:1:13: "):
        import_tables(tables, project)
    assert path.read_text("utf-8") == "<x:a> <x:b> ."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-9], "This is not JSON"),
        (
            lambda text: text.replace('"elp:slug"', '"elp:slgu"'),
            "There is no annotation 'elp:slgu'. Did you mean elp:slug",
        ),
        (lambda text: text.replace("data/gaps.ttl", "../gaps.ttl"), "is not a Turtle file in data/"),
        (lambda text: text.replace('"aboutUrl"', '"about"'), "aboutUrl"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(change, words, tables, project):
    """The description is checked as the tables are."""
    path = project / "ontology/tables.json"
    path.write_text(change(path.read_text("utf-8")), "utf-8")

    ((file, _, _, message),) = refused(tables, project)
    assert file == "tables.json"
    assert words in message


# What spreadsheets do


def as_spreadsheet(path: Path) -> bytes:
    """Write a table as a spreadsheet does where the comma is the decimal sign."""
    out = io.StringIO(newline="")
    with path.open(encoding="utf-8", newline="") as file:
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([*row, "", ""] for row in csv.reader(file))
    return b"\xef\xbb\xbf" + out.getvalue().encode() + b";;\r\n"


def test_semicolons_marks_and_empty_cells_of_spreadsheets_are_understood(tables, imported):
    """Byte order mark, semicolons, CR LF, empty columns and rows at the end change nothing."""
    for path in tables.glob("*.csv"):
        path.write_bytes(as_spreadsheet(path))

    assert import_tables(tables, imported).files == ()


def test_an_address_with_a_blank_is_mended_and_told(tables, imported):
    """What no address may hold is percent-encoded, the rest stays as it is."""
    number = row_of("sources_programme", source_id="fiiapp-project")
    put(tables, "sources_programme", number, url="https://example.org/año 2018/{x}")
    report = import_tables(tables, imported)

    assert "<https://example.org/año%202018/%7Bx%7D>" in (imported / "data/sources.ttl").read_text("utf-8")
    assert report.notes[0].startswith(f"sources_programme.csv, row {number}, column url: ")


# Writing


def test_a_dry_run_writes_nothing(tables, project):
    """The report is that of the import, and the files stay."""
    before = contents(project)
    report = import_tables(tables, project, dry_run=True)

    assert "data/gaps.ttl" in report.files
    assert contents(project) == before
    assert any("would be written" in line for line in report.lines())


def test_a_file_that_cannot_be_written_leaves_all_as_they_were(tables, project):
    """All files are written aside before the first is put in its place."""
    (project / "data/institutions").write_text("in the way", "utf-8")
    before = contents(project)

    with pytest.raises(OSError, match="institutions"):
        import_tables(tables, project)
    assert contents(project) == before


def test_two_thousand_rows_come_in_in_a_few_seconds(tables, project):
    """A whole ministry's table is no reason to wait."""
    model = rows(tables / "gaps.csv")[0]
    change(tables / "gaps.csv", lambda found: [{**model, "id": f"gap-{number}"} for number in range(2000)])
    began = time.perf_counter()
    report = import_tables(tables, project)

    assert next(count.added for count in report.tables if count.table == "gaps.csv") == 2000
    assert time.perf_counter() - began < 10


# The description


def test_foreign_keys_and_addresses_agree():
    """A column's address names records of the table that its foreign key points to."""
    for entry in DESCRIPTION["tables"]:
        columns = {column["name"]: column for column in entry["tableSchema"]["columns"]}
        for key in entry["tableSchema"].get("foreignKeys", ()):
            name, referred = key["columnReference"], SCHEMAS[key["reference"]["resource"]]
            address = columns[name]["valueUrl"].replace("{" + name + "}", "")
            assert address == referred["aboutUrl"].replace("{" + key["reference"]["columnReference"] + "}", "")


def test_every_annotation_is_explained_in_the_description_itself():
    """Whoever opens the file finds each `elp:` annotation that it uses in the text at its top."""
    text = " ".join(DESCRIPTION["dc:description"])
    used = set(re.findall(r'"(elp:\w+)"', json.dumps(DESCRIPTION["tables"])))

    assert used
    assert {name for name in used if name not in text} == set()


def test_every_column_is_described():
    """Each column of a table has a title, and makes a statement or says that it makes none."""
    for table in describe(DESCRIPTION).values():
        for column in table.columns.values():
            assert column.virtual or column.titles


# The graph of the repository against figures counted elsewhere


@pytest.fixture(scope="module")
def graph() -> rdflib.Graph:
    """The repository's data."""
    return graph_of(PROJECT)


CLASSES = {
    "regional_organisations": ELP + "RegionalOrganisation",
    "memberships": PREFIXES["org"] + "Membership",
    "partners": ELP + "Partner",
    "events": ELP + "Event",
    "plan": ELP + "PlanStatement",
    "institutions": ELP + "Institution",
    "institution_axes": ELP + "Mandate",
    "gaps": ELP + "CoverageGap",
    "countries": ELP + "Country",
    "components": ELP + "Component",
    "axes": ELP + "TransversalAxis",
    "translations": ELP + "QuoteTranslation",
}


def instances(graph: rdflib.Graph, name: str) -> set[str]:
    """Return the records of a class."""
    return {str(subject) for subject in graph.subjects(RDF.type, rdflib.URIRef(name))}


@pytest.mark.parametrize("table", sorted(CLASSES))
def test_the_graph_has_one_record_per_row(table, graph):
    """As many records as the table has rows."""
    assert len(instances(graph, CLASSES[table])) == EXPECTED["rows"][table]


def test_sources_and_participations_are_those_of_two_tables(graph):
    """Two tables of sources make one list; countries and institutions take part in events."""
    expected = EXPECTED["rows"]
    taking_part = [str(graph.value(rdflib.URIRef(iri), rdflib.URIRef(ELP + "participant")))
                   for iri in instances(graph, ELP + "Participation")]  # fmt: skip

    assert len(instances(graph, ELP + "Source")) == expected["sources_programme"] + expected["sources_institutions"]
    assert Counter(iri.removeprefix(ID).partition("/")[0] for iri in taking_part) == {
        "country": expected["event_participants"],
        "institution": expected["event_institutions"],
    }


def test_what_no_table_holds_is_there(graph):
    """The programme, its plan, a roadmap per country, and the places outside the programme."""
    found = {
        "programme": len(instances(graph, ELP + "Programme")),
        "plan": len(instances(graph, ELP + "ActionPlan")),
        "roadmap": len(instances(graph, ELP + "Roadmap")),
        "places_outside": len(instances(graph, "http://schema.org/Country")),
    }

    assert found == EXPECTED["by_hand"]


def test_institutions_and_mandates_per_country(graph):
    """Each country's file holds the country's institutions with their mandates."""
    home = {str(s): str(o)[-2:] for s, o in graph.subject_objects(rdflib.URIRef(ELP + "country"))}
    holders = [str(graph.value(rdflib.URIRef(iri), rdflib.URIRef(ELP + "holder")))
               for iri in instances(graph, ELP + "Mandate")]  # fmt: skip

    assert Counter(home[iri] for iri in instances(graph, ELP + "Institution")) == EXPECTED["institutions"]
    assert Counter(home[iri] for iri in holders) == EXPECTED["mandates"]
    for code, count in EXPECTED["institutions"].items():
        text = (PROJECT / f"data/institutions/{code.lower()}.ttl").read_text("utf-8")
        assert len(re.findall(r"^institution:\S+ a elp:Institution ;$", text, re.MULTILINE)) == count


def test_every_record_has_its_name_in_four_languages(graph):
    """Countries, institutions, organisations, partners, events and roadmaps can be read in each language."""
    names = [rdflib.URIRef(PREFIXES["rdfs"] + "label"), rdflib.URIRef(PREFIXES["skos"] + "prefLabel")]
    kinds = ("Country", "Institution", "RegionalOrganisation", "Partner", "Event", "Roadmap", "ActionPlan", "Programme")
    for kind in kinds:
        for iri in instances(graph, ELP + kind):
            languages = [name.language for each in names for name in graph.objects(rdflib.URIRef(iri), each)]
            assert sorted(languages) == ["en", "es", "fr", "pt"], iri


def test_every_record_refers_only_to_records(graph):
    """No address of ours leads nowhere."""
    known = set(graph.subjects())
    lost = {o for o in graph.objects() if isinstance(o, rdflib.URIRef) and o.startswith(ID) and o not in known}

    assert lost == set()


def test_everything_has_a_name(graph):
    """There are no blank nodes in the data."""
    assert not [term for triple in graph for term in triple if isinstance(term, rdflib.BNode)]
