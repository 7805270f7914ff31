"""Every question of the catalogue has an address, with its parameters, as table, JSON, CSV or RDF."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from graph_service import formats

PROJECT = Path(__file__).resolve().parents[2]
QUERIES = sorted(
    path.relative_to(PROJECT / "queries").with_suffix("").as_posix() for path in (PROJECT / "queries").glob("*/*.rq")
)


@pytest.mark.parametrize("name", QUERIES)
def test_every_question_answers_at_its_address_with_its_example(client, release, name: str):
    """JSON with the members of the contract and CSV with the same columns; RDF where it constructs."""
    query = release.catalogue.get(name)
    if query.form == "CONSTRUCT":
        answer = client.get(f"/queries/{name}", params=query.example)
        assert answer.headers["Content-Type"].startswith("text/turtle")
        assert answer.content
        return
    body = client.get(f"/queries/{name}", params=query.example).json()
    table = client.get(f"/queries/{name}.csv", params=query.example)
    rows = list(csv.DictReader(table.text.splitlines()))

    assert {"query", "release", "as_of", "parameters", "columns", "rows", "count", "sources", "links"} <= set(body)
    assert body["query"] == name and body["release"] == 1
    assert body["count"] == len(body["rows"])
    assert [column["name"] for column in body["columns"]] == table.text.splitlines()[0].split(",")
    assert table.headers["Content-Type"].startswith("text/csv")
    assert len(rows) <= body["count"] or not rows


@pytest.mark.parametrize("name", QUERIES)
def test_every_question_has_a_page_with_a_form(client, release, name: str):
    """The page shows summary, fields and the query itself, also before a needed value was given."""
    query = release.catalogue.get(name)
    page = client.get(f"/queries/{name}.html")

    assert page.status_code == 200
    for parameter in query.parameters:
        assert f'name="{parameter.name}"' in page.text
    assert "SELECT" in page.text or "CONSTRUCT" in page.text


def test_the_csv_is_that_of_the_command(client, release):
    """Both write the same value with the same function."""
    values = {"axis": "corruption", "country": "PE", "as_of": "2018"}
    over_http = client.get("/queries/institutions/by-axis.csv", params=values).content

    assert over_http == formats.table_csv(release.ask("institutions/by-axis", values))


def test_a_program_without_a_preference_gets_json(client):
    """`curl /queries/…` is for programs."""
    assert client.get("/queries/coverage/matrix").headers["Content-Type"] == "application/json"


def test_no_as_of_means_today(client, release):
    """The answer tells the day that it was asked for."""
    assert client.get("/queries/coverage/matrix").json()["as_of"] == release.today.isoformat()


def test_the_catalogue_lists_every_question(client):
    """With summaries in four languages, parameters and columns."""
    listed = client.get("/queries.json").json()["queries"]

    assert [each["name"] for each in listed] == QUERIES
    assert all(set(each["summary"]) == {"en", "es", "fr", "pt"} for each in listed)


@pytest.mark.parametrize("blank", [" ", "\f", "\u2003"])
def test_white_space_is_no_value(client, blank: str):
    """It is not left out, and it names nothing: neither the first record without a code, nor any other."""
    answer = client.get("/queries/institutions/by-kind", params={"kind": "ministry", "component": blank})

    assert answer.status_code == 422
