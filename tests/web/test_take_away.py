"""Every view can be taken away: with exactly its rows, as of its release, with its citation."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import openpyxl
import pyoxigraph
import pytest

from graph_service.terms import LANGUAGES
from graph_service.web import respond

PROJECT = Path(__file__).resolve().parents[2]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CSVW = "http://www.w3.org/ns/csvw#"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LISTS = [
    "/countries", "/axes", "/institutions", "/institutions?country=PE&kind=ministry", "/organisations", "/events",
    "/events?country=EC",
]  # fmt: skip
VIEWS = [
    *LISTS, "/ask", "/ask?axis=corruption&country=PE&as_of=2018", "/ask?axis=gender&country=PE&component=police",
    "/matrix", "/matrix?as_of=2018&component=judicial", "/compare?countries=PE,EC,CO", "/releases", "/roadmaps",
    "/ontology", "/shapes", "/institutions/pe-mp",
]  # fmt: skip
QUESTIONS = sorted(
    path.relative_to(PROJECT / "queries").with_suffix("").as_posix() for path in (PROJECT / "queries").glob("*/*.rq")
)
BUTTON = re.compile(r'<a href="([^"]+)">(CSV|XLSX|JSON) <small>([\d,]+) rows?</small></a>')


def with_suffix(address: str, suffix: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{suffix}{mark}{query}"


def csv_rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def sheet_rows(data: bytes) -> list[list[str]]:
    """The rows of the second sheet as a CSV would write them."""
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[1]
    return [[_written(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.date().isoformat() if hasattr(value, "date") else str(value)


def same(left: str, right: str) -> bool:
    """Whether two cells say the same; numbers by value, line ends as XML keeps them."""
    if left.replace("\r\n", "\n") == right.replace("\r\n", "\n"):
        return True
    try:
        return float(left) == float(right)
    except ValueError:
        return False


def assert_same_rows(one: list[list[str]], other: list[list[str]]) -> None:
    assert len(one) == len(other)
    differing = [
        (left, right) for a, b in zip(one, other, strict=True) for left, right in zip(a, b, strict=True)
        if not same(left, right)
    ]  # fmt: skip
    assert differing == []


@pytest.mark.parametrize("address", VIEWS)
def test_the_spreadsheet_of_a_view_has_the_rows_of_its_csv(client, address: str):
    """Cell by cell, and the same bytes each time."""
    table, sheet = client.get(with_suffix(address, "csv")), client.get(with_suffix(address, "xlsx"))

    assert sheet.headers["Content-Type"] == XLSX
    assert_same_rows(sheet_rows(sheet.content), csv_rows(table.content))
    assert client.get(address, headers={"Accept": XLSX}).content == sheet.content


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_rows_of_a_question_are_the_same_in_every_format(client, release, name: str):
    """CSV, XLSX and JSON; as many as its button says."""
    query = release.catalogue.get(name)
    if query.form == "CONSTRUCT":
        assert client.get(f"/queries/{name}.xlsx", params=query.example).status_code == 404
        return
    asked = f"?{urlencode(query.example)}" if query.example else ""
    table = csv_rows(client.get(f"/queries/{name}.csv{asked}").content)
    sheet = client.get(f"/queries/{name}.xlsx{asked}")
    told = client.get(f"/queries/{name}.json{asked}").json()
    page = client.get(f"/queries/{name}{asked}", headers={"Accept": BROWSER}).text

    assert_same_rows(sheet_rows(sheet.content), table)
    assert len(told["rows"]) == told["count"] == len(table) - 1
    buttons = BUTTON.findall(page)
    assert {kind for _, kind, _ in buttons} >= {"CSV", "XLSX", "JSON"}
    assert {int(count.replace(",", "")) for _, _, count in buttons} == {len(table) - 1}


@pytest.mark.parametrize("address", LISTS)
def test_the_button_of_a_list_says_how_many_rows_it_gives(client, address: str):
    """All pages of them, in each format that is a table."""
    page = client.get(address, headers={"Accept": BROWSER}).text
    buttons = {kind: (unescape(href), int(count.replace(",", ""))) for href, kind, count in BUTTON.findall(page)}

    assert set(buttons) >= {"CSV", "XLSX", "JSON"}
    assert len(csv_rows(client.get(buttons["CSV"][0]).content)) - 1 == buttons["CSV"][1]
    assert len(sheet_rows(client.get(buttons["XLSX"][0]).content)) - 1 == buttons["XLSX"][1]
    assert len(client.get(buttons["JSON"][0]).json()["rows"]) == buttons["JSON"][1]


@pytest.mark.parametrize("address", ["/institutions?country=PE", "/releases", "/queries/events/all", "/ontology"])
def test_a_view_says_how_to_cite_it_and_where_it_stays(client, release, address: str):
    """The permalink names the release and answers with the same table."""
    page = client.get(address, headers={"Accept": BROWSER}).text
    permalink = unescape(re.search(r'<a class="uri" rel="original" href="([^"]+)">', page)[1])
    citation = re.search(r"<dt>Citation</dt><dd>([^<]+)</dd>", page)[1]

    assert f"release={release.number}" in permalink
    assert f"release {release.number} of" in citation and "CC BY 4.0" in citation
    assert permalink in unescape(citation)
    now = client.get(address, headers={"Accept": "text/csv"}).content
    assert client.get(permalink, headers={"Accept": "text/csv"}).content == now


def test_a_list_leads_to_the_query_behind_it(client):
    """With the values that it was asked for."""
    page = client.get("/institutions?country=PE", headers={"Accept": BROWSER}).text

    assert re.search(r'<dt>SPARQL</dt><dd><a href="/queries/institutions/all\?country=PE"', page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_sheet_tells_question_release_address_and_licence(client, release, language: str):
    """In the language of the page, with what was asked."""
    sheet = client.get(f"/{language}/institutions.xlsx?country=PE").content
    book = openpyxl.load_workbook(io.BytesIO(sheet))
    cells = [str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if cell]

    assert cells[0] == release.catalogue.get("institutions/all").summary[language]
    assert "institutions/all" in cells and "PE" in cells
    assert any(f"/institutions?country=PE&release={release.number}" in cell for cell in cells)
    assert "https://creativecommons.org/licenses/by/4.0/" in cells


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "nt", "rdf"])
@pytest.mark.parametrize("name", ["coverage/matrix", "institutions/all"])
def test_an_answer_in_rdf_has_a_row_for_each_of_the_table(release, name: str, suffix: str):
    """csv2rdf, standard mode, in each format: numbered rows, each cell the term that the graph has."""
    result = release.ask(name)
    writers = {each.name: write for each, write in respond.result_writers(release, lambda: result).items()}
    form = pyoxigraph.RdfFormat.from_extension({"nt": "nt", "rdf": "rdf"}.get(suffix, suffix))
    said = list(pyoxigraph.parse(writers[suffix](), format=form))
    cells = sum(row.get(column.name) is not None for row in result.rows for column in result.columns)
    numbers = sorted(int(quad.object.value) for quad in said if quad.predicate.value == f"{CSVW}rownum")

    assert numbers == list(range(1, len(result.rows) + 1))
    assert sum(f"queries/{name}#" in quad.predicate.value for quad in said) == cells


@pytest.mark.parametrize("address", ["/ask", "/ask?axis=corruption&country=PE&as_of=2018"])
def test_the_table_of_an_answer_has_a_row_for_each_mandate_on_screen(client, address: str):
    """As many as its JSON and its page."""
    table = csv_rows(client.get(with_suffix(address, "csv")).content)
    told = client.get(with_suffix(address, "json")).json()["mandates"]

    assert len(told) == len(table) - 1
    assert f"{len(told):,} mandates recorded" in client.get(address, headers={"Accept": BROWSER}).text


def test_results_of_the_sparql_protocol_keep_to_its_formats(client):
    """A spreadsheet is not among them."""
    assert client.get("/sparql?query=ASK{}", headers={"Accept": XLSX}).status_code == 406


def test_the_readme_of_the_csv_package_names_release_licence_and_columns(client, release):
    """And each table with its rows; the dictionary has each column of each table."""
    package = zipfile.ZipFile(io.BytesIO(client.get("/exports/elpaccto.csv.zip").content))
    readme = package.read("README.txt").decode()
    dictionary = {(row["table"], row["column"]) for row in csv.DictReader(
        io.StringIO(package.read("data-dictionary/columns.csv").decode(), newline=""))}  # fmt: skip

    assert f"Release {release.number} of {release.date.isoformat()}" in readme
    assert "https://creativecommons.org/licenses/by/4.0/" in readme
    assert "data-dictionary/columns.csv" in readme
    for name in package.namelist():
        if name.endswith(".csv") and "/" not in name:
            header, *rows = csv_rows(package.read(name))
            assert f"{name.removesuffix('.csv')}: {len(rows)} rows" in readme
            assert {(name, column) for column in header} <= dictionary
