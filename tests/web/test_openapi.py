"""The API describes itself: every address, every question, its parameters and examples."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def document(client) -> dict:
    return client.get("/openapi.json").json()


def test_every_question_is_described_with_summary_parameters_and_example(document, release):
    """From the query file: so it cannot fall behind."""
    for query in release.catalogue:
        operation = document["paths"][f"/queries/{query.name}"]["get"]

        assert operation["summary"] == query.summary["en"]
        given = {each["name"]: each for each in operation["parameters"]}
        assert set(given) == {each.name for each in query.parameters}
        for parameter in query.parameters:
            assert given[parameter.name]["required"] == parameter.required
            assert given[parameter.name].get("example", "") == parameter.example
            assert given[parameter.name]["description"]


def test_the_values_of_a_short_list_are_told(document):
    """A client can offer the axes and countries without asking."""
    given = {each["name"]: each for each in document["paths"]["/ask"]["get"]["parameters"]}

    assert "corruption" in given["axis"]["schema"]["enum"]
    assert len(given["country"]["schema"]["enum"]) == 18


def test_every_address_that_needs_no_value_answers(client, document):
    """What is documented exists."""
    for path, operations in document["paths"].items():
        if "get" not in operations or "{" in path or path.startswith("/queries/") or path == "/sparql":
            continue
        assert client.get(path, follow_redirects=True).status_code == 200, path


def test_every_route_is_documented(client, document):
    """What exists is documented, static files and the general addresses of questions apart."""
    routes = {route.path_format.replace("{suffix}", "") for route in client.app.state.routes}

    assert routes - set(document["paths"]) == {
        "/static/{file}",
        "/queries/{group}/{name}",
        "/queries/{group}/{name}.csv-metadata.json",
    }


def test_operations_have_names_of_their_own(document):
    """No `operationId` stands twice, each operation has a summary, a tag and its responses."""
    operations = [each for methods in document["paths"].values() for each in methods.values()]

    assert len({each["operationId"] for each in operations}) == len(operations)
    assert document["openapi"].startswith("3.1")
    known = {tag["name"] for tag in document["tags"]}
    for each in operations:
        assert each["summary"] and set(each["tags"]) <= known and "default" in each["responses"]


def test_the_page_of_the_api_is_made_here(pages, document):
    """Every address stands on /docs, which loads nothing from elsewhere."""
    for path in document["paths"]:
        assert path in pages["/docs"], path


def test_health_tells_the_release(client):
    """Ready with a release; alive in any case."""
    assert client.get("/health/ready").json()["release"] == 1
    assert client.get("/health/live").json() == {"status": "live"}
