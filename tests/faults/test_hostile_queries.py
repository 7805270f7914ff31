"""Hostile queries: each ends with one clear status, whatever it tries, and nobody else's request fails meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app

DEEP = 200
HOSTILE = {
    "product of two": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "product of three": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "product that is never true": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i && ?i < ?c) }",
    "product in an ASK": "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i && ?i < ?c) }",
    "product in a CONSTRUCT": "CONSTRUCT { ?a ?e ?i } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "product of two in order": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f",
    "product of two, each once": "SELECT DISTINCT ?a ?f { ?a ?b ?c . ?d ?e ?f }",
    "product in groups": "SELECT ?a ?f (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?f",
    "product joined to one text": "SELECT (GROUP_CONCAT(STR(?c)) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "any path": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>)* ?b }",
    "any path both ways": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>|!^<urn:x>)+ ?b }",
    "path of paths": "SELECT (COUNT(*) AS ?n) { ?a ((!<urn:x>)*/(!^<urn:x>)*)* ?b }",
    "path from everywhere": "SELECT * { ?a ?p ?b . ?b (!<urn:x>|!^<urn:x>)* ?c }",
    "long expression": 'SELECT * { ?s ?p ?o FILTER(REGEX(STR(?o), "(a?){40}a{40}")) }',
    "expression over a product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f "
    'FILTER(REGEX(STR(?c), CONCAT(STR(?f), ".*"))) }',
    "expression that grows": 'SELECT * { ?s ?p ?o FILTER(REGEX(STR(?o), "((((((a{50}){50}){50}){50}){50}){50})")) }',
    "text that doubles": 'SELECT (STRLEN(?x30) AS ?n) { BIND("0123456789" AS ?x0) '
    + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(30))
    + " }",
    "replaced all over": 'SELECT (SUM(STRLEN(REPLACE(STR(?c), ".", STR(?f)))) AS ?n) { ?a ?b ?c . ?d ?e ?f }',
    "hashes of a product": "SELECT (MAX(SHA512(CONCAT(STR(?c), STR(?f)))) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "optional in optional": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f OPTIONAL { ?g ?h ?i } } }",
    "minus of products": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f MINUS { ?a ?h ?i . ?j ?k ?f } }",
    "exists in a product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER NOT EXISTS { ?a ?e ?i . ?i ?j ?f } }",
    "union of products": " ".join(["SELECT (COUNT(*) AS ?n) {", " UNION ".join(["{ ?a ?b ?c . ?d ?e ?f }"] * 50), "}"]),
    "values times values": "SELECT (COUNT(*) AS ?n) { "
    + " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(100)))} }}" for n in range(6))
    + " }",
    "brackets in brackets": f"SELECT * {{ ?s ?p ?o FILTER({'(' * DEEP}?o{')' * DEEP}) }}",
    "chain of patterns": f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?v{n} ?p{n} ?v{n + 1} .' for n in range(100))} }}",
    "everything of everything": "DESCRIBE ?a { ?a ?b ?c . ?d ?e ?f }",
    "asks elsewhere": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
}
CLEAR = {200, 400, 403, 422, 503, 504, 507}
POINT = "SELECT ?p ?o { <https://w3id.org/elpaccto/id/country/PE> ?p ?o }"


@pytest.fixture(scope="module")
def client(home: Path, project_dir: Path) -> Iterator[TestClient]:
    """A service that gives a query little memory, and not much of an answer."""
    settings = Settings(
        home=home, project=project_dir, query_timeout_s=60, query_memory_mb=100, max_answer_mb=20, cache_mb=0
    )
    with TestClient(create_app(Releases(home), settings)) as made:
        yield made


def test_hostile_queries_end_and_nobody_else_notices(client: TestClient):
    """Four clients send them while another one asks what is quick: each of its requests is answered."""
    over, points = threading.Event(), []

    def ask_on() -> None:
        while not over.is_set():
            points.append(client.get("/sparql", params={"query": POINT, "format": "csv"}).status_code)

    def hostile(text: str) -> int:
        try:
            answer = client.post("/sparql", data={"query": text, "timeout": "1"})
        except RuntimeError:  # of this client alone: it broke off, as it must, after its first bytes were sent
            return 200
        if answer.status_code in (504, 507):
            assert answer.json()["detail"]
        return answer.status_code

    asking = threading.Thread(target=ask_on)
    asking.start()
    with ThreadPoolExecutor(4) as senders:
        found = dict(zip(HOSTILE, senders.map(hostile, HOSTILE.values()), strict=True))
    over.set()
    asking.join()

    assert {name: status for name, status in found.items() if status not in CLEAR} == {}
    assert 504 in found.values()
    assert set(points) == {200}


def test_the_problem_tells_the_limit_and_what_to_do(client: TestClient):
    """In the words of the service, as RFC 9457 has it; a time that is none is refused."""
    query = HOSTILE["product of three"]
    for given, limit in (("1", 1), ("0.2", 0.2), ("1e-9", 1e-9)):
        answer = client.get("/sparql", params={"query": query, "format": "json", "timeout": given})
        assert answer.status_code == 504
        assert answer.json()["timeout_s"] == limit
        assert "Ask for less" in answer.json()["detail"]
    for wrong in ("-1", "0", "soon", "nan", "inf"):
        answer = client.get("/sparql", params={"query": POINT, "format": "json", "timeout": wrong})
        assert (answer.status_code, answer.json()["parameter"]) == (422, "timeout")


def test_a_page_keeps_the_query_that_was_stopped(client: TestClient):
    """And says what happened."""
    query = HOSTILE["product of three"]
    answer = client.get("/sparql", params={"query": query, "timeout": "1"}, headers={"Accept": "text/html"})
    assert answer.status_code == 504
    assert "(COUNT(*) AS ?n)" in answer.text and "stopped after 1 s" in answer.text
