"""Every record can be looked up, by its IRI's path, in every format."""

from __future__ import annotations

import csv

import pyoxigraph
import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
EXAMPLES = {  # one record of each kind → the page of its own, if it has one
    "programme/el-paccto": None,
    "plan/action-plan-2018": None,
    "roadmap/PE": "/roadmaps/PE",
    "country/PE": "/countries/PE",
    "country/FR": "/countries/FR",
    "institution/pe-mp": "/institutions/pe-mp",
    "organisation/ameripol": "/organisations/ameripol",
    "partner/fiiapp": None,
    "mandate/pe-mp-cybercrime": None,
    "membership/ameripol-PE": None,
    "event/mission-2017-pe": "/events/mission-2017-pe",
    "axis/human-rights": "/axes/human-rights",
    "component/judicial": None,
    "concept/stated": None,
    "gap/ar-gender": None,
    "statement/plan-roadmaps": None,
    "source/seed-plan-2018": "/sources/seed-plan-2018",
    "graph/derived": None,
    "graph/countries": None,
}


@pytest.mark.parametrize("key", EXAMPLES)
def test_the_address_of_a_thing_leads_to_what_is_said_of_it(client, key: str):
    """/id/ answers 303 to /doc/, with suffix or not lost on the way."""
    answer = client.get(f"/id/{key}", headers={"Accept": "text/turtle"})

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/doc/{key}"


@pytest.mark.parametrize(("key", "own"), EXAMPLES.items())
def test_a_browser_is_led_to_the_page_of_a_record(client, key: str, own: str | None):
    """Where a kind has pages of its own, /doc/ sends browsers there; else it is the page."""
    answer = client.get(f"/doc/{key}", headers={"Accept": BROWSER})

    if own:
        assert (answer.status_code, answer.headers["Location"]) == (303, own)
        assert client.get(own, headers={"Accept": BROWSER}).status_code == 200
    else:
        assert answer.status_code == 200
        assert f'<link rel="canonical" href="/doc/{key}">' in answer.text


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_program_gets_the_statements_of_a_record(client, key: str):
    """Turtle of the record, with its evidence and sources; JSON and CSV too."""
    turtle = client.get(f"/doc/{key}.ttl")
    subjects = {quad.subject.value for quad in pyoxigraph.parse(turtle.content, format=pyoxigraph.RdfFormat.TURTLE)}
    iri = f"https://w3id.org/elpaccto/{'' if key.startswith('graph/') else 'id/'}{key}"

    assert iri in subjects
    assert client.get(f"/doc/{key}.json").json()["iri"] == iri
    assert list(csv.DictReader(client.get(f"/doc/{key}.csv").text.splitlines()))


def test_the_evidence_of_a_record_stands_on_its_page(client):
    """An institution shows its source, the certainty of each property, and what is not recorded."""
    page = client.get("/institutions/pe-mp.html").text

    assert "Ministerio Público" in page
    assert "Not recorded" in page
    assert 'href="#e-reference"' in page and 'href="#e-checked"' in page
    assert 'id="s1"' in page


def test_an_unknown_record_gets_near_names(client):
    """A mistyped slug is answered with close ones."""
    answer = client.get("/doc/institution/pe-mpp", headers={"Accept": "application/json"})

    assert answer.status_code == 404
    assert "pe-mp" in answer.json()["near"]


@pytest.mark.parametrize("address", ["/doc/country/a%20b", "/id/country/a%3Cb", "/institutions/a%20b", "/graph/a%20b"])
def test_what_cannot_be_an_iri_is_no_record(client, address: str):
    """A space or a bracket in an address is no fault of the service."""
    answer = client.get(address)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_lists_can_be_filtered(client):
    """Filters are GET parameters; the form shows what was chosen."""
    rows = client.get("/institutions.json?country=PE&kind=ministry").json()["rows"]
    page = client.get("/institutions.html?country=PE&kind=ministry").text

    assert rows and {row["country"] for row in rows} == {"PE"} and {row["kind"] for row in rows} == {"ministry"}
    assert '<option value="PE" selected>' in page


def test_an_inferred_date_is_marked_in_the_list_of_events(client):
    """Where the date comes from stands below it."""
    page = client.get("/events.html?country=PE").text

    assert "period inferred" in page


def test_a_list_without_rows_says_that_it_is_a_gap(client):
    """Nothing recorded is said, with the way back."""
    page = client.get("/institutions.html?country=CU&kind=cyber-agency&axis=gender&component=penitentiary").text

    assert "not proof that there is none" in page
