"""POST /update: one request is one release or none, the answer tells what happened, lost updates are refused."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.tokens import Tokens
from graph_service.web.app import create_app

NOTES = "https://w3id.org/elpaccto/graph/notes"
SN = "https://w3id.org/elpaccto/id/country/SN"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
DIRECT = "application/sparql-update"
MANDATE = """PREFIX elp: <https://w3id.org/elpaccto/ontology#>
INSERT { GRAPH <https://w3id.org/elpaccto/graph/notes> {
  <https://w3id.org/elpaccto/id/mandate/bare> a elp:Mandate ; elp:holder ?holder ; elp:axis ?axis } }
WHERE { ?holder a elp:Institution . ?axis a elp:TransversalAxis }"""


@pytest.fixture
def writer(own_home: Path, project_dir: Path) -> Iterator[TestClient]:
    """A client that may write."""
    token = Tokens(own_home).new("ana", "write")
    app = create_app(Releases(own_home), Settings(home=own_home, project=project_dir, max_body_bytes=5000))
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False) as client:
        yield client


def see_also(name: str) -> str:
    """An update that adds one statement."""
    return f"INSERT DATA {{ GRAPH <{NOTES}> {{ <{SN}> <{SEE}> <https://example.org/{name}> }} }}"


def send(client: TestClient, text: str, parameters: str = "", **headers: str):
    """Send an update as it is."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/update{parameters}", content=text, headers={"Content-Type": DIRECT, **named})


def current(client: TestClient) -> int:
    """The number of the current release."""
    return int(client.get("/health/ready").json()["release"])


def test_an_update_is_a_release_that_readers_see(writer: TestClient):
    """Release, quads added and removed; who and why stand in the record; the next answer has it."""
    answer = send(writer, see_also("1"), X_Reason="a link, se%C3%B1alado")
    record = writer.get("/releases/2.json").json()

    assert answer.status_code == 200
    told = answer.json()
    assert (told["release"], told["new"], told["added"], told["removed"], told["warnings"]) == (2, True, 1, 0, [])
    assert answer.headers["ETag"].startswith('"2-')
    assert (record["who"], record["reason"]) == ("ana", "a link, señalado")
    assert writer.get("/sparql", params={"query": f"ASK {{ <{SN}> <{SEE}> ?x }}"}).json()["boolean"] is True


def test_a_form_does_the_same(writer: TestClient):
    """SPARQL 1.1 Protocol, 2.2.1; a compressed body is unpacked."""
    form = writer.post("/update", data={"update": see_also("1")})
    packed = send(writer, gzip.compress(see_also("2").encode()), Content_Encoding="gzip")  # type: ignore[arg-type]

    assert (form.json()["added"], packed.json()["added"]) == (1, 1)


def test_several_operations_are_one_release_or_none(writer: TestClient):
    """The second operation fails: nothing of the first is there."""
    both = send(writer, f"{see_also('1')} ; {see_also('2')}")
    failed = send(writer, f"{see_also('3')} ; DROP GRAPH <urn:none>")

    assert (both.json()["release"], both.json()["added"]) == (2, 2)
    assert failed.status_code == 422
    assert current(writer) == 2
    assert "example.org/3" not in writer.get("/exports/elpaccto.nq").text


def test_an_update_without_a_difference_makes_no_release(writer: TestClient):
    """The answer names the release that holds it already."""
    send(writer, see_also("1"))
    again = send(writer, see_also("1")).json()

    assert (again["release"], again["new"], again["added"]) == (2, False, 0)


def test_a_dry_run_tells_and_publishes_nothing(writer: TestClient):
    """Also that it would be refused."""
    fine = send(writer, see_also("1"), "?dry-run=true")
    refused = send(writer, MANDATE, "?dry-run=true")

    assert (fine.json()["release"], fine.json()["dry_run"], fine.json()["added"]) == (2, True, 1)
    assert "ETag" not in fine.headers
    assert refused.status_code == 422
    assert current(writer) == 1
    assert send(writer, see_also("1"), "?dry-run=perhaps").status_code == 422


def test_prefer_chooses_the_answer(writer: TestClient):
    """RFC 7240: the record of the release, or no body."""
    whole = send(writer, see_also("1"), Prefer="return=representation")
    nothing = send(writer, see_also("2"), Prefer="return=minimal")

    assert whole.json()["record"]["who"] == "ana"
    assert whole.headers["Preference-Applied"] == "return=representation"
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert nothing.headers["ETag"].startswith('"3-')


def test_warnings_tell_what_is_kept_otherwise(writer: TestClient):
    """Blank nodes get IRIs, so that the change can be replayed."""
    added = send(
        writer,
        f"INSERT DATA {{ GRAPH <{NOTES}> {{ <{SN}> <{SEE}> _:a }} }} ; DELETE WHERE {{ GRAPH <urn:x> {{ ?s ?p 7 }} }}",
    )

    assert added.status_code == 200
    assert "given an IRI" in added.json()["warnings"][0]
    dump = writer.get("/exports/elpaccto.nq").text
    assert "_:" not in dump and "/.well-known/genid/" in dump


def test_of_two_writers_on_the_same_release_one_is_refused(writer: TestClient):
    """412 for the one that would undo the other; without If-Match both are made, one after the other."""
    tag = send(writer, see_also("0")).headers["ETag"]
    with ThreadPoolExecutor(2) as pool:
        guarded = list(pool.map(lambda name: send(writer, see_also(name), If_Match=tag).status_code, ("1", "2")))
        plain = list(pool.map(lambda name: send(writer, see_also(name)).status_code, ("3", "4")))

    assert sorted(guarded) == [200, 412]
    assert plain == [200, 200]
    assert current(writer) == 5


