"""/sparql to the letter of SPARQL 1.1 Protocol, 2.1: parameters, datasets, negotiation, packing, description."""

from __future__ import annotations

import gzip

import pytest

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
SELECT = "SELECT ?c WHERE { ?c a <https://w3id.org/elpaccto/ontology#Country> } ORDER BY ?c"
GRAPH = "https://w3id.org/elpaccto/graph/"
QUERY = {"Content-Type": "application/sparql-query"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def count(client, query: str = COUNT, **asked: str | list[str]) -> int:
    rows = client.get("/sparql", params={"query": query, **asked}).json()["results"]["bindings"]
    return int(rows[0]["n"]["value"])


def test_an_unknown_default_graph_is_empty(client):
    """The dataset is what the request names, and nothing is fetched to fill it."""
    assert count(client, **{"default-graph-uri": "http://example.org/unknown"}) == 0


def test_several_default_graphs_are_merged(client):
    """Each `default-graph-uri` adds its triples."""
    one, other = (count(client, **{"default-graph-uri": GRAPH + name}) for name in ("gaps", "events"))

    assert count(client, **{"default-graph-uri": [GRAPH + "gaps", GRAPH + "events"]}) == one + other


def test_named_graphs_alone_leave_the_default_graph_empty(client):
    """And no other graph can be seen by GRAPH (2.1.4)."""
    named = {"named-graph-uri": GRAPH + "gaps"}
    graphs = "SELECT (COUNT(DISTINCT ?g) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"

    assert count(client, **named) == 0
    assert count(client, graphs, **named) == 1
    assert count(client, graphs, **{"default-graph-uri": GRAPH + "gaps"}) == 0


def test_from_in_a_query_names_its_dataset(client):
    """FROM holds also where the default graph is else the union; graphs of the request come before it."""
    query = f"SELECT (COUNT(*) AS ?n) FROM <{GRAPH}gaps> WHERE {{ ?s ?p ?o }}"
    gaps, events = (count(client, **{"default-graph-uri": GRAPH + name}) for name in ("gaps", "events"))

    assert count(client, query) == gaps < count(client)
    assert count(client, query, **{"default-graph-uri": GRAPH + "events"}) == events


@pytest.mark.parametrize(
    ("method", "address", "content", "headers", "status"),
    [
        ("GET", "/sparql?query=ASK{}&update=CLEAR+ALL", "", {}, 400),
        ("GET", "/sparql?query=ASK{}&query=ASK{}", "", {}, 400),
        ("GET", "/sparql?query=", "", {}, 400),
        ("GET", "/sparql?query=%FF", "", {}, 400),
        ("GET", "/sparql?query=ASK{}&default-graph-uri=relative", "", {}, 400),
        ("GET", "/sparql?query=ASK{}&named-graph-uri=", "", {}, 400),
        ("GET", "/sparql?query=ASK{}&format=docx", "", {}, 422),
        ("GET", "/sparql?query=ASK{}&defaultgraphuri=x", "", {}, 422),
        ("GET", "/sparql?update=CLEAR+ALL", "", {}, 403),
        ("POST", "/sparql", "query=ASK{}&update=CLEAR+ALL", FORM, 400),
        ("POST", "/sparql", "query=ASK{}&query=ASK{}", FORM, 400),
        ("POST", "/sparql", "query=%FF", FORM, 400),
        ("POST", "/sparql", "&" * 10 + "x=1&" * 2000, FORM, 400),
        ("POST", "/sparql?query=ASK{}", "ASK {}", QUERY, 400),
        ("POST", "/sparql", "", QUERY, 400),
        ("POST", "/sparql", "ASK {}", {"Content-Type": "application/sparql-query; charset=latin-1"}, 415),
        ("POST", "/sparql", "ASK {}", {"Content-Type": "application/json"}, 415),
        ("POST", "/sparql", "ASK {}", {**QUERY, "Content-Encoding": "br"}, 415),
        ("POST", "/sparql", "ASK {}", {**QUERY, "Content-Encoding": "gzip"}, 400),
        ("PUT", "/sparql", "ASK {}", QUERY, 405),
        ("DELETE", "/sparql", "", {}, 405),
    ],
)
def test_missing_doubled_and_conflicting_parts_are_told(client, method, address, content, headers, status):
    """Each in problem details, with the status that the protocol or HTTP gives it."""
    answer = client.request(method, address, content=content, headers=headers)

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_wrong_content_type_gets_the_list(client):
    """415 names what is read."""
    detail = client.post("/sparql", content="x", headers={"Content-Type": "text/plain"}).json()["detail"]

    assert "application/sparql-query" in detail and "application/x-www-form-urlencoded" in detail


def test_graphs_may_stand_in_the_address_of_a_post(client):
    """2.1.3: the query in the body, the dataset in the address."""
    answer = client.post(f"/sparql?default-graph-uri={GRAPH}nothing", content=COUNT, headers=QUERY)

    assert answer.json()["results"]["bindings"][0]["n"]["value"] == "0"


def test_a_packed_request_is_unpacked_up_to_the_limit(client):
    """gzip; a small body that grows beyond the limit gets 413."""
    packed = client.post(
        "/sparql", content=gzip.compress(SELECT.encode()), headers={**QUERY, "Content-Encoding": "gzip"}
    )
    bomb = client.post(
        "/sparql", content=gzip.compress(b"#" * 50_000_000), headers={**QUERY, "Content-Encoding": "gzip"}
    )

    assert len(packed.json()["results"]["bindings"]) == 18
    assert bomb.status_code == 413 and "max_body_bytes" in bomb.json()["detail"]


def test_answers_are_packed_for_those_who_take_it(client):
    """Content-Encoding, Vary, the same content; a small answer is left alone, and so is who says q=0."""
    address = "/sparql?query=SELECT * { ?s ?p ?o } LIMIT 300&format=csv"
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    refused = client.get(address, headers={"Accept-Encoding": "gzip;q=0"})
    small = client.get("/sparql?query=ASK", headers={"Accept-Encoding": "gzip", "Accept": "application/json"})

    assert packed.headers["Content-Encoding"] == "gzip" and packed.content == plain.content
    assert all("Accept-Encoding" in each.headers["Vary"] for each in (plain, packed, refused))
    assert not any("Content-Encoding" in each.headers for each in (plain, refused, small))


def test_a_packed_view_has_a_tag_of_its_own(client):
    """A strong tag names bytes; both tags are known again."""
    plain = client.get("/exports/elpaccto.nt", headers={"Accept-Encoding": "identity"})
    packed = client.get("/exports/elpaccto.nt", headers={"Accept-Encoding": "gzip"})
    tags = [each.headers["ETag"] for each in (plain, packed)]
    again = [client.get("/exports/elpaccto.nt", headers={"If-None-Match": tag}) for tag in tags]

    assert tags[0] != tags[1]
    assert [each.status_code for each in again] == [304, 304]
    assert [each.headers["ETag"] for each in again] == tags


def test_an_answer_is_tagged_by_release_and_format(client):
    """If-None-Match gives 304; another format has another tag; an answer that changes by itself has none."""
    json, csv = (client.get("/sparql", params={"query": SELECT, "format": each}) for each in ("json", "csv"))
    again = client.get(
        "/sparql", params={"query": SELECT, "format": "json"}, headers={"If-None-Match": json.headers["ETag"]}
    )
    changing = client.get("/sparql", params={"query": "SELECT (NOW() AS ?now) {}"})

    assert json.headers["ETag"].startswith('W/"') and json.headers["ETag"] != csv.headers["ETag"]
    assert again.status_code == 304 and again.content == b""
    assert "ETag" not in changing.headers


def test_head_and_options(client):
    """HEAD has the headers of GET and no body; OPTIONS tells browsers of other origins what they may send."""
    got, head = (client.request(method, "/sparql", params={"query": SELECT}) for method in ("GET", "HEAD"))
    options = client.options(
        "/sparql", headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    )

    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert options.status_code == 204 and "POST" in options.headers["Access-Control-Allow-Methods"]
    assert got.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("name", ["csv", "tsv", "ttl"])
def test_the_charset_is_said(client, name: str):
    """Of texts; the other formats are UTF-8 by definition."""
    query = SELECT if name != "ttl" else "CONSTRUCT WHERE { ?s a <https://w3id.org/elpaccto/ontology#Country> }"
    answer = client.get("/sparql", params={"query": query, "format": name})

    assert "charset=utf-8" in answer.headers["Content-Type"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", "application/sparql-results+xml"),
        ("application/sparql-results+json;q=0.1, text/*;q=0.8", "text/csv"),
        ("application/*", "application/sparql-results+json"),
        ("image/png, */*;q=0.1", "application/sparql-results+json"),
    ],
)
def test_qualities_and_wildcards_are_honoured(client, accept: str, media_type: str):
    """RFC 9110, 12.5.1."""
    answer = client.get("/sparql", params={"query": SELECT}, headers={"Accept": accept})

    assert answer.headers["Content-Type"].partition(";")[0] == media_type


