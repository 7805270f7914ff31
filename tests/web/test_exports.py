"""The whole graph can be taken away, with its vocabulary and its history."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import pyoxigraph
import pytest
import rdflib
from starlette.testclient import TestClient

from graph_service import exporting
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app

FORMATS = {
    "ttl": pyoxigraph.RdfFormat.TURTLE,
    "nt": pyoxigraph.RdfFormat.N_TRIPLES,
    "rdf": pyoxigraph.RdfFormat.RDF_XML,
    "jsonld": pyoxigraph.RdfFormat.JSON_LD,
}


@pytest.fixture(scope="module")
def quads(client) -> set[pyoxigraph.Quad]:
    return set(pyoxigraph.parse(client.get("/exports/elpaccto.nq").content, format=pyoxigraph.RdfFormat.N_QUADS))


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_dump_without_graphs_holds_all_statements(client, quads, suffix: str):
    """The union of all graphs, the same in each format."""
    answer = client.get(f"/exports/elpaccto.{suffix}")
    found = {quad.triple for quad in pyoxigraph.parse(answer.content, format=FORMATS[suffix])}

    assert answer.status_code == 200
    assert f'filename="elpaccto.{suffix}"' in answer.headers["Content-Disposition"]
    assert not found ^ {quad.triple for quad in quads}


def test_the_dumps_with_graphs_agree(client, quads, release):
    """TriG and N-Quads hold the same quads, as many as the release record says."""
    trig = client.get("/exports/elpaccto.trig").content

    assert not set(pyoxigraph.parse(trig, format=pyoxigraph.RdfFormat.TRIG)) ^ quads
    assert len(quads) == release.record.quads


def test_a_dump_is_checked_by_its_tag(client):
    """304 without making the dump again; the bytes are the same each time."""
    first, second = client.get("/exports/elpaccto.nt"), client.get("/exports/elpaccto.nt")

    same = first.content == second.content
    assert same
    again = client.get("/exports/elpaccto.nt", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("address", "file"), [("/ontology.ttl", "ontology/elpaccto.ttl"), ("/shapes.ttl", "ontology/shapes.ttl")]
)
def test_the_vocabulary_is_that_of_the_release(client, release, address: str, file: str):
    """The very file that was published."""
    same = client.get(address).content == release.file(file)
    assert same


def test_the_ontology_says_the_same_in_every_format(client):
    """Turtle, N-Triples and RDF/XML hold one graph; the page lists every class with its definition."""
    graphs = [
        {quad.triple for quad in pyoxigraph.parse(client.get(f"/ontology.{suffix}").content, format=form)}
        for suffix, form in FORMATS.items()
    ]

    assert not any(graph ^ graphs[0] for graph in graphs)
    assert "<code>elp:Mandate</code>" in client.get("/ontology.html").text


def test_the_context_needs_nothing_from_elsewhere(client):
    """One JSON object under @context."""
    answer = client.get("/context.jsonld")

    assert answer.headers["Content-Type"] == "application/ld+json"
    assert isinstance(json.loads(answer.content)["@context"], dict)


def test_the_history_is_told(client, release):
    """Number, date, who, why and how much, as page and as JSON."""
    body = client.get("/releases.json").json()
    one = client.get("/releases/1.json").json()

    assert body["current"] == 1 and [each["number"] for each in body["releases"]] == [1]
    assert one["quads"] == release.record.quads and one["who"] == "tests"
    assert "tests" in client.get("/releases/1.html").text


# Files


def test_each_graph_can_be_taken_away_alone(client, quads):
    """Every named graph but that of the ontology, in four formats, with just its statements."""
    files = client.get("/exports.json").json()["files"]
    graphs = {each["graph"] for each in files if each["graph"]}

    assert len(graphs) == len({quad.graph_name for quad in quads}) - 1  # the ontology is at /ontology
    for suffix, form in FORMATS.items():
        content = client.get(f"/exports/gaps.{suffix}").content
        found = {quad.triple for quad in pyoxigraph.parse(content, format=form)}
        graph = pyoxigraph.NamedNode("https://w3id.org/elpaccto/graph/gaps")
        assert not found ^ {quad.triple for quad in quads if quad.graph_name == graph}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize("suffix", ["nq", "trig", "ttl", "nt", "rdf", "jsonld"])
def test_rdflib_reads_the_same_graph(client, quads, suffix: str, monkeypatch):
    """A reader that nobody here wrote finds the same statements, in the same graphs where the format has them."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    content = client.get(f"/exports/elpaccto.{suffix}").content
    form = {"nq": "nquads", "ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}.get(suffix, suffix)
    graphs = suffix in ("nq", "trig")
    read = rdflib.Dataset() if graphs else rdflib.Graph()
    read.parse(data=content, format=form)

    found = {tuple(map(told, quad)) for quad in (read.quads() if graphs else read)}
    expected = {
        (each.subject.value, each.predicate.value, told(each.object), *([each.graph_name.value] if graphs else []))
        for each in quads
    }
    assert not found ^ expected


def told(term: object) -> object:
    """A term of either library as plain values."""
    if isinstance(term, rdflib.Literal):
        return str(term), term.language, str(term.datatype or "")
    if isinstance(term, pyoxigraph.Literal):
        plain = "" if term.datatype.value.endswith(("#string", "#langString")) else term.datatype.value
        return term.value, term.language, plain
    return term.value if isinstance(term, pyoxigraph.NamedNode) else str(term)


def test_the_list_tells_size_digest_and_rows(client, release):
    """What the list says of a file is what a client gets."""
    listed = {each["file"]: each for each in client.get("/exports.json").json()["files"]}

    for name in ("elpaccto.nq", "elpaccto.csv.zip", "elpaccto.xlsx", "gaps.ttl"):
        answer = client.get(listed[name]["address"], headers={"Accept-Encoding": "identity"})
        assert listed[name]["size"] == len(answer.content) == int(answer.headers["Content-Length"])
        assert listed[name]["sha256"] == hashlib.sha256(answer.content).hexdigest()
        assert answer.headers["Content-Type"].partition(";")[0] == listed[name]["media_type"]
    assert listed["elpaccto.nq"]["rows"] == release.record.quads
    page = client.get("/exports.html").text
    assert all(f'href="/exports/{name}"' in page for name in listed)


def test_a_file_can_be_checked(client):
    """A `.sha256` twin that sha256sum reads, and Repr-Digest (RFC 9530) on the answer itself."""
    answer = client.get("/exports/elpaccto.csv.zip")
    digest = hashlib.sha256(answer.content)

    twin = client.get("/exports/elpaccto.csv.zip.sha256", headers={"Accept": "application/zip"})
    assert twin.text == f"{digest.hexdigest()}  elpaccto.csv.zip\n"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    packed = client.get("/exports/elpaccto.nt", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Repr-Digest" not in packed.headers


def test_a_download_can_be_resumed(client):
    """Ranges (RFC 9110, 14): one, several, from the end, and only of the copy that the client has."""
    whole = client.get("/exports/elpaccto.nt", headers={"Accept-Encoding": "identity"})
    tag, changed = whole.headers["ETag"], whole.headers["Last-Modified"]

    def asked(given: str, **more: str):
        names = {name.replace("_", "-"): value for name, value in more.items()}
        return client.get("/exports/elpaccto.nt", headers={"Range": given, **names})

    part = asked("bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.content)}"
    assert asked("bytes=-7").content == whole.content[-7:]
    assert asked("bytes=100-").content == whole.content[100:]
    assert asked("bytes=0-3, 8-9").headers["Content-Type"].startswith("multipart/byteranges")
    assert asked("bytes=0-3", If_Range=tag).status_code == 206
    assert asked("bytes=0-3", If_Range=changed).status_code == 206
    for unmet in ({"If_Range": '"other"'}, {"If_Range": f"W/{tag}"}):
        assert asked("bytes=0-3", **unmet).content == whole.content
    assert asked("bytes=0-3", If_None_Match=tag).status_code == 304


@pytest.mark.parametrize("given", ["bytes=5-2", "bytes=x", "lines=1-2", "bytes=", f"bytes=0-{'9' * 5000}"])
def test_a_range_that_cannot_be_read_is_passed_over(client, given: str):
    """The whole file, as RFC 9110, 14.2 has it."""
    answer = client.get("/exports/gaps.nt", headers={"Range": given})

    assert answer.status_code == 200


def test_a_range_beyond_the_end_is_told_with_the_length(client):
    """416 as problem details, with Content-Range; ranges that do exist beside it are sent."""
    size = len(client.get("/exports/gaps.nt").content)
    answer = client.get("/exports/gaps.nt", headers={"Range": f"bytes={size}-"})

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{size}"
    assert str(size) in answer.json()["detail"]
    assert client.get("/exports/gaps.nt", headers={"Range": f"bytes=0-3,{size}-"}).status_code == 206


def test_a_file_is_dated_by_its_release(client, release):
    """Last-Modified is when the release was made; If-Modified-Since compares with it."""
    answer = client.get("/exports/gaps.ttl")
    told = parsedate_to_datetime(answer.headers["Last-Modified"])

    assert told == datetime.datetime.fromisoformat(release.record.created)
    since = {"If-Modified-Since": answer.headers["Last-Modified"]}
    assert client.get("/exports/gaps.ttl", headers=since).status_code == 304
    assert client.get("/exports/gaps.ttl", headers={**since, "If-None-Match": '"other"'}).status_code == 200
    assert client.get("/exports/gaps.ttl", headers={"If-Modified-Since": "yesterday"}).status_code == 200


def test_without_a_suffix_the_client_chooses(client):
    """By Accept, as everywhere; HEAD tells all but the body."""
    answer = client.get("/exports/elpaccto", headers={"Accept": "application/n-quads"})

    assert answer.headers["Content-Type"] == "application/n-quads"
    assert client.get("/exports/gaps", headers={"Accept": "application/zip"}).status_code == 406
    head = client.head("/exports/elpaccto.xlsx")
    assert head.content == b"" and int(head.headers["Content-Length"]) > 100_000


@pytest.mark.parametrize(
    ("name", "near"), [("elpacto.ttl", "elpaccto.ttl"), ("gap.nt", "gaps.nt"), ("x", "elpaccto.ttl")]
)
def test_an_unknown_file_is_answered_with_near_names(client, name: str, near: str):
    answer = client.get(f"/exports/{name}", headers={"Accept": "application/json"})

    assert answer.status_code == 404
    assert near in answer.json()["near"]


def test_long_files_are_listed_before_they_are_written(own_home: Path, monkeypatch: pytest.MonkeyPatch):
    """The list of a large graph waits for none; each is there, with its digest, once it was asked for."""
    monkeypatch.setattr(exporting, "AT_ONCE", 0)
    with TestClient(create_app(Releases(own_home), Settings(home=own_home))) as client:
        first = {each["file"]: each for each in client.get("/exports.json").json()["files"]}
        page = client.get("/exports").text
        content = client.get("/exports/elpaccto.nq").content
        second = {each["file"]: each for each in client.get("/exports.json").json()["files"]}

    assert {(each["size"], each["sha256"], each["rows"]) for each in first.values()} == {(None, None, None)}
    assert "written when it is first asked for" in page
    assert 'href="/exports/elpaccto.nq"' in page
    assert second["elpaccto.nq"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert second["elpaccto.nt"]["sha256"] is None
