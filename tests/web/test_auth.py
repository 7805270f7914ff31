"""Who writes: bearer tokens, and what is answered without one. Reading stays open."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.tokens import Tokens
from graph_service.web.app import create_app

WRITES = [("POST", "/update"), ("PUT", "/store/notes"), ("POST", "/store"), ("DELETE", "/store/notes")]
NOTE = (
    "<https://w3id.org/elpaccto/id/country/SN> <http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://example.org/1> ."
)
VOCABULARY = "https://w3id.org/elpaccto/graph/concepts"


@pytest.fixture
def anybody(own_home: Path, project_dir: Path) -> TestClient:
    """A client without a token."""
    return TestClient(create_app(Releases(own_home), Settings(home=own_home, project=project_dir)))


def update(client: TestClient, text: str, token: str):
    """Send an update with a token."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
    return client.post("/update", content=text, headers=headers)


@pytest.mark.parametrize(("method", "address"), WRITES)
def test_without_any_token_writes_are_off_and_say_how_to_switch_them_on(anybody: TestClient, method: str, address: str):
    """403, whatever is sent; the command stands in the sentence."""
    answer = anybody.request(method, address)

    assert answer.status_code == 403
    assert "graph-service token new --scope write" in answer.json()["detail"]
    assert anybody.get("/store/programme").status_code == 200


@pytest.mark.parametrize(("method", "address"), WRITES)
@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (None, 'Bearer realm="graph-service"'),
        ("Basic YTpi", 'Bearer realm="graph-service"'),
        ("Bearer", 'Bearer realm="graph-service"'),
        ("Bearer mistyped", 'Bearer realm="graph-service", error="invalid_token"'),
    ],
)
def test_a_missing_or_unknown_token_is_401(
    anybody: TestClient, own_home: Path, method: str, address: str, header: str | None, challenge: str
):
    """With the challenge that RFC 6750 asks for."""
    Tokens(own_home).new("ana", "write")

    answer = anybody.request(method, address, headers={"Authorization": header} if header else {})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == challenge
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_what_words_mean_takes_the_scope_admin(anybody: TestClient, own_home: Path):
    """A graph of the ontology is written by admin, any other one by write."""
    tokens = Tokens(own_home)
    write, admin = tokens.new("ana", "write"), tokens.new("ben", "admin")
    concept = "<https://w3id.org/elpaccto/id/concept/axes> <http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://example.org/1>"

    data = update(anybody, f"INSERT DATA {{ GRAPH <https://w3id.org/elpaccto/graph/notes> {{ {NOTE} }} }}", write)
    small = update(anybody, f"INSERT DATA {{ GRAPH <{VOCABULARY}> {{ {concept} }} }}", write)
    enough = update(anybody, f"INSERT DATA {{ GRAPH <{VOCABULARY}> {{ {concept} }} }}", admin)

    assert data.status_code == 200
    assert small.status_code == 403 and "scope admin" in small.json()["detail"]
    assert enough.status_code == 200
    assert Releases(own_home).current().record.who == "ben"


def test_a_browser_script_may_ask_to_write(anybody: TestClient):
    """The preflight of another origin names the methods and headers of writing."""
    answer = anybody.options("/update")

    assert {"PUT", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert {"Authorization", "If-Match", "X-Reason"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
