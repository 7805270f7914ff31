"""The whole graph can be taken away, with its vocabulary and its history."""

from __future__ import annotations

import json

import pyoxigraph
import pytest

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
