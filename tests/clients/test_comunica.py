"""Comunica, a query engine for the Web in JavaScript: over the endpoint, over documents, over both, and as a writer."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

HERE = Path(__file__).resolve().parent / "comunica"
COMMAND = HERE / "node_modules" / ".bin" / "comunica-sparql"
PREFIXES = """
PREFIX elp: <https://w3id.org/elpaccto/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
SD = "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> "
PERU = "https://w3id.org/elpaccto/id/country/PE"
DUMPS = ("ttl", "nt", "nq", "trig", "rdf", "jsonld")

Comunica = Callable[..., str]


@pytest.fixture(scope="module")
def node() -> str:
    """Node.js, with Comunica at hand."""
    if not COMMAND.exists():
        pytest.skip("Comunica is not installed: run tests/clients/install")
    return shutil.which("node") or pytest.skip("Node.js is not installed")


@pytest.fixture(scope="module")
def comunica(node: str) -> Comunica:
    """Comunica's command: sources, a query and a media type in, the answer out."""

    def run(*sources: str, query: str, wanted: str = "text/csv", options: tuple[str, ...] = ()) -> str:
        arguments = [node, str(COMMAND), *sources, "-q", PREFIXES + query, "-t", wanted, *options]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def rows(text: str) -> list[dict[str, str]]:
    """Comunica's own CSV: IRIs stand in angle brackets."""
    return list(csv.DictReader(io.StringIO(text)))


def test_a_select_at_the_endpoint(comunica: Comunica, origin: str):
    """As SPARQL JSON, with one request."""
    query = "SELECT ?c WHERE { ?c a elp:Country } ORDER BY ?c"
    found = json.loads(comunica(f"sparql@{origin}/sparql", query=query, wanted="application/sparql-results+json"))

    bindings = found["results"]["bindings"]
    assert len(bindings) == 18
    assert {"c": {"type": "uri", "value": PERU}} in bindings
    assert found["metadata"]["httpRequests"] == 1


def test_an_endpoint_needs_no_word_of_its_kind(comunica: Comunica, origin: str):
    """Without `sparql@` it is found to be an endpoint, and asked as one."""
    found = rows(comunica(f"{origin}/sparql", query="SELECT (COUNT(DISTINCT ?c) AS ?n) WHERE { ?c a elp:Country }"))

    assert found == [{"n": "18"}]


def test_an_endpoint_describes_itself(comunica: Comunica, origin: str):
    """Read as a document the endpoint is its service description, though HTML is acceptable as well."""
    query = "SELECT ?e { ?s a sd:Service ; sd:endpoint ?e ; sd:supportedLanguage sd:SPARQL11Query }"
    found = rows(comunica(f"file@{origin}/sparql", query=SD + query))

    assert found == [{"e": f"<{origin}/sparql>"}]


def test_an_endpoint_can_be_joined(comunica: Comunica, origin: str):
    """A join, a filter, an OPTIONAL and a group: the answer is that of the endpoint itself."""
    query = """
    SELECT ?country (COUNT(DISTINCT ?institution) AS ?n) (COUNT(DISTINCT ?mandate) AS ?m)
    WHERE {
      ?country a elp:Country .
      ?institution elp:country ?country ; a elp:Institution .
      OPTIONAL { ?mandate elp:holder ?institution ; elp:axis ?axis }
      FILTER(?country != <https://w3id.org/elpaccto/id/country/CU>)
    } GROUP BY ?country ORDER BY ?country"""
    own = httpx2.get(f"{origin}/sparql", params={"query": PREFIXES + query, "format": "csv"}, timeout=60).text
    found = rows(comunica(f"{origin}/sparql", query=query))

    assert [{**row, "country": row["country"].strip("<>")} for row in found] == rows(own)
    assert len(found) == 17 and all(int(row["n"]) > 0 for row in found)


def test_a_construct_and_an_ask(comunica: Comunica, origin: str):
    """Statements come as N-Triples, a truth as JSON."""
    graph = comunica(f"{origin}/sparql", query=f"CONSTRUCT WHERE {{ <{PERU}> ?p ?o }}", wanted="application/n-triples")
    truth = comunica(f"{origin}/sparql", query=f"ASK {{ <{PERU}> ?p ?o }}", wanted="application/sparql-results+json")

    own = httpx2.get(f"{origin}/sparql", params={"query": f"CONSTRUCT WHERE {{ <{PERU}> ?p ?o }}", "format": "nt"})
    assert set(graph.splitlines()) == set(own.text.splitlines()) and graph
    assert json.loads(truth)["boolean"] is True


