"""The SPARQL page and the pages of questions: ask, see the answer as table or picture, take it along as code."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import jsonschema
import pytest
from serving import serving

from graph_service.catalogue import read_catalogue
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.terms import PREFIXES, Iri
from graph_service.web.app import create_app
from graph_service.web.media import CSV, JSON, TTL
from graph_service.web.snippets import snippets
from graph_service.web.sparql import COMPLETIONS

PROJECT = Path(__file__).resolve().parents[2]
BROWSER = {"Accept": "text/html"}
QUERIES = [query.name for query in read_catalogue(PROJECT / "queries")]
PER_COUNTRY = """PREFIX elp: <https://w3id.org/elpaccto/ontology#>
SELECT ?country (COUNT(*) AS ?n) WHERE { ?i a elp:Institution ; elp:country ?country }
GROUP BY ?country ORDER BY ?country"""
HOSTILE = """# SPARQL\n# '''  \"\"\" ` ${x} $(touch x) )" )-" \\u0041
SELECT ("a\\"b\\\\c" AS ?x) ("it's" AS ?y) WHERE {}
# SPARQL
"""
SVG = "{http://www.w3.org/2000/svg}"


def page(client, address: str, **given: str) -> str:
    """The page as a browser gets it, with entities read."""
    return html.unescape(client.get(address, params=given, headers=BROWSER).text)


def linked(text: str, start: str) -> list[str]:
    """The addresses of links that begin so."""
    return re.findall(rf'href="({re.escape(start)}[^"]*)"', text)


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def rows(client, text: str) -> list[dict[str, str]]:
    """The rows of a query from the endpoint."""
    found = client.get("/sparql", params={"query": text, "format": "json"}).json()["results"]["bindings"]
    return [{name: each["value"] for name, each in row.items()} for row in found]


# the pages of questions


@pytest.mark.parametrize("name", QUERIES)
def test_the_query_behind_a_page_gives_its_rows_at_the_endpoint(client, release, name: str):
    """Every question with its example: the text on the page has the values in it."""
    query = release.catalogue.get(name)
    shown = client.get(f"/queries/{name}.html", params=query.example)
    link = next(each for each in linked(html.unescape(shown.text), "/sparql.html?query=") if "view=" not in each)
    text = query_of(link)["query"]

    assert html.escape(text, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in shown.text
    if query.form == "CONSTRUCT":
        answer = client.get("/sparql", params={"query": text, "format": "nt"}).text
        assert len(set(answer.splitlines())) == len(release.construct(name, query.example))
        return
    expected = [{key: str(value) for key, value in row.items()} for row in release.ask(name, query.example).rows]
    assert [{query.variables[key]: value for key, value in row.items()} for row in rows(client, text)] == expected


def test_the_buttons_of_a_question_say_how_many_rows_they_hold(client, release):
    """As many as are on screen and in the file."""
    shown = page(client, "/queries/institutions/by-axis.html", axis="corruption", as_of="2018")
    buttons = re.findall(r'href="(/queries/[^"]+\.csv[^"]*)">CSV <small>(\d+) rows', shown)

    assert len(buttons) == 1
    address, count = buttons[0]
    assert len(client.get(address).text.splitlines()) - 1 == int(count) == shown.count('<td class="i muted">')


def test_a_question_that_can_be_drawn_leads_to_its_pictures(client):
    """With the values that were asked; one that cannot leads to none."""
    drawn = [
        query_of(each)["view"]
        for each in linked(page(client, "/queries/coverage/matrix.html"), "/sparql.html?query=")
        if "view=" in each
    ]

    assert drawn == ["bar", "matrix"]
    assert "view=" not in page(client, "/queries/plan/statements.html")


def test_only_the_page_with_the_editor_has_a_script(client):
    """And that one from this host."""
    assert "<script" not in page(client, "/queries/coverage/matrix.html") + page(client, "/queries.html")
    assert len(re.findall("<script", page(client, "/sparql.html"))) == 1


@pytest.mark.parametrize("address", ["/queries", "/sparql"])
def test_questions_can_be_searched_without_scripts(client, release, address: str):
    """All words must stand in name, summary, tags or parameters, whatever the language, accents and case."""
    start = {"/queries": "/queries/", "/sparql": "/sparql.html?example="}[address]
    some = linked(page(client, f"{address}.html", find="INSTITUCION eje"), start)
    every = linked(page(client, f"{address}.html"), start)

    assert 0 < len(some) < len(every)
    assert any("institutions" in each for each in some)
    assert linked(page(client, f"{address}.html", find="zzz"), start) == []
    assert "zzz" in page(client, f"{address}.html", find="zzz")


def test_a_search_among_questions_holds_for_programs_as_well(client):
    """The JSON has those of the page."""
    found = client.get("/queries.json", params={"find": "gap"}).json()["queries"]

    assert 0 < len(found) < len(QUERIES)
    assert {each["name"] for each in found} >= {"coverage/gaps", "roadmaps/gaps"}


# the page for SPARQL


def test_a_search_among_examples_keeps_the_query(client):
    """What was written is not lost by looking for something else."""
    shown = client.get("/sparql.html", params={"query": "ASK { } # mine", "find": "gap"}).text

    assert "ASK { } # mine</textarea>" in shown
    assert '<input type="hidden" name="query" value="ASK { } # mine">' in shown


@pytest.mark.parametrize("name", QUERIES)
def test_each_example_is_answered_at_once(client, name: str):
    """An example needs no click on Run, and none fails."""
    answer = client.get("/sparql.html", params={"example": name})

    assert answer.status_code == 200
    assert 'id="results"' in answer.text and 'role="alert"' not in answer.text


def test_records_are_shown_by_name_and_lead_to_their_page(client):
    shown = page(client, "/es/sparql.html", query="SELECT (<https://w3id.org/elpaccto/id/country/PE> AS ?c) {}")

    assert '<td><a href="/es/countries/PE">Perú</a></td>' in shown


@pytest.mark.parametrize(
    ("text", "views"),
    [
        (PER_COUNTRY, ["table", "bar", "map", "raw"]),
        ("SELECT ?s ?p WHERE { ?s ?p ?o } LIMIT 3", ["table", "raw"]),
        ("SELECT (1 AS ?n) WHERE {}", ["table", "raw"]),
    ],
)
def test_the_ways_to_see_an_answer_are_those_that_suit_it(client, text: str, views: list[str]):
    """Each is a link that works without scripts."""
    links = [
        each for each in linked(page(client, "/sparql.html", query=text), "/sparql.html?query=") if "view=" in each
    ]
    ways = [query_of(each)["view"] for each in links if "release" not in each]

    assert ways == views
    assert all(client.get(each, headers=BROWSER).status_code == 200 for each in links)


def test_the_numbers_of_each_picture_are_those_of_the_table(client):
    """Bars and tiles: one for each row, with its number."""
    expected = sorted(row["n"] for row in rows(client, PER_COUNTRY))
    bars = page(client, "/sparql.html", query=PER_COUNTRY, view="bar")
    tiles = page(client, "/sparql.html", query=PER_COUNTRY, view="map")

    assert sorted(re.findall(r'<td class="n">(\d+)</td>', bars)) == expected
    assert sorted(re.findall(r'<span class="num">(\d+)</span>', tiles)) == expected


def test_the_matrix_of_a_query_is_that_of_the_coverage(client):
    """All cells, and a zero looks like a gap."""
    text = query_of(linked(page(client, "/queries/coverage/matrix.html"), "/sparql.html?query=")[0])["query"]
    shown = page(client, "/sparql.html", query=text, view="matrix")
    cells = re.findall(r'<span class="z c(\d)">(\d+)</span>', shown)
    counts = client.get("/matrix.json").json()["counts"]

    assert [int(number) for _, number in cells] == [counts[c][a] for c in counts for a in counts[c]]
    assert all((step == "0") == (number == "0") for step, number in cells)


def test_a_view_that_does_not_suit_says_so_and_shows_the_table(client):
    """Also one that does not exist: nothing is lost."""
    for view in ("map", "cake"):
        answer = client.get("/sparql.html", params={"query": "SELECT ?s WHERE { ?s ?p ?o } LIMIT 1", "view": view})

        assert answer.status_code == 200
        assert '<p class="note small" role="status">' in answer.text and '<td class="i muted">1</td>' in answer.text


@pytest.mark.parametrize("view", ["bar", "map"])
def test_a_picture_can_be_taken_along(client, view: str):
    """As a file that stands alone: well-formed, without styles or links, with each number."""
    answer = client.get(f"/sparql/{view}.svg", params={"query": PER_COUNTRY})
    drawn = ElementTree.fromstring(answer.text)
    words = [each.text for each in drawn.iter(f"{SVG}text")]

    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert all(row["n"] in words for row in rows(client, PER_COUNTRY))
    assert "Peru" in words if view == "bar" else "PE" in words
    assert "style" not in answer.text and "href" not in answer.text


def test_words_in_a_picture_stay_words(client):
    """Markup, control characters and long names, which XML could not bear."""
    label = "<script>&amp;" + "\\u0001" + "x" * 80
    text = f'SELECT ("{label}" AS ?label) (1 AS ?n) WHERE {{}}'
    drawn = ElementTree.fromstring(client.get("/sparql/bar.svg", params={"query": text}).text)
    words = [each.text or "" for each in drawn.iter(f"{SVG}text")]

    assert any(each.startswith("<script>&amp;\ufffdx") and each.endswith("…") for each in words)


@pytest.mark.parametrize(
    ("view", "text", "status"),
    [
        ("map", "SELECT ?s WHERE { ?s ?p ?o } LIMIT 1", 400),
        ("bar", "ASK {}", 400),
        ("bar", "", 400),
        ("bar", "SELECT", 400),
        ("cake", PER_COUNTRY, 404),
        ("bar", "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", 403),
    ],
)
def test_a_picture_that_cannot_be_made_says_why(client, view: str, text: str, status: int):
    answer = client.get(f"/sparql/{view}.svg", params={"query": text})

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("text", "line", "bad", "column"),
    [
        ("SELECT *\nWHERE { ?s ?p }", "2", "}", "15"),
        ("SELECT *\nWHERE { ?s elp:axis ?o }", "2", "elp:axis", "12"),  # the engine stops behind it
        ("SELECT * WHERE { ?s ?p ?o } ORDR BY ?s\n#", "1", "BY", "34"),
        ("SELECT", "1", "SELECT", "1"),
    ],
)
def test_the_place_of_an_error_is_marked_with_and_without_scripts(client, text: str, line: str, bad: str, column: str):
    """On the page in words, for the editor in numbers; the text stays."""
    answer = client.get("/sparql.html", params={"query": text})

    assert answer.status_code == 400
    assert f'<mark class="bad">{bad}</mark>' in answer.text
    assert f'data-line="{line}" data-column="{column}"' in answer.text
    assert 'aria-invalid="true" aria-describedby="results"' in answer.text
    assert f"{text}</textarea>" in answer.text


def test_the_chosen_view_outlives_an_error(client):
    """Who mends the query sees it as before."""
    assert '<input type="hidden" name="view" value="bar">' in client.get("/sparql.html?query=SELECT&view=bar").text


def test_a_permalink_asks_the_release_that_answered(client):
    """And gives the same page later."""
    link = re.search(r'rel="bookmark" href="([^"]+)"', page(client, "/sparql.html", query=PER_COUNTRY, view="bar"))
    assert link is not None

    assert query_of(link[1]) == {"query": PER_COUNTRY, "view": "bar", "release": "1"}
    assert '<td class="n">' in client.get(link[1]).text


def test_downloads_say_how_many_rows_they_hold(client):
    shown = page(client, "/sparql.html", query=PER_COUNTRY)
    address = next(each for each in linked(shown, "/sparql?query=") if "format=csv" in each)

    assert "CSV <small>18 rows</small>" in shown
    assert len(client.get(address).text.splitlines()) - 1 == 18


def test_values_with_markup_stay_text_in_every_view(client):
    text = 'SELECT ("<b>&x" AS ?label) (1 AS ?n) WHERE {}'
    for view in ("table", "bar", "raw"):
        shown = client.get("/sparql.html", params={"query": text, "view": view}).text

        assert "<b>&x" not in shown and "&lt;b&gt;&amp;x" in shown, view


# code to paste


@pytest.fixture(scope="module")
def endpoint(releases: Releases, home: Path, project_dir: Path) -> Iterator[str]:
    """The real app on a free port, for programs."""
    with serving(create_app(releases, Settings(home=home, project=project_dir))) as origin:
        yield f"{origin}/sparql"


def code(endpoint: str, language: str, query: str, answer=CSV) -> str:
    return next(each.code for each in snippets(endpoint, query, answer) if each.language == language)


def ran(command: list[str]) -> str:
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_the_code_on_the_page_is_that_of_the_query(client):
    shown = page(client, "/sparql.html", query=HOSTILE)

    for each in snippets("http://testserver/sparql", HOSTILE, CSV):
        assert f"<summary>{each.language}</summary>" in shown
        assert each.code in shown


@pytest.mark.parametrize("query", [HOSTILE, 'SELECT ("a\\"b\\\\c" AS ?x) ("it\'s" AS ?y) WHERE {}'])
def test_the_code_runs_and_asks_exactly_the_query(endpoint: str, tmp_path: Path, query: str):
    """curl in a shell, Python, JavaScript: whatever the query holds stays data."""
    expected = {"x": 'a"b\\c', "y": "it's"}
    if shutil.which("curl"):
        assert ran(["bash", "-c", f"cd '{tmp_path}'\n{code(endpoint, 'curl', query)}"]).splitlines() == [
            "x,y",
            '"a""b\\c",it\'s',
        ]
    python = code(endpoint, "Python", query) + "\nprint(rows.to_json(orient='records'))"
    assert json.loads(ran([sys.executable, "-W", "ignore", "-c", python])) == [expected]
    if shutil.which("node"):
        script = code(endpoint, "JavaScript", query) + "\nconsole.log(JSON.stringify(rows))"
        found = json.loads(ran(["node", "--input-type=module", "--eval", script]))
        assert [{name: each["value"] for name, each in row.items()} for row in found] == [expected]
    assert list(tmp_path.iterdir()) == []


def test_code_for_other_answers_reads_them_as_text(endpoint: str):
    """Yes or no as JSON, statements as Turtle."""
    asked = ran([sys.executable, "-c", code(endpoint, "Python", "ASK {}", JSON) + "\nprint(answer)"])
    built = code(endpoint, "Python", "CONSTRUCT { <urn:a> <urn:b> <urn:c> } WHERE {}", TTL) + "\nprint(answer)"

    assert json.loads(asked)["boolean"] is True
    assert "<urn:a>" in ran([sys.executable, "-c", built])


def test_a_raw_string_of_r_ends_only_at_its_end():
    """R is not run here: its delimiter does not occur in the query (R 4.0, `?Quotes`)."""
    for query in (HOSTILE, 'a )" b', 'a )-" b )" c'):
        opening = re.search(r'r"(-*)\(', code("http://x/sparql", "R", query))
        assert opening is not None
        assert f'){opening[1]}"' not in query


# what the editor completes


def test_completions_are_the_names_of_the_graph(client, release):
    """Every class and property that is used, every record with a name; each prefixed name is one of the graph."""
    answer = client.get("/sparql/completions.json")
    found = answer.json()
    classes = {str(row["class"]) for row in release.ask("statistics/classes").rows}

    def iri(name: str) -> str:
        prefix, _, local = name.partition(":")
        return PREFIXES[prefix] + local

    jsonschema.validate(found, COMPLETIONS)
    assert {iri(each["name"]) for each in found["classes"]} == classes
    assert len(found["properties"]) > 50
    for each in found["records"]:
        assert release.exists(Iri(iri(each["name"]))), each
    assert {"name": "country:PE", "label": "Peru"} in found["records"]
    country = next(each for each in found["properties"] if each["name"] == "elp:country")
    assert "elp:Institution" in country["classes"] and "elp:Source" not in country["classes"]


@pytest.mark.parametrize(
    ("address", "peru", "mandate"),
    [("/es/sparql/completions.json", "Perú", "mandato"), ("/sparql/completions.json?lang=fr", "Pérou", "mandat")],
)
def test_completions_come_in_the_language_of_the_page(client, address: str, peru: str, mandate: str):
    """Also the names of classes and properties, those of other vocabularies included."""
    found = client.get(address).json()
    words = {each["name"]: each["label"] for each in (*found["classes"], *found["properties"])}

    assert {"name": "country:PE", "label": peru} in found["records"]
    assert words["elp:Mandate"] == mandate
    assert words["skos:altLabel"] not in ("", "Also known as")


def test_the_page_names_the_completions_of_its_language_and_release(client):
    """And they are asked for once: with its tag, a client is told that it has them."""
    shown = page(client, "/es/sparql.html", release="1")
    address = re.search(r'data-completions="([^"]+)"', shown)
    assert address is not None
    tag = client.get(address[1]).headers["ETag"]

    assert address[1] == "/es/sparql/completions.json?release=1"
    assert client.get(address[1], headers={"If-None-Match": tag}).status_code == 304
