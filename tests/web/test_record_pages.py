"""Record pages: who says it, how old that is, where sources disagree, what it is linked to, how to report an error."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.terms import Iri, Literal, record_iri
from graph_service.views import Neighbour
from graph_service.views.records import age
from graph_service.web import neighbourhood
from graph_service.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
LINKED = [
    "/institutions/pe-mp",
    "/countries/PE",
    "/axes/gender",
    "/organisations/ameripol",
    "/events/mission-2017-pe",
    "/sources/seed-plan-2018",
    "/doc/programme/el-paccto",
    "/doc/mandate/pe-mp-cybercrime",
    "/doc/concept/judiciary",
]
BUDGETS = {"19,000,000 EUR": 5, "21,000,000 EUR": 1, "22,410,000 EUR": 1, "23,000,000 EUR": 1}  # value → sources


def section(page: str, heading: str) -> str:
    """The part of a page that a heading names."""
    found = re.search(rf'<section[^>]*aria-labelledby="{heading}".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


@pytest.fixture(scope="module")
def reachable(home: Path, releases: Releases) -> Iterator[TestClient]:
    """The service of an operator who gave an address to write to."""
    with TestClient(create_app(releases, Settings(home=home, project=ROOT, contact="data@example.org"))) as made:
        yield made


# Where sources disagree


@pytest.mark.parametrize(
    "key", ["programme/el-paccto", "statement/programme-budget-19", "statement/programme-budget-23"]
)
def test_values_on_which_sources_disagree_stand_side_by_side(client, key: str):
    """The four budgets of the programme, each with all who give it; from the programme and from each of them."""
    shown = section(client.get(f"/doc/{key}.html").text, "dis")

    found = {
        unescape(value): len(re.findall(r'href="/sources/', told))
        for value, told in re.findall(r'<p class="figure">(?:<a [^>]*>)?([^<]+)(.*?)</ul></li>', shown, re.DOTALL)
    }
    assert found == BUDGETS


def test_what_sources_agree_on_is_not_called_a_disagreement(client):
    """A statement with no other number of its unit, and records without a number."""
    for address in ("/doc/statement/plan-roadmaps.html", "/institutions/pe-mp.html", "/doc/plan/action-plan-2018.html"):
        assert "Sources disagree" not in client.get(address).text


def test_the_json_of_a_record_has_the_values_and_the_newest_date(client):
    """What the page shows, as data."""
    record = client.get("/doc/statement/programme-budget-19.json").json()

    assert [each["value"] for each in record["readings"]] == [
        "19000000 EUR", "21000000 EUR", "22410000 EUR", "23000000 EUR",
    ]  # fmt: skip
    assert record["newest"] == "2019-06-27" == max(each["date"] or "" for each in record["citations"])


# How old it is


@pytest.mark.parametrize(("date", "years"), [("2019", 6), ("2019-11", 6), ("2019-10", 7), ("2027", 0), ("soon", None)])
def test_the_age_of_a_date_is_counted_in_whole_years_that_have_passed_at_least(date: str, years: int | None):
    """A year or month may mean its last day."""
    assert age(Literal(date), datetime.date(2026, 11, 26)) == years


def test_a_record_says_how_old_its_newest_source_is(client, release: Release):
    """The date, and the years until the release; none where no source has a date."""
    page = client.get("/institutions/pe-mp.html").text
    years = age(Literal("2020-12-30"), release.date)
    undated = next(
        each.slug
        for each in release.members("elp:Institution")
        if not client.get(f"/institutions/{each.slug}.json").json()["newest"]
    )

    assert f'<time datetime="2020-12-30">30 December 2020</time>, {years} years before release' in page
    assert "None of its sources has a date" in client.get(f"/institutions/{undated}.html").text


# What it is linked to


@pytest.mark.parametrize("address", LINKED)
def test_every_link_that_is_drawn_stands_in_the_table(client, address: str):
    """The picture is a choice of the table; the table has all links, unless it says how many there are."""
    page = client.get(f"{address}.html").text
    drawn = re.findall(r'<a href="([^"]+)"><rect', section(page, "nb"))
    table = section(page, "links")
    listed = re.findall(r'data-h="Record"><a (?:class="uri" )?href="([^"]+)"', table)
    undrawn = re.search(r"(\d+) more links? (?:is|are) not drawn", section(page, "nb"))
    total = re.search(r"The first 100 of ([\d,]+)", table)

    assert drawn and set(drawn) <= set(listed)
    assert len(drawn) + int(undrawn[1] if undrawn else 0) == (int(total[1]) if total else len(listed))


@pytest.mark.parametrize("address", LINKED)
def test_the_picture_can_be_taken_away(client, address: str):
    """An SVG file, well-formed, the same each time, whose links lead to pages."""
    answer = client.get(f"{address}.svg")
    drawing = ElementTree.fromstring(answer.content)

    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert drawing.tag == f"{SVG}svg"
    assert client.get(f"{address}.svg").content == answer.content
    for link in drawing.iter(f"{SVG}a"):
        assert client.get(link.attrib["href"]).status_code == 200


def test_boxes_do_not_overlap_and_lie_in_the_picture():
    """However many neighbours there are on either side."""
    for own, others in [(0, 1), (1, 0), (0, 30), (30, 0), (3, 9), (20, 20), (1, 4)]:
        links = [Neighbour(record_iri("event", str(n)), Iri(f"e:{n % 3}"), None, n < own) for n in range(own + others)]
        drawing = neighbourhood.draw(record_iri("axis", "one"), links)
        places = [(box.x, box.y) for box in drawing.boxes] + [(drawing.x, drawing.y)]

        assert len(drawing.boxes) == min(own, 6) + min(others, 12 - min(own, 6))
        assert all(0 <= y <= drawing.height - neighbourhood.HIGH for _, y in places)
        assert all(abs(y - v) >= neighbourhood.HIGH for x, y in places for u, v in places if x == u and y != v)
        assert len(set(places)) == len(places)


def test_kinds_of_link_take_turns():
    """Many of one kind leave room for the others."""
    links = [Neighbour(record_iri("event", str(n)), Iri("e:many"), None, False) for n in range(40)]
    rare = Neighbour(record_iri("axis", "one"), Iri("e:rare"), None, False)

    assert rare in neighbourhood.chosen([*links, rare], 5)


# Sources


def test_a_source_tells_what_it_states(client):
    """Title, publisher, date, language; and every record that rests on it, with its words."""
    page = client.get("/sources/seed-plan-2018.html").text
    rows = client.get("/queries/sources/statements.json?source=seed-plan-2018").json()["rows"]
    records = {row["record"] for row in rows}
    stated = section(page, "st")

    assert "Expertise France" in page and "French" in page and '<time datetime="2017">' in page
    assert f"{len(records)} records rest on it" in stated
    assert stated.count('<tr><th scope="row">') == len(records)
    assert '<p class="words"><span lang="fr">' in stated


def test_a_source_without_quotes_tells_what_it_states_too(client):
    """Its records and their certainty, and no words."""
    stated = section(client.get("/sources/src-pe-mnp-pradpi.html").text, "st")

    assert '<tr><th scope="row">' in stated
    assert 'class="words"' not in stated


def test_a_record_without_a_name_is_shown_by_what_names_it(client):
    """A mandate by its holder and axis, a gap by its country and axis: no bare identifiers."""
    page = client.get("/sources/seed-plan-2018.html").text

    assert "<code>" not in section(page, "st")
    assert "<h1>Argentina: Gender" in client.get("/doc/gap/ar-gender.html").text


# Reporting an error


def test_an_error_is_reported_by_a_message_that_names_record_and_release(reachable: TestClient, release: Release):
    """With a contact: a link that opens the message."""
    page = reachable.get("/institutions/pe-mp.html").text
    link = re.search(r'href="(mailto:[^"]+)"', page)

    assert link
    parts = urlsplit(unescape(link[1]))
    message = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "data@example.org"
    assert "Ministerio Público" in message["subject"]
    assert f"Record: {record_iri('institution', 'pe-mp')}\r\nRelease: {release.number} of " in message["body"]


def test_without_a_contact_the_text_is_there_to_copy(client, release: Release):
    """No address is invented."""
    page = client.get("/institutions/pe-mp.html").text

    assert "mailto:" not in page
    assert f"Record: {record_iri('institution', 'pe-mp')}\nRelease: {release.number} of " in page


def test_a_record_is_cited_by_its_iri(client, release: Release):
    """Name, data set, release, date, licence, IRI."""
    page = client.get("/institutions/pe-mp.html").text
    cited = re.search(r"Cite this record</h3><p>([^<]+)</p>", page)

    assert cited
    for part in ("Ministerio Público", f"release {release.number} of", "CC BY 4.0", record_iri("institution", "pe-mp")):
        assert part in cited[1]
