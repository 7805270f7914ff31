"""The contract of engines: whatever one is asked of a release, it answers as the embedded one does."""

from __future__ import annotations

import io
from pathlib import Path

import pyoxigraph
import pytest
from httpx2 import Client
from servers import Server
from starlette.testclient import TestClient

from graph_service.catalogue import read_catalogue
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.store.contents import STATE, Contents
from graph_service.store.protocol import Dataset
from graph_service.terms import DERIVED_GRAPH, ELP, RDFS, XSD, Iri, Literal, record_iri

CATALOGUE = read_catalogue(Path(__file__).resolve().parents[2] / "queries")
PERU = record_iri("country", "PE")
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
AWKWARD = (
    Literal('a "quoted" \\ back\tslash\nline'),
    Literal("'''} } UNION { ?s ?p ?o } #"),
    Literal("mañana 🌎", "es"),
    Literal("2018-05", datatype=XSD + "gYearMonth"),
    Literal("-1.5", datatype=XSD + "decimal"),
    Literal("true", datatype=XSD + "boolean"),
    Literal(""),
    Iri("https://example.org/a?b=c&d=%20#e"),
)


def test_every_way_of_reading_gives_the_same(held: Releases, release: Release):
    """Quads, graphs, statements, values, sizes."""
    ours, theirs = release.store, held.current().store

    assert theirs.graphs() == ours.graphs()
    assert len(theirs) == len(ours)
    found = list(theirs.quads())
    assert len(found) == len(set(found))
    assert set(found) == set(ours.quads())
    assert set(theirs.graph(Iri(DERIVED_GRAPH))) == set(ours.graph(Iri(DERIVED_GRAPH)))
    assert list(theirs.graph(Iri("urn:x:nowhere"))) == []
    assert set(theirs.statements(PERU)) == set(ours.statements(PERU))
    assert set(theirs.objects(PERU, Iri(RDFS + "label"))) == set(ours.objects(PERU, Iri(RDFS + "label")))
    members = [member.iri for member in release.members("elp:Institution")]
    assert set(theirs.described(members)) == set(ours.described(members))


@pytest.mark.parametrize("name", sorted(CATALOGUE.queries))
def test_every_query_file_answers_the_same(name: str, held: Releases, release: Release):
    """Row by row and in order, with its example and for all values; the triples of a CONSTRUCT as a set."""
    query = CATALOGUE.get(name)
    required = {each.name for each in query.parameters if each.required}
    for values in (query.example, {key: query.example[key] for key in required}):
        if query.form == "CONSTRUCT":
            assert held.current().construct(name, values) == release.construct(name, values)
        else:
            assert held.current().ask(name, values).rows == release.ask(name, values).rows


@pytest.mark.parametrize("value", AWKWARD, ids=repr)
def test_values_are_bound_as_terms(value: Iri | Literal, held: Releases, release: Release):
    """Whatever stands in them; a value is seen in optional parts and in conditions too."""
    text = (
        "SELECT ?v ?same ?country { ?country a ?type OPTIONAL { BIND(?v AS ?same) } FILTER(?v = ?v) } ORDER BY ?country"
    )
    binding = {"v": value, "type": Iri(ELP + "Country")}

    rows = list(held.current().store.select(text, binding).rows)

    assert len(rows) > 1
    assert {row["v"] for row in rows} == {row["same"] for row in rows} == {value}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
        "SELECT DISTINCT ?g { GRAPH ?g { } }",
        f"SELECT ?s ?o {{ VALUES ?o {{ <{STATE}> <{PERU}> }} ?s ^!<{RDFS}label> ?o }}",
        f"SELECT ?p ?o {{ <{STATE}> ?p ?o }}",
        f"SELECT ?s FROM <{DERIVED_GRAPH}> {{ ?s ?p ?o }}",
        f"ASK {{ ?s a <{ELP}Country> }}",
    ],
)
def test_nobodys_query_sees_more_than_the_release(text: str, held_client: TestClient, release: Release):
    """What the service keeps in the engine for itself is in no answer."""
    expected = io.BytesIO()
    release.sparql(text, "application/sparql-results+json", expected)

    answer = held_client.get("/sparql.json", params={"query": text})

    assert answer.status_code == 200, answer.text
    assert solutions(answer.content) == solutions(expected.getvalue())