def test_an_undeclared_well_known_prefix_gets_its_declaration(client):
    """The line to add stands in the problem; with it the query runs."""
    query = "SELECT ?c WHERE { ?c a elp:Country }"
    problem = client.get("/sparql", params={"query": query}).json()
    mended = client.get("/sparql", params={"query": "\n".join([*problem["declarations"], query])})

    assert problem["declarations"] == ["PREFIX elp: <https://w3id.org/elpaccto/ontology#>"]
    assert problem["line"] == 1 and "PREFIX elp:" in problem["detail"]
    assert len(mended.json()["results"]["bindings"]) == 18


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "text/turtle",
        "application/ld+json",
        "application/rdf+xml",
        "application/n-quads, application/ld+json;q=0.9, text/html;q=0.2",  # a crawler that takes pages at last
    ],
)
def test_without_a_query_programs_get_the_service_description(client, accept: str):
    """SPARQL 1.1 Service Description, 2."""
    answer = client.get("/sparql", headers={"Accept": accept})

    assert answer.status_code == 200
    assert "sparql-service-description" in answer.text


def test_relative_iris_are_those_of_the_endpoint(client):
    """The base is the address of the endpoint (RFC 3986, 5.1.3)."""
    rows = client.get("/sparql", params={"query": "SELECT (<x> AS ?iri) {}"}).json()["results"]["bindings"]

    assert rows[0]["iri"]["value"] == "http://testserver/x"


