"""The main question: who covers what, where, as of when; against the data files."""

from __future__ import annotations

import csv
import html
import re

import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def mandates(facts, axis: str, country: str, year: int) -> tuple[set[str], set[str]]:
    """Mandates in force at some time within a year, and those left out: a body holds from its start to its end."""
    bodies = facts.records("Institution")
    held, out = set(), set()
    for key, each in facts.records("Mandate").items():
        body = bodies[each["holder"][0].rpartition("/")[2]]
        if each["axis"][0].rpartition("/")[2] != axis or body["country"][0].rpartition("/")[2] != country:
            continue
        begun = "since" not in body or int(body["since"][0][:4]) <= year
        lasting = "until" not in body or int(body["until"][0][:4]) >= year
        (held if begun and lasting else out).add(key)
    return held, out


@pytest.mark.parametrize("year", [2018, 2026])
@pytest.mark.parametrize(
    ("country", "axis"), [("PE", "corruption"), ("AR", "gender"), ("BR", "cybercrime"), ("VE", "money-laundering")]
)
def test_the_answer_is_that_of_the_data_files(client, facts, country: str, axis: str, year: int):
    """The mandates in force and those left out, in the JSON and on the page."""
    held, out = mandates(facts, axis, country, year)
    address = f"/ask?axis={axis}&country={country}&as_of={year}"
    body = client.get(address, headers={"Accept": "application/json"}).json()
    page = html.unescape(client.get(address, headers={"Accept": BROWSER}).text)

    assert {each["id"] for each in body["mandates"]} == held
    assert {each["id"] for each in body["left_out"]} == out
    assert f"{len(held)} mandate" in page
    for each in body["mandates"]:
        assert each["name"]["value"] in page
        assert each["basis"] is None or each["basis"]["value"] in page
        assert each["citations"] and each["citations"][0]["certainty"]["id"]


def test_the_answer_says_how_it_was_understood(client):
    """Values may be slugs, codes or IRIs; `parameters` says what they were taken for."""
    iri = "https://w3id.org/elpaccto/id/axis/corruption"
    body = client.get("/ask.json", params={"axis": iri, "country": "per", "as_of": "2018"}).json()

    assert body["parameters"] == {"axis": "corruption", "country": "PE", "as_of": "2018"}


def test_the_answer_says_what_was_left_out_and_why(client):
    """A body founded later is named beside the rows with its reason, never among them."""
    page = client.get("/ask.html?axis=cybercrime&country=PE&as_of=2018").text
    rows, left_out = page.split('id="out"')

    assert "Unidad Fiscal Especializada en Ciberdelincuencia" not in rows
    assert "Unidad Fiscal Especializada en Ciberdelincuencia" in left_out
    assert "begins only in" in left_out


def test_a_start_that_is_not_recorded_is_said(client):
    """It counts as existing, and the page says for how many."""
    page = client.get("/ask.html?axis=corruption&country=PE&as_of=2018").text

    assert re.search(r"For \d+ of them the start is not recorded", page)


def test_an_empty_answer_offers_wider_questions(client):
    """No institution: the page says that it is a gap and how many a wider question gives."""
    page = client.get("/ask.html?axis=gender&country=PE&component=police").text

    assert "not proof that nobody does it" in page
    assert re.search(r'href="/ask\?axis=gender&amp;country=PE[^"]*">Any component \(\d+\)', page)


@pytest.mark.parametrize("year", [2018, 2026])
def test_each_cell_of_the_matrix_is_the_length_of_the_list_that_it_opens(client, facts, year: int):
    """All cells of a country, and the totals; 0 is shown as a gap."""
    counts = client.get(f"/matrix.json?as_of={year}").json()["counts"]

    assert len(counts) * len(counts["PE"]) == 90
    for country in ("PE", "CU", "SV"):
        for axis, count in counts[country].items():
            held, _ = mandates(facts, axis, country, year)
            assert count == len(held), (country, axis)


def test_the_matrix_as_csv_has_a_row_per_cell(client):
    """The file behind the button has all cells, also those with 0."""
    rows = list(csv.DictReader(client.get("/matrix.csv?component=penitentiary").text.splitlines()))

    assert len(rows) == 90
    assert "0" in {row["institutions"] for row in rows}


def test_a_gap_in_the_matrix_is_printed_and_not_a_link(client):
    """Hatched cell, printed 0, hidden words."""
    page = client.get("/matrix.html?component=penitentiary").text

    assert '<span class="z c0">0<span class="vh">, none recorded</span></span>' in page


def test_two_to_six_countries_stand_side_by_side(client):
    """In the order asked for; JSON and CSV hold the same counts."""
    body = client.get("/compare.json?countries=PE,EC,CO&as_of=2018").json()
    rows = list(csv.DictReader(client.get("/compare.csv?countries=PE,EC,CO&as_of=2018").text.splitlines()))

    assert [each["id"] for each in body["countries"]] == ["PE", "EC", "CO"]
    first = body["profiles"][0]
    own = [row for row in rows if row["country"] == "PE" and row["measure"] == "coverage"]
    assert {row["of"]: int(row["value"]) for row in own} == first["coverage"]


def test_the_home_page_answers_a_question_at_once(pages):
    """The example of the query file is answered before anybody asks; every select has a label."""
    page = pages["/"]
    labels = set(re.findall(r'<label for="([^"]+)"', page))

    assert re.search(r"<h2>\d+ institutions</h2>", page)
    assert set(re.findall(r'<(?:select|input) id="([^"]+)"', page)) <= labels
