"""Every error has a status, says what to do, and comes as problem details (RFC 9457) or as a page."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from graph_service.errors import GraphServiceError, NoRelease
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web import problems
from graph_service.web.app import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def family(kind: type[GraphServiceError]) -> list[type[GraphServiceError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in family(child))]


@pytest.fixture
def empty_client(tmp_path, project_dir) -> TestClient:
    """A client of an app whose home has no release."""
    return TestClient(create_app(Releases(tmp_path), Settings(home=tmp_path, project=project_dir)))


@pytest.mark.parametrize("kind", family(GraphServiceError), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status(kind: type[GraphServiceError]):
    """Each class of the family stands in the table, so that none becomes a 500 by oversight."""
    assert kind in problems.STATUS
    assert kind.slug
    assert kind.title in problems.TITLES


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/roadmaps/PR", 404, "PE"),
        ("/institutions/pe-ministerio", 404, "pe-m"),
        ("/axes/corupcion", 404, "corruption"),
        ("/queries/institutions/by-axes", 404, "institutions/by-axis"),
        ("/id/countri/PE", 404, "country"),
        ("/id/country/PX", 404, "PE"),
        ("/roadmap", 404, "/roadmaps"),
        ("/ask?axis=corupcion", 422, "corruption"),
        ("/ask?contry=PE", 422, "country"),
        ("/ask?as_of=soon", 422, "as_of"),
        ("/ask?as_of=2018-13", 422, "as_of"),
        ("/roadmaps/PE?as_of=2018-02-30", 422, "as_of"),
        ("/events?country=PY&knd=workshop", 422, "kind"),
        ("/queries/roadmaps/country.json", 422, "country"),
        ("/queries/roadmaps/country?contry=PE", 422, "country"),
        ("/compare?countries=PE", 422, "countries"),
        ("/compare?countries=PE,PE", 422, "countries"),
        ("/compare?countries=PE,XX", 422, "XX"),
        ("/?lang=de", 422, "es"),
        ("/releases/99", 404, "99"),
        ("/releases/first", 404, "numbers"),
        ("/exports/elpaccto.xls", 404, ".xlsx"),
        ("/exports/other.ttl", 404, "elpaccto.ttl"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(client, address: str, status: int, words: str):
    """An unknown name in the path is 404, in a parameter 422; near names stand in the detail."""
    answer = client.get(address, headers={"Accept": "application/json"})
    body = answer.json()

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["type"].startswith("https://w3id.org/elpaccto/problems/")
    assert body["title"] and body["instance"] == address.partition("?")[0]
    assert words in body["detail"]


def test_near_names_are_a_member_of_their_own(client):
    """A program need not read the sentence."""
    assert "PE" in client.get("/roadmaps/PR", headers={"Accept": "application/json"}).json()["near"]


def test_a_browser_gets_a_page_with_links_to_the_near_names(client):
    """The page links to where the near names lead, and keeps the status."""
    answer = client.get("/roadmaps/PR", headers={"Accept": BROWSER})

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 'href="/roadmaps/PE"' in answer.text
    assert 'role="alert"' in answer.text


def test_a_wrong_parameter_links_to_the_corrected_address(client):
    """The other parameters are kept in the corrected address."""
    answer = client.get("/ask?axis=corupcion&country=PE", headers={"Accept": BROWSER})

    assert answer.status_code == 422
    assert 'href="/ask?country=PE&amp;axis=corruption"' in answer.text


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/problem+json"),
        ("text/turtle", "application/problem+json"),
        ("application/json, text/html;q=0.9", "application/problem+json"),
        (BROWSER, "text/html; charset=utf-8"),
    ],
)
def test_problems_follow_accept(client, accept: str, expected: str):
    """Problem details unless HTML is preferred to JSON; also where nothing acceptable can be sent."""
    assert client.get("/roadmaps/PR", headers={"Accept": accept}).headers["Content-Type"] == expected


def test_an_unknown_method_gets_405_with_the_known_ones(client):
    """Allow lists what the address takes, HEAD and OPTIONS included."""
    answer = client.delete("/roadmaps/PE")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_before_the_first_release_every_view_says_so(empty_client, accept: str):
    """503 with Retry-After, as problem or as page; the process itself is alive."""
    answer = empty_client.get("/roadmaps/PE", headers={"Accept": accept})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "graph-service load" in answer.text
    assert empty_client.get("/health/ready").status_code == 503
    assert empty_client.get("/health/live").status_code == 200


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_a_fault_of_ours_shows_no_trace(releases, home, project_dir, caplog, accept: str):
    """An unexpected exception is a 500 that tells nothing of the code; the log has the trace."""
    app: FastAPI = create_app(releases, Settings(home=home, project=project_dir))

    @app.get("/fault")
    def fault() -> None:
        raise RuntimeError("secret")

    answer = TestClient(app, raise_server_exceptions=False).get("/fault", headers={"Accept": accept})

    assert answer.status_code == 500
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert answer.headers["Content-Security-Policy"]
    assert "secret" in caplog.text


def test_a_pruned_release_is_gone():
    """The record of a release outlives its data: 410."""
    from graph_service.errors import ReleasePruned

    assert problems.status_of(ReleasePruned("gone")) == 410
    assert problems.status_of(NoRelease("none")) == 503
