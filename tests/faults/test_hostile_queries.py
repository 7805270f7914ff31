"""Hostile queries: each ends with one clear status, whatever it tries, and nobody else's request fails meanwhile."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hostile import HOSTILE
from running import until
from starlette.applications import Starlette
from starlette.testclient import TestClient

from graph_service.readers.spool import Spool
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app

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
    over, points, before = threading.Event(), [], nameless()

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
    until(
        lambda: at_rest(client) and nameless() <= before,
        "readers that were theirs are gone, and what waited for them on the disk",
    )


def at_rest(client: TestClient) -> bool:
    """Whether no query is under way, no reader is there but quick ones, and no spool holds anything on the disk."""
    app = client.app
    assert isinstance(app, Starlette)
    now = app.state.readers.state()
    under_way = now.quick + now.slow + now.waiting
    return not under_way and now.processes <= app.state.settings.readers and not Spool.on_disk_bytes


def nameless() -> set[str]:
    """The files without a name that this process holds; pytest has some of its own."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(path.readlink()))
    return {each for each in found if each.startswith(f"{tempfile.gettempdir()}/#")}


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
