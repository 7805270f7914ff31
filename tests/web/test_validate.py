"""/validate: the SHACL report of data that is not published, with our shapes or with the caller's own."""

from __future__ import annotations

import gzip

import pyoxigraph
import pytest
import rdflib
from pyoxigraph import RdfFormat
from rdflib import SH
from starlette.testclient import TestClient

from graph_service.settings import Settings
from graph_service.web.app import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ELP = "https://w3id.org/elpaccto/ontology#"
ID = "https://w3id.org/elpaccto/id/"
BAD = f"<{ID}mandate/x> a <{ELP}Mandate> ; <{ELP}holder> <{ID}institution/pe-mp> ; <{ELP}axis> <{ID}axis/corruption> ."
GOOD = "<http://example.org/a> <http://example.org/p> 1 ."
SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
ex:Shape a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:property [ sh:path [ sh:inversePath ex:q ] ; sh:minCount 1 ;
  sh:message "ein q fehlt"@de , "a q is missing"@en ] ."""


def post(client, data: str | bytes, media_type: str = "text/turtle", **headers: str):
    return client.post("/validate", content=data, headers={"Content-Type": media_type, **headers})


def read(data: bytes, form: RdfFormat) -> rdflib.Graph:
    """RDF as another library reads it; through N-Triples, since rdflib's reader of JSON-LD warns of itself."""
    lines = pyoxigraph.serialize(pyoxigraph.parse(data, format=form), format=RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=lines, format="nt")


def test_a_mandate_without_evidence_is_reported_with_the_mend(client):
    """200: the request was fine, the data is not; each finding names node, property and what to do."""
    answer = post(client, BAD)
    body = answer.json()

    assert answer.status_code == 200
    assert body["conforms"] is False and body["counts"]["Violation"] >= 1
    assert any(f["focus_node"] == f"{ID}mandate/x" and f["path"] == f"{ELP}evidence" for f in body["findings"])


def test_only_what_was_sent_is_reported(client, release):
    """Advice that the release has anyway is left out; statements that it holds already are no fault."""
    known = release.store.graph(release.store.graphs()[0])
    lines = [f"<{s}> <{p}> <{o}> ." for s, p, o in known if type(o).__name__ == "Iri"]

    assert post(client, GOOD).json() | {"release": 0} == {
        "conforms": True,
        "shapes": "release",
        "release": 0,
        "counts": {"Violation": 0, "Warning": 0, "Info": 0},
        "findings": [],
    }
    assert post(client, "\n".join(lines)).json()["conforms"] is True


def test_the_data_counts_together_with_the_release(client):
    """An institution of the release is known to what is sent."""
    found = post(client, BAD).json()["findings"]

    assert not any(f["path"] == f"{ELP}holder" for f in found)


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
def test_messages_come_in_the_language_asked_for(client, language: str):
    """`language=`; all other languages travel in the JSON as well."""
    answer = client.post(f"/validate?language={language}", content=BAD, headers={"Content-Type": "text/turtle"})
    first = answer.json()["findings"][0]

    assert first["message"] == first["messages"][language]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/json"),
        ("text/turtle", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("*/*", "application/json"),
        (BROWSER, "text/html"),
    ],
)
def test_the_report_comes_in_the_format_asked_for(client, accept: str, media_type: str):
    """By Accept; a program without a preference gets JSON."""
    answer = post(client, BAD, Accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == media_type


@pytest.mark.parametrize(
    ("accept", "form"), [("text/turtle", RdfFormat.TURTLE), ("application/ld+json", RdfFormat.JSON_LD)]
)
def test_the_report_as_rdf_is_a_shacl_report(client, accept: str, form: RdfFormat):
    """It is a sh:ValidationReport with as many results as the JSON has findings."""
    graph = read(post(client, BAD, Accept=accept).content, form)
    found = post(client, BAD).json()["findings"]

    assert [str(value) for value in graph.objects(None, SH.conforms)] == ["false"]
    assert len(set(graph.objects(None, SH.result))) == len(found)
    assert {str(node) for node in graph.objects(None, SH.focusNode)} == {each["focus_node"] for each in found}


def test_shapes_of_ones_own_see_the_data_alone(client):
    """Multipart parts `data` and `shapes`; a complex path is written in both worlds."""
    files = {"data": ("d.ttl", GOOD, "text/turtle"), "shapes": ("s.ttl", SHAPES, "text/turtle")}
    answer = client.post("/validate", files=files)
    turtle = client.post("/validate", files=files, headers={"Accept": "text/turtle"})
    graph = read(turtle.content, RdfFormat.TURTLE)

    assert answer.status_code == 200
    assert answer.json()["shapes"] == "own" and answer.json()["conforms"] is False
    assert [each["message"] for each in answer.json()["findings"]] == ["a q is missing"]
    assert answer.json()["findings"][0]["path"] == "^http://example.org/q"
    assert list(graph.objects(None, SH.inversePath)) == [rdflib.URIRef("http://example.org/q")]


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("text/turtle", GOOD),
        ("application/n-triples", '<http://example.org/a> <http://example.org/p> "x" .'),
        ("application/n-quads", '<http://example.org/a> <http://example.org/p> "x" <http://example.org/g> .'),
        ("application/trig", "<http://example.org/g> { <http://example.org/a> <http://example.org/p> [] }"),
        ("application/ld+json", '{"@id": "http://example.org/a", "http://example.org/p": "x"}'),
        (
            "application/rdf+xml",
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
            '<rdf:Description rdf:about="http://example.org/a"><e:p>x</e:p></rdf:Description></rdf:RDF>',
        ),
    ],
)
def test_every_rdf_format_is_read(client, media_type: str, data: str):
    """By Content-Type, also packed with gzip."""
    plain = post(client, data, f"{media_type}; charset=utf-8")
    packed = post(client, gzip.compress(data.encode()), media_type, **{"Content-Encoding": "gzip"})

    assert (plain.status_code, plain.json()["conforms"]) == (200, True)
    assert packed.json() == plain.json()