@pytest.mark.parametrize(
    ("if_match", "status"),
    [("*", 200), ('"1-anything"', 200), ('"7-x", "1-y"', 200), ('W/"1-x"', 412), ('"other"', 412)],
)
def test_if_match_compares_the_release_part(writer: TestClient, if_match: str, status: int):
    """Whatever was read of release 1 counts as seen; weak tags never match (RFC 9110, 13.1.1)."""
    assert send(writer, see_also("1"), If_Match=if_match).status_code == status


@pytest.mark.parametrize(
    ("language", "words"), [("es", "añada"), ("fr", "ajoutez"), ("pt", "acrescente"), ("en", "add")]
)
def test_a_refused_update_changes_nothing_and_says_how_to_mend_it(writer: TestClient, language: str, words: str):
    """A mandate without evidence: 422, the mandate, the path and the mend in the language asked for."""
    before = writer.get("/exports/elpaccto.nq").content

    answer = send(writer, MANDATE, Accept_Language=language)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    finding = next(each for each in answer.json()["violations"] if str(each["path"]).endswith("#evidence"))
    assert finding["focus_node"] == "https://w3id.org/elpaccto/id/mandate/bare"
    assert words in finding["message"]
    assert current(writer) == 1
    assert writer.get("/exports/elpaccto.nq").content == before


def test_the_report_comes_as_rdf_to_who_prefers_it(writer: TestClient):
    """The status stays 422."""
    answer = send(writer, MANDATE, Accept="text/turtle")

    assert answer.status_code == 422
    assert answer.headers["Content-Type"].startswith("text/turtle")
    assert "sh:ValidationReport" in answer.text and "mandate/bare" in answer.text.replace("mandate:", "mandate/")


@pytest.mark.parametrize(
    ("body", "parameters", "headers", "status", "words"),
    [
        (see_also("1"), "?query=ASK%7B%7D", {}, 400, "not both"),
        (see_also("1"), f"?update={SN}", {}, 400, "one update"),
        ("update=a&update=b", "", {"Content-Type": "application/x-www-form-urlencoded"}, 400, "several"),
        ("x=1", "", {"Content-Type": "application/x-www-form-urlencoded"}, 422, "'x'"),
        (see_also("1"), "", {"Content-Type": "text/plain"}, 415, DIRECT),
        (see_also("1"), "", {"Content-Type": "application/sparql-query"}, 415, DIRECT),
        (b"INSERT \xff", "", {}, 400, "UTF-8"),
        ("#" * 6000, "", {}, 413, "5000"),
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> } }", "", {}, 400, "line 1"),
        ("INSERT DATA { GRAPH <g> { <urn:a> <urn:b> 1 } }", "", {}, 400, "not absolute"),
        (see_also("1").replace(f"GRAPH <{NOTES}>", ""), "", {}, 400, "line 1"),
        (f"INSERT DATA {{ <{SN}> <{SEE}> <urn:x> }}", "", {}, 409, "say which graph"),
        ("CLEAR GRAPH <https://w3id.org/elpaccto/graph/derived>", "", {}, 409, "made by rules"),
        ("INSERT { GRAPH ?g { <urn:a> <urn:b> 1 } } WHERE { GRAPH ?g { ?s ?p ?o } }", "", {}, 409, "made by rules"),
        ("LOAD <http://127.0.0.1:9/>", "", {}, 403, "fetches nothing"),
        (see_also("1"), "?using-graph-uri=notes", {}, 422, "absolute IRI"),
        ("WITH <urn:g> DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }", "?using-graph-uri=urn:h", {}, 400, "not in both"),
    ],
)  # fmt: skip
def test_bad_input_gets_a_clear_error_and_nothing_is_lost(
    writer: TestClient, body: str | bytes, parameters: str, headers: dict[str, str], status: int, words: str
):
    """Each has its status and its sentence."""
    answer = writer.post(f"/update{parameters}", content=body, headers={"Content-Type": DIRECT, **headers})

    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert current(writer) == 1


def test_clearing_all_is_whole(writer: TestClient, own_home: Path):
    """The vocabulary is not for a token of scope write; admin may empty the graph."""
    small = send(writer, "CLEAR ALL")
    admin = Tokens(own_home).new("ben", "admin")
    whole = send(writer, "CLEAR ALL", Authorization=f"Bearer {admin}")

    lines = writer.get("/exports/elpaccto.nq").text.splitlines()

    assert (small.status_code, whole.status_code) == (403, 200)
    assert all(line.endswith("<https://w3id.org/elpaccto/graph/derived> .") for line in lines)


@pytest.mark.parametrize("name", ["using-graph-uri", "using-named-graph-uri"])
def test_a_graph_of_the_dataset_is_an_iri_and_nothing_else(writer: TestClient, name: str):
    """What would end the clause and begin another operation, here on a graph that takes the scope admin, is no IRI."""
    statement = f"<{SN}> <{SEE}> <https://example.org/put-in>"
    concepts = "https://w3id.org/elpaccto/graph/concepts"
    more = f"https://example.org/> WHERE {{}} ; INSERT DATA {{ GRAPH <{concepts}> {{ {statement} }} }} ; #"
    update = f"INSERT {{ GRAPH <{NOTES}> {{ <{SN}> <{SEE}> ?s }} }}\nWHERE {{ ?s a <https://example.org/Nothing> }}"

    sent = [(update, more), (update, ""), (update, "graph"), (update, "<a:b>"), ("", "graph")]

    answers = [writer.post("/update", data={"update": text, name: graph}) for text, graph in sent]

    assert [answer.status_code for answer in answers] == [422] * 5
    assert all("absolute IRI" in answer.json()["detail"] for answer in answers)
    assert writer.get("/sparql", params={"query": f"ASK {{ {statement} }}"}).json()["boolean"] is False