@pytest.mark.parametrize("media_type", ["application/sparql-results+xml", "text/csv", "text/tab-separated-values"])
def test_tables_come_in_every_format(media_type: str, held_client: TestClient):
    """In the engine's own writing."""
    query = f"SELECT ?s {{ ?s a <{ELP}Country> }} ORDER BY ?s"

    answer = held_client.get("/sparql", params={"query": query}, headers={"Accept": media_type})

    assert answer.headers["Content-Type"].startswith(media_type)
    assert answer.text.count("/id/country/") == 18


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]
)
def test_graphs_come_in_every_format(media_type: str, held_client: TestClient, release: Release):
    """In the engine's own writing."""
    formats = {
        "text/turtle": pyoxigraph.RdfFormat.TURTLE,
        "application/n-triples": pyoxigraph.RdfFormat.N_TRIPLES,
        "application/rdf+xml": pyoxigraph.RdfFormat.RDF_XML,
        "application/ld+json": pyoxigraph.RdfFormat.JSON_LD,
    }
    query = f"CONSTRUCT {{ ?s <{RDFS}label> ?o }} {{ ?s a <{ELP}Country> ; <{RDFS}label> ?o }}"

    answer = held_client.get("/sparql", params={"query": query}, headers={"Accept": media_type})

    found = {str(quad.triple) for quad in pyoxigraph.parse(answer.content, format=formats[media_type])}
    assert len(found) == sum(len(member.labels) for member in release.members("elp:Country"))


@pytest.mark.parametrize("address", ["/roadmaps/PE", "/es/roadmaps/CU", "/countries/PE", "/matrix", "/releases/1"])
def test_pages_are_equal_to_the_byte(address: str, held_client: TestClient, client: TestClient):
    """And so are their twins for programs."""
    for accept in (BROWSER, "application/json"):
        ours, theirs = (each.get(address, headers={"Accept": accept}) for each in (client, held_client))

        assert (theirs.status_code, theirs.content) == (ours.status_code, ours.content)


def test_a_release_asked_for_by_number_is_read_from_the_home_folder(held: Releases):
    """The engine holds the current one alone."""
    assert type(held.get(1).store) is not type(held.current().store)
    assert held.get(1).exists(PERU)


def test_a_request_that_fails_changes_nothing(server: Server, held: Releases):
    """All of its operations are one transaction: what the way from release to release rests on."""
    store = held.current().store
    before = len(store)
    text = "INSERT DATA { GRAPH <urn:x:g> { <urn:x:s> <urn:x:p> 1 } } ; LOAD <http://127.0.0.1:1/> INTO GRAPH <urn:x:h>"

    with Client() as client:
        answer = client.post(server.addresses.update, data={"update": text}, timeout=60.0)

    assert not answer.is_success
    assert {"urn:x:g", "urn:x:h"}.isdisjoint(Contents(held.mirror.engine).names())
    assert len(store) == before


def test_what_an_answer_of_the_trusted_kind_is_written_in_does_not_matter(held: Releases, release: Release):
    """The command writes anybody's query in the formats that the embedded engine has."""
    text = f"SELECT ?s {{ ?s a <{ELP}Country> }} ORDER BY ?s"
    for accept in ("text/csv", "application/sparql-results+xml"):
        ours, theirs = io.BytesIO(), io.BytesIO()
        release.store.write(text, accept, Dataset(), "", ours)
        held.current().store.write(text, accept, Dataset(), "", theirs)

        assert theirs.getvalue() == ours.getvalue()


def solutions(data: bytes) -> object:
    """An answer in JSON, whatever the order of its rows."""
    found = pyoxigraph.parse_query_results(data, format=pyoxigraph.QueryResultsFormat.JSON)
    if isinstance(found, pyoxigraph.QueryBoolean):
        return bool(found)
    names = sorted(variable.value for variable in found.variables)
    return names, sorted([str(row[name]) for name in names] for row in found)
