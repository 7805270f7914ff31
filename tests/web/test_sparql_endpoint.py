"""/sparql takes queries as the SPARQL 1.1 Protocol says, shows people a page, and refuses updates."""

from __future__ import annotations

import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SELECT = "SELECT ?c WHERE { ?c a <https://w3id.org/elpaccto/ontology#Country> } ORDER BY ?c"
CONSTRUCT = "CONSTRUCT WHERE { <https://w3id.org/elpaccto/id/country/PE> ?p ?o }"


@pytest.mark.parametrize("how", ["get", "form", "direct"])
def test_a_query_comes_by_get_by_form_or_as_it_is(client, how: str):
    """The three ways of the protocol (2.1.1 to 2.1.3) give the same answer."""
    if how == "get":
        answer = client.get("/sparql", params={"query": SELECT})
    elif how == "form":
        answer = client.post("/sparql", data={"query": SELECT})
    else:
        answer = client.post("/sparql", content=SELECT, headers={"Content-Type": "application/sparql-query"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/sparql-results+json"
    assert len(answer.json()["results"]["bindings"]) == 18


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        (SELECT, "application/sparql-results+json", "application/sparql-results+json"),
        (SELECT, "application/json", "application/sparql-results+json"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "application/xml", "application/sparql-results+xml"),
        (SELECT, "text/csv", "text/csv"),
        (SELECT, "text/tab-separated-values", "text/tab-separated-values"),
        (SELECT, BROWSER, "text/html"),
        ("ASK {}", "*/*", "application/sparql-results+json"),
        ("ASK {}", "application/sparql-results+xml", "application/sparql-results+xml"),
        (CONSTRUCT, "*/*", "text/turtle"),
        (CONSTRUCT, "application/n-triples", "application/n-triples"),
        (CONSTRUCT, "application/rdf+xml", "application/rdf+xml"),
        (CONSTRUCT, "application/ld+json", "application/ld+json"),
        (CONSTRUCT, BROWSER, "text/html"),
        ("DESCRIBE <https://w3id.org/elpaccto/id/country/PE>", "text/turtle", "text/turtle"),
    ],
)
def test_the_form_of_the_query_decides_which_formats_there_are(client, query: str, accept: str, expected: str):
    """Results formats for SELECT and ASK, RDF for CONSTRUCT and DESCRIBE."""
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == expected


def test_format_decides_before_accept(client):
    """`format=` serves links and tools that cannot set a header."""
    answer = client.get("/sparql", params={"query": SELECT, "format": "csv"}, headers={"Accept": BROWSER})

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert len(answer.text.splitlines()) == 19


def test_a_table_cannot_be_had_as_turtle(client):
    """406 with the formats of a SELECT."""
    answer = client.get("/sparql", params={"query": SELECT}, headers={"Accept": "text/turtle"})

    assert answer.status_code == 406
    assert "application/sparql-results+json" in answer.json()["offered"]


def test_the_dataset_can_be_chosen(client):
    """default-graph-uri narrows the default graph, which else is the union of all."""
    count = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    graph = "https://w3id.org/elpaccto/graph/gaps"
    values = [
        int(client.get("/sparql", params=asked).json()["results"]["bindings"][0]["n"]["value"])
        for asked in ({"query": count}, {"query": count, "default-graph-uri": graph})
    ]

    assert 0 < values[1] < values[0]


def test_a_syntax_error_names_line_and_column(client):
    """400; the place, and the line itself."""
    answer = client.get("/sparql", params={"query": "SELECT *\nWHERE {\n  ?s ?p }\n"})
    body = answer.json()

    assert answer.status_code == 400
    assert body["type"].endswith("/sparql-syntax")
    assert body["line"] >= 3 and body["column"] >= 1
    assert "source_line" in body or body["line"] > 3


