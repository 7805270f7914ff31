"""A roadmap shows all that the data files know of its country, in every format, and says what is not published."""

from __future__ import annotations

import csv
import html
import json
import re
from pathlib import Path

import pyoxigraph
import pytest
from pyld import jsonld

PROJECT = Path(__file__).resolve().parents[2]
COUNTRIES = sorted(path.stem.upper() for path in (PROJECT / "data" / "institutions").glob("*.ttl"))
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SUFFIXES = {
    "ttl": pyoxigraph.RdfFormat.TURTLE,
    "nt": pyoxigraph.RdfFormat.N_TRIPLES,
    "rdf": pyoxigraph.RdfFormat.RDF_XML,
}


def last(values: list[str] | None) -> str:
    """The slug of the first value; empty where there is none."""
    return values[0].rpartition("/")[2] if values else ""


def institutions_of(facts, country: str) -> dict[str, dict[str, list[str]]]:
    return {key: each for key, each in facts.records("Institution").items() if last(each["country"]) == country}


def events_of(facts, country: str) -> dict[str, dict[str, list[str]]]:
    """Held in the country, with it or one of its institutions taking part, or held for all."""
    taking_part = {country, *institutions_of(facts, country)}
    shared = {
        last(each["event"])
        for each in facts.records("Participation").values()
        if last(each["participant"]) in taking_part
    }
    return {
        key: each
        for key, each in facts.records("Event").items()
        if key in shared or last(each.get("country")) == country or each.get("heldForAll") == ["true"]
    }


@pytest.fixture(scope="module")
def roadmaps(client) -> dict[str, str]:
    """The page of each country, entities resolved."""
    return {
        code: html.unescape(client.get(f"/roadmaps/{code}", headers={"Accept": BROWSER}).text) for code in COUNTRIES
    }


def test_there_is_a_roadmap_for_each_beneficiary_country(client, facts):
    """The list, the data files and the roadmaps agree."""
    listed = client.get("/roadmaps.json").json()["rows"]

    assert [row["slug"] for row in listed] == COUNTRIES == sorted(facts.records("Country"))


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_institution_stands_there_by_its_official_name(roadmaps, facts, code: str):
    """Those that ended too, marked as ended."""
    found = institutions_of(facts, code)

    assert len(found) >= 12
    for key, each in found.items():
        block = roadmaps[code].partition(f'<tr id="{key}">')[2].partition("</tr>")[0]
        assert each["prefLabel"][0] in block, key
        assert ("flag gap" in block) == ("until" in each), key


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_event_of_the_country_stands_there_with_its_status(roadmaps, facts, code: str):
    """No event more, none less, each in its source's exact words; what was only announced is never shown as done."""
    timeline = roadmaps[code].partition('<ol class="time">')[2].partition("</ol>")[0]
    blocks = dict(re.findall(r'<li id="([^"]+)"(.*?)</li>', timeline, re.DOTALL))
    expected = events_of(facts, code)

    assert set(blocks) == set(expected)
    for key, each in expected.items():
        status = re.search(r'class="state"><span class="flag (?:plan|done)">([^<]+)<', blocks[key])
        assert status and status[1].lower() == last(each["status"]), key
        assert all(quote in blocks[key] for quote in facts.quotes(each)), key
        assert ("date inferred" in blocks[key]) == ("inferred" in last(each.get("datePrecision"))), key


@pytest.mark.parametrize("code", COUNTRIES)
def test_gaps_and_what_is_not_published_are_said(roadmaps, facts, code: str):
    """Every known gap in its words; the document, the requests and the indicators are said to be unpublished."""
    for key, each in facts.records("CoverageGap").items():
        if last(each["country"]) == code:
            assert each["description"][0] in roadmaps[code], key
    for part in ("roadmap-document", "requests", "indicators"):
        assert f'id="not-published-{part}"' in roadmaps[code]


def test_a_roadmap_tells_who_covered_an_axis_in_the_year_of_the_plan_and_today(roadmaps):
    """Both grids stand there, and what changed between them."""
    page = roadmaps["PE"]

    assert "As of 2018, the year of the plan" in page
    assert "What changed between 2018 and" in page
    changes = page.partition('id="changes"')[2].partition("</ul>")[0]
    assert "Unidad Fiscal Especializada en Ciberdelincuencia" in changes


def test_every_statement_has_a_source_and_a_certainty(roadmaps):
    """Each event, membership, gap, statement, institution and mandate carries a footnote and a mark."""
    page = roadmaps["PE"]
    blocks = re.findall(
        r'<li id="[^"]+".*?</li>', page.partition('<ol class="time">')[2].partition("</ol>")[0], re.DOTALL
    )
    blocks += re.findall(r'<tr id="pe-[^"]+">.*?</tr>', page, re.DOTALL)
    blocks += re.findall(r'<div class="gapbox"><h3>[A-Z][a-z ]+</h3><p>.*?</div>', page)[:3]

    assert len(blocks) > 60
    for block in blocks:
        assert 'class="fn"' in block, block[:200]
        assert 'class="ev"' in block, block[:200]


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_roadmap_answers_in_every_format(client, code: str):
    """JSON and CSV parse, the RDF formats hold one and the same graph."""
    assert client.get(f"/roadmaps/{code}.json").json()["country"]["id"] == code
    rows = list(csv.DictReader(client.get(f"/roadmaps/{code}.csv").text.splitlines()))
    assert {"country", "event", "institution", "mandate", "source"} <= {row["section"] for row in rows}
    graphs = {}
    for suffix, form in SUFFIXES.items():
        answer = client.get(f"/roadmaps/{code}.{suffix}")
        assert answer.status_code == 200
        graphs[suffix] = {quad.triple for quad in pyoxigraph.parse(answer.content, format=form)}
    assert not graphs["ttl"] ^ graphs["nt"] and not graphs["ttl"] ^ graphs["rdf"]
    assert len(graphs["ttl"]) > 1000


def test_the_json_ld_of_a_roadmap_says_the_same_as_its_turtle(client):
    """Read by another library, the framed JSON-LD gives the same triples."""
    document = json.loads(client.get("/roadmaps/PE.jsonld").content)
    lines = jsonld.to_rdf(document, {"format": "application/n-quads"})
    framed = {quad.triple for quad in pyoxigraph.parse(lines, format=pyoxigraph.RdfFormat.N_QUADS)}
    turtle = client.get("/roadmaps/PE.ttl").content

    assert not framed ^ {quad.triple for quad in pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE)}


def test_a_roadmap_can_be_asked_as_of_a_date(client):
    """`as_of` moves the grid of today: what began in 2020 is not yet in force in 2019, and is in 2021."""
    states = {
        year: {
            each["id"]: each["in_force"] for each in client.get(f"/roadmaps/PE.json?as_of={year}").json()["mandates"]
        }
        for year in (2019, 2021)
    }
    late = {key for key, state in states[2019].items() if state == "not-yet"}

    assert late
    assert any(states[2021][key] == "certain" for key in late)


def test_a_code_in_another_form_leads_to_the_roadmap(client):
    """Lower case and ISO alpha-3 are understood and led to the one address."""
    for form in ("pe", "PER"):
        answer = client.get(f"/roadmaps/{form}.json?as_of=2018")

        assert answer.status_code == 303
        assert answer.headers["Location"] == "/roadmaps/PE.json?as_of=2018"