@pytest.mark.parametrize("path", ["/id/country/PE", "/doc/country/PE", "/countries/PE", "/countries/PE.jsonld"])
def test_a_record_is_linked_data(comunica: Comunica, origin: str, path: str):
    """An address of a record is a source like any other: it is followed, and its RDF is negotiated."""
    query = f"SELECT DISTINCT (STR(?l) AS ?name) {{ <{PERU}> rdfs:label ?l }}"
    found = rows(comunica(origin + path, query=query))

    assert {row["name"] for row in found} == {"Peru", "Perú", "Pérou"}


def test_documents_and_the_endpoint_in_one_query(comunica: Comunica, origin: str):
    """The code comes from a document, the institutions from the endpoint: Comunica joins them."""
    query = """
    SELECT DISTINCT ?institution {
      ?country elp:isoAlpha2 "PE" .
      ?institution elp:country ?country ; a elp:Institution .
    } ORDER BY ?institution"""
    own = httpx2.get(f"{origin}/sparql", params={"query": PREFIXES + query, "format": "csv"}, timeout=60).text
    found = rows(comunica(f"{origin}/sparql", f"{origin}/doc/country/PE", query=query))

    assert [row["institution"].strip("<>") for row in found] == [row["institution"] for row in rows(own)]
    assert len(found) == 21


@pytest.mark.parametrize("suffix", DUMPS)
def test_every_dump_is_read(comunica: Comunica, origin: str, suffix: str):
    """As many statements as the service counts itself."""
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    own = httpx2.get(f"{origin}/sparql", params={"query": count, "format": "csv"}, timeout=60).text
    dump = f"file@{origin}/exports/elpaccto.{suffix}"
    found = rows(comunica(dump, query=count, options=("--unionDefaultGraph",)))

    assert found == rows(own)


def test_a_roadmap_is_the_same_in_turtle_and_json_ld(comunica: Comunica, origin: str):
    """Both are read without a further request for a context, and say the same."""
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    turtle, jsonld = (
        comunica(f"file@{origin}/roadmaps/PE.{suffix}", query=query, wanted="application/n-triples")
        for suffix in ("ttl", "jsonld")
    )
    asked = comunica(f"file@{origin}/roadmaps/PE.jsonld", query=query, wanted="stats")

    assert set(turtle.splitlines()) == set(jsonld.splitlines()) and turtle
    assert re.search(r"TOTAL,[\d.]+,1$", asked.strip())


def write(node: str, origin: str, token: str, update: str) -> subprocess.CompletedProcess[str]:
    arguments = [node, "update.mjs", f"{origin}/update", token]
    return subprocess.run(arguments, input=update, cwd=HERE, capture_output=True, text=True, timeout=120)


def test_an_update_with_a_token(node: str, comunica: Comunica, writable):
    """It is a release, and the statement is there for the next who asks."""
    note = '<urn:x-comunica> <http://www.w3.org/2000/01/rdf-schema#comment> "a note"@en'
    graph = "https://w3id.org/elpaccto/graph/comunica"
    ask = f"ASK {{ GRAPH <{graph}> {{ {note} }} }}"

    done = write(node, writable.origin, writable.token, f"INSERT DATA {{ GRAPH <{graph}> {{ {note} }} }}")
    found = comunica(f"{writable.origin}/sparql", query=ask, wanted="application/sparql-results+json")

    assert done.returncode == 0, done.stderr
    assert json.loads(found)["boolean"] is True


@pytest.mark.parametrize(
    ("token", "update", "status"),
    [
        ("wrong", "INSERT DATA { GRAPH <https://w3id.org/elpaccto/graph/x> { <urn:a> <urn:b> <urn:c> } }", 401),
        ("", "INSERT DATA { <urn:a> <urn:b> <urn:c> }", 409),
    ],
)
def test_a_refused_update_is_an_error(node: str, writable, token: str, update: str, status: int):
    """The engine fails, and tells the status."""
    done = write(node, writable.origin, token or writable.token, update)

    assert done.returncode != 0
    assert f"HTTP status {status}" in done.stderr