def test_nothing_is_stored(client, releases):
    """The release and its answers stay as they were."""
    before = releases.current().number, client.get("/exports/elpaccto.nq").headers["ETag"]
    post(client, BAD)

    assert (releases.current().number, client.get("/exports/elpaccto.nq").headers["ETag"]) == before


@pytest.mark.parametrize(
    ("media_type", "data", "status"),
    [
        ("text/turtle", "<http://example.org/a> <http://example.org/p> ", 400),
        ("text/turtle", "<a> <b> <c> .", 400),
        ("text/turtle", b"\xff\xfe", 400),
        ("text/turtle", "", 400),
        ("application/ld+json", '{"@context": "http://example.org/context", "name": "x"}', 400),
        ("application/ld+json", "{", 400),
        ("application/rdf+xml", "<html>", 400),
        ("text/plain", GOOD, 415),
        ("", GOOD, 415),
        ("application/x-www-form-urlencoded", "data=x", 415),
        ("multipart/form-data", GOOD, 400),
        ("multipart/form-data; boundary=x", "--x\r\n\r\n--x--", 400),
        ("text/turtle", "#" * 1_000_001, 413),
        ("text/turtle", "<http://a/a> <http://a/b> <<( <http://a/a> <http://a/b> <http://a/c> )>> .", 422),
    ],
)
def test_what_cannot_be_read_says_why(client, media_type: str, data: str | bytes, status: int):
    """4xx with problem details, never a fault of ours."""
    answer = post(client, data, media_type) if media_type else client.post("/validate", content=data)

    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_syntax_error_tells_its_place(client):
    """Line and column, as for files."""
    problem = post(client, "<http://a/a> <http://a/b> <http://a/c> .\n<http://a/a> oops .").json()

    assert (problem["line"], problem["column"]) >= (2, 1)


@pytest.mark.parametrize(
    ("shapes", "status"),
    [
        ("<http://a/s> a <http://www.w3.org/ns/shacl#NodeShape> ; <http://www.w3.org/ns/shacl#mincount> 1 .", 422),
        ("nonsense", 400),
        (
            "@prefix sh: <http://www.w3.org/ns/shacl#> . <http://a/s> a sh:NodeShape ; sh:targetNode <http://a/n> ; "
            'sh:sparql [ sh:message "x" ; sh:select "SELECT $this WHERE { SERVICE <http://a/> { $this ?p ?o } }" ] .',
            403,
        ),
        (
            "@prefix sh: <http://www.w3.org/ns/shacl#> . <http://a/s> a sh:NodeShape ; sh:targetNode <http://a/n> ; "
            'sh:sparql [ sh:message "x" ; sh:select "SELECT oops" ] .',
            422,
        ),
    ],
)
def test_shapes_that_cannot_be_used_are_refused(client, shapes: str, status: int):
    """Misspelt terms, no Turtle, queries that fetch or do not parse."""
    answer = client.post("/validate", files={"data": ("d.ttl", GOOD), "shapes": ("s.ttl", shapes)})

    assert answer.status_code == status, answer.text


def test_a_browser_gets_a_form_and_its_answer_as_a_page(client):
    """The form's empty fields count as not filled in."""
    page = client.get("/validate", headers={"Accept": BROWSER})
    files = {"data": (None, BAD), "shapes": ("", b"", "application/octet-stream")}
    answer = client.post("/validate.html", files=files, headers={"Accept": BROWSER})

    assert page.status_code == 200 and 'enctype="multipart/form-data"' in page.text
    assert answer.status_code == 200 and f"{ID}mandate/x" in answer.text


MONSTROUS = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
ex:Shape a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:sparql [ a sh:SPARQLConstraint ; sh:message "never" ;
  sh:select '''SELECT $this WHERE { $this ?a ?b . ?c ?d ?e . ?f ?g ?h . ?i ?j ?k . ?l ?m ?n
    FILTER(STRLEN(CONCAT(STR(?e), STR(?h), STR(?k), STR(?n))) > 9999) }''' ] ."""


def test_shapes_whose_queries_never_end_are_stopped(home, releases, project_dir):
    """At the deadline, with 504; nobody else waits for them."""
    app = create_app(releases, Settings(home=home, project=project_dir, query_timeout_s=1))
    data = "\n".join(f"<http://example.org/{number}> <http://example.org/p> {number} ." for number in range(300))
    files = {
        "data": ("data.ttl", data, "text/turtle"),
        "shapes": ("shapes.ttl", MONSTROUS, "text/turtle"),
    }
    with TestClient(app) as own:
        answer = own.post("/validate", files=files)

        assert answer.status_code == 504
        assert "stopped after 1 s" in answer.json()["detail"]
        assert own.post("/validate", content=GOOD, headers={"Content-Type": "text/turtle"}).status_code in (200, 504)
