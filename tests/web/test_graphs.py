"""The Graph Store Protocol at /store: statuses as the recommendation has them, and the gate behind every write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from starlette.testclient import TestClient

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.store.embedded import parse_rdf
from graph_service.tokens import Tokens
from graph_service.web.app import create_app

GRAPH = "https://w3id.org/elpaccto/graph/"
SN = "https://w3id.org/elpaccto/id/country/SN"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
ELP = "https://w3id.org/elpaccto/ontology#"
TURTLE = {"Content-Type": "text/turtle"}


def note(name: str) -> str:
    """One statement in Turtle."""
    return f"<{SN}> <{SEE}> <https://example.org/{name}> ."


@pytest.fixture
def writer(own_home: Path, project_dir: Path) -> Iterator[TestClient]:
    """A client that may write, over the other programme."""
    token = Tokens(own_home).new("ana", "write")
    app = create_app(Releases(own_home), Settings(home=own_home, project=project_dir, max_body_bytes=500_000))
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False) as client:
        yield client


@pytest.fixture
def plain(tmp_path: Path, project_dir: Path) -> Iterator[TestClient]:
    """A client that may write, over an empty project in `separate` mode."""
    project, home = tmp_path / "project", tmp_path / "home"
    for folder in ("ontology", "data", "queries"):
        (project / folder).mkdir(parents=True)
    (project / "ontology" / "shapes.ttl").write_text("")
    Publisher(home, union=False).load_project(project, who="tests")
    token = Tokens(home).new("ana", "admin")
    settings = Settings(home=home, project=project_dir, default_graph="separate")
    with TestClient(create_app(Releases(home, union=False), settings)) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def test_a_graph_is_put_read_replaced_and_deleted(writer: TestClient):
    """201, 200, 204, 200, then 404: directly and by `graph=`, which are the same graph."""
    address = f"/store?graph={GRAPH}notes"
    made = writer.put("/store/notes", content=note("1"), headers=TURTLE)
    replaced = writer.put(address, content=note("2"), headers=TURTLE)
    read = writer.get("/store/notes", headers={"Accept": "application/n-triples"})
    other = writer.get(f"/store?graph={writer.base_url}/store/notes", headers={"Accept": "application/n-triples"})
    deleted = writer.delete(address)

    assert made.status_code == 201
    assert made.headers["Location"] == f"{writer.base_url}/store/notes"
    assert (made.json()["release"], made.json()["added"]) == (2, 1)
    assert (replaced.status_code, replaced.content) == (204, b"")
    assert read.text == other.text == note("2") + "\n"
    assert (deleted.status_code, deleted.json()["removed"]) == (200, 1)
    assert [writer.get(address).status_code, writer.delete(address).status_code] == [404, 404]


def test_posting_adds(writer: TestClient):
    """To a graph that exists 200, to one that does not 201, without a name to a new one with its address."""
    first = writer.post("/store/notes", content=note("1"), headers=TURTLE)
    second = writer.post("/store/notes", content=note("2"), headers=TURTLE)
    new = writer.post("/store", content=note("3"), headers=TURTLE)

    assert [first.status_code, second.status_code, new.status_code] == [201, 200, 201]
    assert writer.get("/store/notes", headers={"Accept": "application/n-triples"}).text.count("\n") == 2
    assert "example.org/3" in writer.get(new.headers["Location"]).text


def test_a_form_brings_several_files(writer: TestClient):
    """multipart/form-data (Graph Store Protocol, 5.5), each part in its own format."""
    triple = f"<{SN}> <{SEE}> <https://example.org/2> .\n"
    files = {
        "one": ("one.ttl", note("1"), "text/turtle"),
        "two": ("two.nt", triple, "application/octet-stream"),
    }
    answer = writer.post("/store/notes", files=files)

    assert (answer.status_code, answer.json()["added"]) == (201, 2)


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]
)
def test_a_graph_goes_out_and_comes_back_in_each_format(writer: TestClient, media_type: str):
    """What is read can be put again, and changes nothing."""
    read = writer.get("/store/programme", headers={"Accept": media_type})
    put = writer.put("/store/programme", content=read.content, headers={"Content-Type": media_type})

    assert read.headers["Content-Type"].startswith(media_type)
    assert put.status_code == 204
    assert writer.get("/health/ready").json()["release"] == 1


def test_head_is_get_without_a_body(writer: TestClient):
    """And 404 where there is no such graph."""
    found = writer.head("/store/programme")

    assert (found.status_code, found.content) == (200, b"")
    assert found.headers["ETag"] == writer.get("/store/programme").headers["ETag"]
    assert writer.head("/store/nothing").status_code == 404


def test_the_default_graph_is_the_union_and_is_not_written(writer: TestClient):
    """GET gives all statements; a write is told to name a graph."""
    union = writer.get("/store?default", headers={"Accept": "application/n-triples"}).text
    refused = writer.put("/store?default", content=note("1"), headers=TURTLE)

    assert set(union.splitlines()) == set(writer.get("/exports/elpaccto.nt").text.splitlines())
    assert refused.status_code == 409
    assert "/store?graph=" in refused.json()["detail"]


def test_the_store_itself_is_all_graphs_with_their_names(writer: TestClient):
    """Without `graph` and `default`: the dataset, as TriG or N-Quads."""
    whole = writer.get("/store", headers={"Accept": "application/n-quads"}, follow_redirects=True)

    assert set(whole.text.splitlines()) == set(writer.get("/exports/elpaccto.nq").text.splitlines())
    assert writer.get("/store", follow_redirects=True).headers["Content-Type"] == "application/trig"


def test_the_tag_of_a_graph_is_of_its_own_last_change(writer: TestClient):
    """A write to another graph does not stand in the way of If-Match, one to the same graph does."""
    writer.put("/store/notes", content=note("1"), headers=TURTLE)
    tag = writer.get("/store/notes").headers["ETag"]
    writer.put("/store/other", content=note("2"), headers=TURTLE)
    unchanged = writer.get("/store/notes", headers={"If-None-Match": tag})
    first = writer.put("/store/notes", content=note("3"), headers={**TURTLE, "If-Match": tag})
    second = writer.put("/store/notes", content=note("4"), headers={**TURTLE, "If-Match": tag})
    absent = writer.put("/store/nothing", content=note("5"), headers={**TURTLE, "If-Match": "*"})

    assert tag.startswith('"2-')
    assert [unchanged.status_code, first.status_code] == [304, 204]
    assert [second.status_code, absent.status_code] == [412, 412]
    assert first.headers["ETag"].startswith('"4-')


def test_a_graph_is_made_only_where_there_is_none(writer: TestClient):
    """`If-None-Match: *` (RFC 9110, 13.1.2): the second of two who would make the same graph is told."""
    absent = {**TURTLE, "If-None-Match": "*"}
    first = writer.put("/store/notes", content=note("1"), headers=absent)
    tag = writer.get("/store/notes").headers["ETag"]
    second = writer.put("/store/notes", content=note("2"), headers=absent)
    named = writer.post("/store/notes", content=note("2"), headers={**TURTLE, "If-None-Match": f'W/"1-x", {tag}'})
    other = writer.post("/store/notes", content=note("2"), headers={**TURTLE, "If-None-Match": '"1-x"'})

    assert [first.status_code, second.status_code, named.status_code, other.status_code] == [201, 412, 412, 200]
    assert "If-None-Match rules out" in second.json()["detail"]


def test_what_is_kept_otherwise_is_told(writer: TestClient):
    """A blank node gets an IRI; relative IRIs are those of the graph."""
    answer = writer.put("/store/notes", content=f"<{SN}> <{SEE}> <#part> , [ ] .", headers=TURTLE)
    triples = set(parse_rdf(writer.get("/store/notes").content, "x"))

    assert "given an IRI" in answer.json()["warnings"][0]
    assert {value.partition("genid/")[0].partition("notes")[0] for *_, value in triples} == {
        "https://w3id.org/elpaccto/.well-known/",
        GRAPH,
    }


def test_a_dry_run_publishes_nothing(writer: TestClient):
    """What would happen is told with 200."""
    answer = writer.put("/store/notes?dry-run=true", content=note("1"), headers=TURTLE)

    assert (answer.status_code, answer.json()["added"], answer.json()["dry_run"]) == (200, 1, True)
    assert writer.get("/store/notes").status_code == 404


@pytest.mark.parametrize(
    ("method", "address", "body", "media_type", "status", "words"),
    [
        ("PUT", "/store/programme", "<urn:a> <urn:b> .", "text/turtle", 400, "1:17"),
        ("PUT", "/store/programme", "<a", "application/rdf+xml", 400, "body"),
        ("PUT", "/store/programme", '{"@context": "http://127.0.0.1:9/"}', "application/ld+json", 400, "body"),
        ("PUT", "/store/programme", b"<urn:a> <urn:b> \"\xff\" .", "text/turtle", 400, "UTF-8"),
        ("PUT", "/store/programme", note("1"), "text/csv", 415, "application/rdf+xml"),
        ("POST", "/store/programme", note("1"), "multipart/form-data; boundary=x", 400, "boundary"),
        ("PUT", "/store/programme", "#" * 600_000, "text/turtle", 413, "500000"),
        ("PUT", "/store?graph=notes", note("1"), "text/turtle", 400, "absolute IRI"),
        ("PUT", "/store", note("1"), "text/turtle", 400, "Name one graph"),
        ("PUT", "/store?default&graph=urn:x", note("1"), "text/turtle", 400, "Name one graph"),
        ("PUT", "/store?grph=urn:x", note("1"), "text/turtle", 422, "graph"),
        ("PUT", "/store/derived", note("1"), "text/turtle", 409, "made by rules"),
        ("DELETE", f"/store?graph={GRAPH}programm", "", "", 404, "programme"),
        ("PUT", "/store/notes", f"<{SN}> <{ELP}colour> 1 .", "text/turtle", 422, "colour"),
        ("DELETE", "/store/concepts", "", "", 403, "scope admin"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_clear_error_and_the_graph_is_unchanged(
    writer: TestClient, method: str, address: str, body: str | bytes, media_type: str, status: int, words: str
):
    """Each has its status and its sentence."""
    before = writer.get("/exports/elpaccto.nq").content

    answer = writer.request(method, address, content=body, headers={"Content-Type": media_type} if media_type else {})

    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert writer.get("/exports/elpaccto.nq").content == before


def test_an_unknown_method_is_405(writer: TestClient):
    """PATCH is not offered."""
    answer = writer.patch("/store/notes")

    assert answer.status_code == 405
    assert {"GET", "PUT", "POST", "DELETE"} <= set(answer.headers["Allow"].split(", "))


def test_in_the_plain_dataset_the_default_graph_is_written_and_read(plain: TestClient):
    """With `separate`: the unnamed graph is a graph like any other, blank nodes stay, a triple may stand twice."""
    put = plain.put("/store?default", content="[] <urn:p> 1 .", headers=TURTLE)
    added = plain.post("/store?default", content="<urn:a> <urn:p> 1 .", headers=TURTLE)
    named = plain.put("/store?graph=urn:g", content="<urn:a> <urn:p> 1 .", headers=TURTLE)
    read = plain.get("/store?default", headers={"Accept": "application/n-triples"}).text
    deleted = plain.delete("/store?default")

    assert [put.status_code, added.status_code, named.status_code, deleted.status_code] == [204, 200, 201, 200]
    assert read.count("\n") == 2 and "_:" in read
    assert plain.get("/store?default", headers={"Accept": "application/n-triples"}).text == ""
    assert plain.get("/store?graph=urn:g").status_code == 200


class _Counting(BaseHTTPRequestHandler):
    """Counts what arrives; answers nothing of use."""

    arrived: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Note the request."""
        self.arrived.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    do_POST = do_GET  # noqa: N815


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a server on this machine that counts requests."""
    _Counting.arrived.clear()
    server = HTTPServer(("127.0.0.1", 0), _Counting)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_nothing_is_fetched_for_a_write(writer: TestClient, elsewhere: str):
    """LOAD, SERVICE, remote contexts, external entities, imports: no request arrives elsewhere."""
    update = {"Content-Type": "application/sparql-update"}
    entity = f"""<?xml version="1.0"?>
    <!DOCTYPE r [<!ENTITY e SYSTEM "{elsewhere}/e"> <!ENTITY % p SYSTEM "{elsewhere}/p"> %p;]>
    <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:r="urn:r/">
    <rdf:Description rdf:about="{SN}"><r:x>&e;</r:x></rdf:Description></rdf:RDF>"""
    imports = f"<urn:o> <http://www.w3.org/2002/07/owl#imports> <{elsewhere}/o> ."
    service = f"SERVICE SILENT <{elsewhere}/q> {{ ?s ?p ?o }}"
    for text in (
        f"LOAD <{elsewhere}/l>",
        f"LOAD SILENT <{elsewhere}/s> INTO GRAPH <urn:g>",
        f"INSERT {{ GRAPH <urn:g> {{ ?s ?p ?o }} }} WHERE {{ {service} }}",
    ):
        writer.post("/update", content=text, headers=update)
    for body, media_type in (
        (f'{{"@context": "{elsewhere}/c", "@id": "{SN}", "x": 1}}', "application/ld+json"),
        (f'{{"@context": {{"@import": "{elsewhere}/i"}}, "@id": "{SN}"}}', "application/ld+json"),
        (entity, "application/rdf+xml"),
        (imports, "text/turtle"),
    ):
        assert writer.put("/store/notes", content=body, headers={"Content-Type": media_type}).status_code < 500

    assert _Counting.arrived == []


def test_in_the_plain_dataset_updates_are_as_the_specification_says(plain: TestClient):
    """Patterns see the unnamed graph alone, or what using-graph-uri names; blank nodes stay."""
    update = {"Content-Type": "application/sparql-update"}
    put = "INSERT DATA { <urn:a> <urn:p> 1 , [] . GRAPH <urn:g> { <urn:b> <urn:p> 1 } }"
    seen = "INSERT { ?s <urn:seen> true } WHERE { ?s <urn:p> 1 }"
    added = plain.post("/update", content=put, headers=update).json()
    default = plain.post("/update", content=seen, headers=update).json()
    named = plain.post("/update?using-graph-uri=urn:g", content=seen, headers=update).json()
    asked = plain.get(
        "/sparql", params={"query": "SELECT ?s { ?s <urn:seen> true } ORDER BY ?s"}, headers={"Accept": "text/csv"}
    )

    assert (added["added"], added["warnings"]) == (3, [])
    assert (default["added"], named["added"]) == (1, 1)
    assert asked.text.split() == ["s", "urn:a", "urn:b"]