def test_a_syntax_error_on_the_page_keeps_the_query(client):
    """The text stays in the editor, the line is marked, the status is 400."""
    answer = client.get("/sparql", params={"query": "SELECT *\nWHERE { ?s ?p }"}, headers={"Accept": BROWSER})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert 'class="bad"' in answer.text
    assert "WHERE { ?s ?p }</textarea>" in answer.text


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/x-www-form-urlencoded", "update=DELETE+WHERE+%7B%3Fs+%3Fp+%3Fo%7D"),
        ("application/sparql-update", "DELETE WHERE { ?s ?p ?o }"),
    ],
)
def test_updates_are_refused_with_the_way_to_publish(client, content_type: str, content: str):
    """403, and nothing is changed."""
    answer = client.post("/sparql", content=content, headers={"Content-Type": content_type})

    assert answer.status_code == 403
    assert "graph-service load" in answer.json()["detail"]


def test_an_update_sent_as_a_query_is_a_syntax_error(client):
    """The endpoint parses queries only."""
    answer = client.get("/sparql", params={"query": "INSERT DATA { <a:b> <a:c> <a:d> }"})

    assert answer.status_code == 400


def test_nothing_is_fetched_from_elsewhere(client):
    """SERVICE is refused."""
    answer = client.get("/sparql", params={"query": "SELECT * WHERE { SERVICE <http://example.org/> { ?s ?p ?o } }"})

    assert answer.status_code == 403
    assert "SERVICE" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [
        ("text/plain", SELECT, 415),
        ("", SELECT, 415),
        ("application/x-www-form-urlencoded", "q=1", 422),
        ("application/x-www-form-urlencoded", "", 400),
        ("application/x-www-form-urlencoded", "query=ASK+%7B%7D&query=ASK+%7B%7D", 400),
        ("application/sparql-query", b"\xff\xfe", 400),
    ],
)
def test_a_request_that_cannot_be_read_says_why(client, content_type: str, content: str, status: int):
    """Wrong media type, missing or doubled query, not UTF-8."""
    answer = client.post("/sparql", content=content, headers={"Content-Type": content_type} if content_type else {})

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_beyond_the_limit_is_refused(client):
    """413 names the setting."""
    answer = client.post("/sparql", content="#" * 1_000_001, headers={"Content-Type": "application/sparql-query"})

    assert answer.status_code == 413
    assert "max_body_bytes" in answer.json()["detail"]


def test_without_a_query_people_get_the_form_and_programs_a_hint(client):
    """The page offers every SELECT of the catalogue as an example."""
    page = client.get("/sparql", headers={"Accept": BROWSER})
    hint = client.get("/sparql", headers={"Accept": "application/sparql-results+json"})

    assert page.status_code == 200 and "<textarea" in page.text
    assert page.text.count("/sparql.html?example=") > 25
    assert hint.status_code == 400 and "query" in hint.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT (1{'+1' * 9000} AS ?x) {{}}",
        f"SELECT * {{ {{}} {'UNION {} ' * 9000} }}",
        f"ASK {{ {'?s ?p ?o . ' * 9000} }}",
    ],
    ids=["sum", "union", "patterns"],
)
def test_a_query_without_end_is_refused(client, query: str):
    """Long chains end the engine's process as deep brackets do; long lists do not."""
    refused = client.post("/sparql", data={"query": query})
    listed = client.post("/sparql", data={"query": f"SELECT ?x {{ VALUES ?x {{ {'1 ' * 9000} }} }}", "format": "csv"})

    assert (refused.status_code, "2000 operators" in refused.json()["detail"]) == (400, True)
    assert len(listed.text.splitlines()) == 9001


def test_an_editor_may_mark_what_it_asks_for_itself(client):
    """Some send `ac=1` with the queries that complete what is typed: it means nothing, and is no mistake."""
    answer = client.get("/sparql", params={"ac": "1", "query": "ASK {}"}, headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json()["boolean"]) == (200, True)


def test_an_example_is_filled_in(client, release):
    """The text of the query file stands in the editor and runs as it is."""
    page = client.get("/sparql.html?example=coverage/matrix").text

    assert "SELECT ?__component_iri" in page
    assert client.get("/sparql", params={"query": release.catalogue.get("coverage/matrix").text}).status_code == 200
