"""Every view can be taken away: with exactly its rows, as of its release, with its citation."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from html import unescape
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import openpyxl
import pyoxigraph
import pytest

from graph_service.terms import ID, LANGUAGES
from graph_service.web import respond

PROJECT = Path(__file__).resolve().parents[2]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CSVW = "http://www.w3.org/ns/csvw#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SVG = "{http://www.w3.org/2000/svg}"
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
COUNTED = [
    *LISTS, "/sources?kind=legislation", "/ask?axis=corruption&country=PE&as_of=2018", "/roadmaps", "/roadmaps/PE",
    "/matrix?as_of=2018", "/matrix?compared_to=2018", "/compare?countries=PE,EC,CO", "/network", "/network?country=PE",
    "/search?q=uif", "/queries", "/queries/institutions/by-axis?country=PE", "/releases", "/ontology", "/shapes",
    "/countries/PE", "/institutions/pe-mp", "/doc/mandate/pe-mp-cybercrime",
]  # fmt: skip
NO_QUERY = {"/queries", "/releases", "/releases/1", "/ontology", "/shapes"}  # made without a question
ASKED_ONCE = [*LISTS, "/sources", "/ask?axis=corruption&country=PE&as_of=2018", "/matrix?as_of=2018"]  # by one query
QUESTIONS = sorted(
    path.relative_to(PROJECT / "queries").with_suffix("").as_posix() for path in (PROJECT / "queries").glob("*/*.rq")
)
BUTTON = re.compile(r'<a href="([^"]+)">(CSV|XLSX|JSON) <small>([\d,]+) rows?</small></a>')

COUNTING = re.compile(r'<a href="([^"]+)">([A-Z][\w/-]*) <small>([\d,]+) rows?</small></a>')


def with_suffix(address: str, suffix: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{suffix}{mark}{query}"


def texts_of(page: str) -> list[str]:
    """The addresses of the queries behind a view, as text."""
    return [unescape(href) for href in re.findall(r'<a href="(/queries/[^"]+\.rq(?:\?[^"]*)?)">', page)]


def slug(value: str) -> str:
    """A record as tables name it: by its slug; anything else as it is."""
    return re.sub(f"^{ID}[a-z]+/", "", value)


def said_in(client, address: str) -> Counter[tuple[str, str]]:
    """How often a Turtle file says each predicate with each object."""
    quads = pyoxigraph.parse(client.get(address).content, format=pyoxigraph.RdfFormat.TURTLE)
    return Counter((quad.predicate.value, getattr(quad.object, "value", "")) for quad in quads)


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


@pytest.mark.parametrize("address", COUNTED)
def test_each_button_says_how_many_rows_it_gives(client, address: str):
    """Of every view: as many as its CSV has, in whatever format; in RDF as many `csvw:Row`s."""
    page = client.get(address, headers={"Accept": BROWSER}).text
    buttons = {kind: (unescape(href), int(count.replace(",", ""))) for href, kind, count in COUNTING.findall(page)}
    rows = len(csv_rows(client.get(with_suffix(address, "csv")).content)) - 1

    assert set(buttons) >= {"CSV", "XLSX"}
    assert {count for _, count in buttons.values()} == {rows}
    assert len(csv_rows(client.get(buttons["CSV"][0]).content)) - 1 == rows > 0
    if "Turtle" in buttons:
        assert said_in(client, buttons["Turtle"][0])[(f"{RDF}type", f"{CSVW}Row")] == rows


@pytest.mark.parametrize("address", [*LISTS, "/sources?kind=legislation", "/search?q=uif"])
def test_the_rdf_of_a_list_holds_its_records(client, address: str):
    """Each record listed is described, with its type; what is beside it is its evidence and the sources of that."""
    table = csv.DictReader(io.StringIO(client.get(with_suffix(address, "csv")).text, newline=""))
    listed = {row.get("iri") or row["record"] for row in table}
    quads = list(
        pyoxigraph.parse(client.get(with_suffix(address, "nt")).content, format=pyoxigraph.RdfFormat.N_TRIPLES)
    )
    described = {quad.subject.value for quad in quads if quad.predicate.value == f"{RDF}type"}
    kinds = {each.removeprefix(ID).partition("/")[0] for each in described - listed}

    assert listed and listed <= described
    assert kinds <= {"evidence", "source"}


@pytest.mark.parametrize(
    "address", ["/matrix?as_of=2018", "/matrix?compared_to=2018", "/compare?countries=PE,EC,CO", "/network?country=PE"]
)
def test_the_rdf_of_a_view_has_the_cells_of_its_csv(client, address: str):
    """Row by row and column by column, each record by its IRI."""
    header, *rows = csv_rows(client.get(with_suffix(address, "csv")).content)
    space = f"https://w3id.org/elpaccto{address.partition('?')[0]}#"
    store = pyoxigraph.Store()
    store.load(client.get(with_suffix(address, "ttl")).content, format=pyoxigraph.RdfFormat.TURTLE)
    cells: dict[int, dict[str, set[str]]] = {}
    for row in store.query(
        f"SELECT ?n ?c ?v {{ ?r <{CSVW}rownum> ?n ; <{CSVW}describes> ?d . OPTIONAL {{ ?d ?c ?v }} }}"
    ):
        value = row["v"].value.rpartition("/")[2] if isinstance(row["v"], pyoxigraph.NamedNode) else row["v"].value
        cells.setdefault(int(row["n"].value), {}).setdefault(row["c"].value.removeprefix(space), set()).add(value)

    assert len(cells) == len(rows)
    for number, row in enumerate(rows, 1):
        told = {name: set(value.split(" ")) for name, value in zip(header, row, strict=True) if value}
        assert cells[number] == told, number


@pytest.mark.parametrize("address", [*COUNTED, "/queries/roadmaps/graph?country=PE", "/releases/1"])
def test_every_view_says_how_to_cite_it_and_where_it_stays(client, release, address: str):
    """A citation with release and licence; the SPARQL behind it, wherever it is made by queries."""
    page = client.get(address, headers={"Accept": BROWSER}).text
    citation = re.search(r"<dt>Citation</dt><dd>([^<]+)</dd>", page)[1]

    assert f"release {release.number} of" in citation and "CC BY 4.0" in citation
    assert f"release={release.number}" in re.search(r'<a class="uri" rel="original" href="([^"]+)">', page)[1]
    assert bool(texts_of(page)) == (address.partition("?")[0] not in NO_QUERY)


@pytest.mark.parametrize("address", [*ASKED_ONCE, *(f"/queries/{name}" for name in QUESTIONS)])
def test_the_sparql_of_a_view_gives_its_rows(client, release, address: str):
    """The text that is offered, put to the endpoint, has each row of the CSV, cell by cell; or the same statements."""
    name = address.removeprefix("/queries/") if address.startswith("/queries/") else ""
    if name and (example := release.catalogue.get(name).example):
        address = f"{address}?{urlencode(example)}"
    page = client.get(address, headers={"Accept": BROWSER}).text
    (offered,) = texts_of(page)
    text = client.get(offered)

    assert text.headers["Content-Type"].startswith("application/sparql-query")
    if name and release.catalogue.get(name).form == "CONSTRUCT":
        ours = client.get(with_suffix(address, "nt")).text.splitlines()
        assert set(client.post("/sparql", data={"query": text.text, "format": "nt"}).text.splitlines()) == set(ours)
        return
    header, *rows = csv_rows(client.get(with_suffix(address, "csv")).content)
    found = client.post("/sparql", data={"query": text.text, "format": "json"}).json()
    names = {each: re.sub(r"^_+(\w+)_[a-z]+$", r"\1", each) for each in found["head"]["vars"]}  # of parameters
    told = [{names[each]: slug(cell["value"]) for each, cell in row.items()} for row in found["results"]["bindings"]]

    assert set(header) <= set(names.values())
    assert [[row.get(name, "") for name in header] for row in told] == [list(map(slug, row)) for row in rows]


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


def test_the_map_is_a_picture_of_its_own(client):
    """Each country with the counts of the matrix; well formed, without style or script."""
    answer = client.get("/roadmaps.svg")
    titles = [each.text for each in ElementTree.fromstring(answer.content).iter(f"{SVG}title")]
    matrix = csv.DictReader(io.StringIO(client.get("/matrix.csv").text, newline=""))
    counts: dict[str, list[str]] = {}
    for row in matrix:
        counts.setdefault(row["country"], []).append(row["institutions"])
    names = {row["slug"]: row["name_en"] for row in csv.DictReader(io.StringIO(client.get("/countries.csv").text))}

    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert len(counts) == 18 and "<style" not in answer.text and "<script" not in answer.text
    for country, numbers in counts.items():
        (title,) = (each for each in titles if each.startswith(f"{names[country]}: "))
        assert re.findall(r" (\d+)(?:,|$)", title) == numbers


@pytest.mark.parametrize("name", ["coverage/matrix", "statistics/classes"])
def test_the_pictures_of_a_question_can_be_taken(client, name: str):
    """Each that its page offers, as SVG."""
    page = client.get(f"/queries/{name}", headers={"Accept": BROWSER}).text
    pictures = re.findall(r'<a href="(/sparql/\w+\.svg\?[^"]+)">SVG <small>', page)

    assert pictures
    for href in pictures:
        answer = client.get(unescape(href))
        assert answer.headers["Content-Type"].startswith("image/svg+xml")
        assert ElementTree.fromstring(answer.content).tag == f"{SVG}svg"


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