@pytest.mark.parametrize(
    ("query", "name", "status", "found"),
    [
        ("SELECT (<<( <urn:s> <urn:p> 1 )>> AS ?t) {}", "json", 200, '"type":"triple"'),
        ("SELECT (<<( <urn:s> <urn:p> 1 )>> AS ?t) {}", "xml", 200, "<triple>"),
        ("CONSTRUCT { <urn:a> <urn:b> <<( <urn:s> <urn:p> 1 )>> } WHERE {}", "nt", 200, "<<( <urn:s>"),
        ('CONSTRUCT { <urn:a> <urn:b> "x"@en--ltr } WHERE {}', "ttl", 200, '"x"@en--ltr'),
        ("CONSTRUCT { <urn:a> <urn:b> <<( <urn:s> <urn:p> 1 )>> } WHERE {}", "jsonld", 422, "JSON-LD"),
    ],
    ids=["json", "xml", "nt", "ttl", "jsonld"],
)
def test_sparql_1_2_passes_where_the_format_carries_it(client, query: str, name: str, status: int, found: str):
    """Triple terms and base direction; a format that cannot carry them says so."""
    answer = client.get("/sparql", params={"query": query, "format": name})

    assert answer.status_code == status, answer.text
    assert found in answer.text.replace(": ", ":")  # engines leave more or less space in JSON
