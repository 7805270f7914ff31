"""Away: an engine that is killed, hangs, talks nonsense or breaks off. Each has a clear word, and mends by itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from conftest import Service
from httpx2 import Response
from running import until
from servers import Server, free_port

from graph_service.errors import EngineUnavailable
from graph_service.store.contents import STATE, Mark
from graph_service.store.engine import PAUSE_S, Addresses
from graph_service.store.protocol import Dataset
from graph_service.terms import GRAPH

WITHIN_S = 30.0
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
INSERT = f"INSERT DATA {{ GRAPH <{GRAPH}notes> {{ <urn:x:one> <urn:x:p> 1 }} }}"
ALL = "SELECT ?s { ?s ?p ?o }"


def test_a_killed_engine_is_told_of_and_comes_back_without_hands(server: Server, service: Callable[..., Service]):
    """What was answered before is answered still; what is written meanwhile is kept, and seen once it is back."""
    server.clear()
    here = service(server.addresses)
    here.fill()
    page = here.client.get("/ontology", headers={"Accept": BROWSER})
    assert page.status_code == 200
    assert "Cache-Status" not in page.headers

    server.kill()
    try:
        kept = here.client.get("/ontology", headers={"Accept": BROWSER})
        assert (kept.status_code, kept.content) == (200, page.content)
        assert kept.headers["ETag"].startswith('W/"1-') or kept.headers["ETag"].startswith('"1-')
        for address in ("/queries/vocabulary/names.json", "/sparql.json?query=ASK+{}", "/sparql.html"):
            away = here.client.get(address)
            assert away.status_code == 503, address
            assert int(away.headers["Retry-After"]) > 0
            assert "graph store" in away.text
        problem = here.client.get("/queries/vocabulary/names.json").json()
        assert problem["type"].endswith("/engine-away")
        assert "does not answer" in problem["detail"]
        shown = here.client.get("/search?q=police", headers={"Accept": BROWSER})
        assert (shown.status_code, "The graph store is away" in shown.text) == (503, True)
        ready = here.client.get("/health/ready")
        assert (ready.status_code, "Answers of release 1 that are kept" in ready.json()["detail"]) == (503, True)
        assert here.client.get("/health/live").status_code == 200
        assert_marked(here, page, release=1)

        written = here.update(INSERT)
        assert written.status_code == 200
        assert written.json()["release"] == 2
        assert "not seen yet" in written.json()["warnings"][0]
        assert_marked(here, page, release=1)
        assert here.client.get("/releases/1.json?release=1").status_code == 200
    finally:
        server.start()

    until(lambda: here.client.get("/health/ready").status_code == 200)
    assert here.ask("SELECT ?o { <urn:x:one> <urn:x:p> ?o }") == [{"o": "1"}]
    assert "Cache-Status" not in here.client.get("/ontology", headers={"Accept": BROWSER}).headers


def assert_marked(here: Service, page: Response, *, release: int) -> None:
    """A page that is kept is answered as it was, and says that it is kept and of which release (RFC 9211, RFC 9111)."""
    kept = here.client.get("/ontology", headers={"Accept": BROWSER})
    other = here.client.get("/ontology", headers={"Accept": BROWSER, "If-None-Match": '"another"'})
    same = here.client.get("/ontology", headers={"Accept": BROWSER, "If-None-Match": page.headers["ETag"]})
    assert (kept.status_code, other.status_code, same.status_code) == (200, 200, 304)
    assert kept.content == other.content == page.content
    for each in (kept, other, same):
        assert each.headers["ETag"] == page.headers["ETag"]
        assert each.headers["Cache-Status"] == "graph-service; hit; detail=engine-away"
        assert int(each.headers["Age"]) >= 0
        assert f'</releases/{release}>; rel="describedby"' in each.headers["Link"]


def test_kept_answers_are_served_while_the_engine_is_filled_anew(fake: _Fake, service: Callable[..., Service]):
    """It lost all that it held and cannot be filled: what was answered before is answered still."""
    here: Service = service(fake.addresses)
    first = json.loads((here.home / "history" / "1.json").read_text())
    fake.mark = Mark(1, first["digest"], here.mirror._lineage())
    here.fill()
    page = here.client.get("/ontology", headers={"Accept": BROWSER})
    fake.mark = Mark(0, "", here.mirror._lineage())  # of an engine that is being filled
    (here.home / "mirrored").unlink()

    assert here.client.get("/search?q=police").status_code == 503
    assert_marked(here, page, release=1)


def test_an_engine_that_hangs_costs_next_to_nothing(oxigraph: Server, service: Callable[..., Service]):
    """After some requests that waited in vain the others are told at once; anybody's query ends at its deadline."""
    oxigraph.clear()
    here = service(oxigraph.addresses, timeout_s=1.0)
    here.fill()
    oxigraph.pause()
    try:
        late = here.client.get("/sparql.json", params={"query": ALL, "timeout": "0.2"})
        assert late.status_code == 504
        assert "0.2 s" in late.json()["detail"]
        for _ in range(3):
            assert here.client.get("/queries/vocabulary/names.json").status_code == 503
        assert here.mirror.engine.breaker.reason
        with pytest.raises(EngineUnavailable):
            here.mirror.engine.breaker.check()
    finally:
        oxigraph.pause(False)

    until(lambda: here.client.get("/queries/vocabulary/names.json").status_code == 200)


class _Handler(BaseHTTPRequestHandler):
    """Says what it holds, and answers all else as the test likes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        text = form.get("query", [""])[0]
        server: _Fake = self.server  # type: ignore[assignment]
        server.asked.append(text)
        if text and STATE in text and "?mark" in text:
            self.table([{"mark": {"type": "literal", "value": str(server.mark)}}], ["mark"])
        else:
            server.answer(self)

    def table(self, rows: list[object], names: list[str]) -> None:
        self.whole(json.dumps({"head": {"vars": names}, "results": {"bindings": rows}}).encode())

    def whole(self, body: bytes, status: int = 200, media_type: str = "application/sparql-results+json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def half(self, chunked: bool) -> None:
        """The beginning of a long table, then nothing."""
        row = b'{"s":{"type":"uri","value":"urn:x:s"}},'
        body = b'{"head":{"vars":["s"]},"results":{"bindings":[' + row * 200_000
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(body) * 2))
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body) if chunked else body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class _Fake(ThreadingHTTPServer):
    """An engine that is none."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.mark = Mark(0, "", "")
        self.answer: Callable[[_Handler], None] = lambda handler: handler.table([], [])
        self.asked: list[str] = []
        self.addresses = Addresses(
            *(f"http://127.0.0.1:{self.server_address[1]}/{each}" for each in ("query", "update"))
        )


@pytest.fixture
def fake() -> Iterator[_Fake]:
    """Its server."""
    with _Fake() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def pretended(fake: _Fake, service: Callable[..., Service]) -> Service:
    """A service whose engine says that it holds the current release."""
    here: Service = service(fake.addresses)
    first = json.loads((here.home / "history" / "1.json").read_text())
    fake.mark = Mark(1, first["digest"], here.mirror._lineage())
    here.fill()
    return here


NONSENSE = {
    "no table": lambda handler: handler.whole(b"nonsense"),
    "a page of HTML": lambda handler: handler.whole(b"<h1>Welcome</h1>", 200, "text/html"),
    "a page for an error": lambda handler: handler.whole(b"<h1>Bad gateway</h1>", 502, "text/html"),
    "its own error": lambda handler: handler.whole(b"out of memory", 500, "text/plain"),
    "no such address": lambda handler: handler.whole(b"", 404, "text/plain"),
    "a half, chunked": lambda handler: handler.half(True),
    "a half": lambda handler: handler.half(False),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_what_is_no_answer_is_a_503_and_no_page_is_made_of_it(kind: str, pretended: Service, fake: _Fake):
    """Whatever the engine says instead."""
    fake.answer = NONSENSE[kind]

    answer = pretended.client.get("/queries/vocabulary/names.json")

    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/engine-away")
    assert "graph store" in answer.json()["detail"]
    assert "<h1>" not in answer.text
    fake.answer = lambda handler: handler.table([], [])
    assert pretended.client.get("/queries/vocabulary/names.json").status_code == 200


@pytest.mark.parametrize("kind", ["a page of HTML", "a page for an error", "its own error", "no such address"])
def test_anybodys_query_hears_of_it_too(kind: str, pretended: Service, fake: _Fake):
    """Before the first byte it is a problem."""
    fake.answer = NONSENSE[kind]

    answer = pretended.client.get("/sparql.json", params={"query": ALL})

    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/engine-away")


@pytest.mark.parametrize("kind", ["a half, chunked", "a half"])
def test_an_answer_that_breaks_off_is_not_taken_for_the_whole(kind: str, pretended: Service, fake: _Fake):
    """Its connection ends without the end of the answer."""
    fake.answer = NONSENSE[kind]

    answer = pretended.client.get("/sparql.json", params={"query": ALL})

    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("status", [401, 403])
def test_wrong_credentials_are_named(status: int, pretended: Service, fake: _Fake):
    """With the settings to look at."""
    fake.answer = lambda handler: handler.whole(b"", status, "text/plain")

    detail = pretended.client.get("/queries/vocabulary/names.json").json()["detail"]
    written = pretended.update(INSERT).json()

    assert f"HTTP {status}" in detail
    assert "remote_password" in detail
    assert f"HTTP {status}" in written["warnings"][0]
    assert f"HTTP {status}" in pretended.client.get("/health/ready").json()["detail"]
    assert pretended.mirror.held() == 1


def test_a_query_that_the_engine_refuses_is_told_with_its_place(pretended: Service, fake: _Fake):
    """Where ours can tell one; else in the engine's words."""
    fake.answer = lambda handler: handler.whole(b"Encountered FRUM", 400, "text/plain")

    wrong = pretended.client.get("/sparql.json", params={"query": "SELECT ?s { ?s ?p }"})
    right = pretended.client.get("/sparql.json", params={"query": "ASK { ?s ?p ?o }"})

    assert (wrong.status_code, wrong.json()["line"]) == (400, 1)
    assert right.status_code == 422
    assert "Encountered FRUM" in right.json()["detail"]


@pytest.mark.parametrize(
    "text", ["ASK { SERVICE <http://example.org/> {} }", "ASK { \\u0053ERVICE <http://example.org/> {} }"]
)
def test_nothing_is_fetched_from_elsewhere(text: str, pretended: Service, fake: _Fake):
    """Not by the engine either: it is not asked."""
    fake.asked.clear()

    answer = pretended.client.get("/sparql.json", params={"query": text})

    assert answer.status_code == 403
    assert text not in fake.asked
    with pytest.raises(Exception, match=r"refused|read within"):
        pretended.mirror.store(1).write(text, "text/csv", Dataset(), "", open_nothing())


def open_nothing():
    import io

    return io.BytesIO()


def test_a_client_that_goes_away_ends_its_query_at_the_engine(pretended: Service, fake: _Fake):
    """And one whose answer is longer than it may be is stopped."""
    ended = threading.Event()

    def endless(handler: _Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/sparql-results+json")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 65536)
                time.sleep(0.001)  # a stream without a pause would take all of the processor
        except OSError:
            ended.set()

    fake.answer = endless
    answer = pretended.client.get("/sparql.json", params={"query": ALL, "timeout": "0.5"})

    assert answer.status_code in (200, 504)
    assert ended.wait(WITHIN_S)


def test_an_engine_that_takes_less_than_it_is_sent_is_not_read(fake: _Fake, service: Callable[..., Service]):
    """It says that it has taken all, and holds nothing."""
    here: Service = service(fake.addresses)
    first = json.loads((here.home / "history" / "1.json").read_text())
    fake.mark = Mark(0, first["digest"], here.mirror._lineage())

    with pytest.raises(EngineUnavailable, match=r"holds 0 triples of the graph .* of \d+ that it was sent"):
        here.fill()

    assert here.mirror.held() is None
    assert here.client.get("/search?q=police").status_code == 503


def test_the_breaker_lets_one_try_after_a_pause():
    """And closes with the first answer."""
    from graph_service.store.engine import FAILURES, Breaker

    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES):
        breaker.check()
        breaker.failed("away")

    with pytest.raises(EngineUnavailable, match="away"):
        breaker.check()
    now = PAUSE_S + 0.1
    breaker.check()
    with pytest.raises(EngineUnavailable, match="away"):
        breaker.check()
    breaker.succeeded()
    breaker.check()
    assert breaker.reason == ""


def test_secrets_are_not_told(fake: _Fake, service: Callable[..., Service], tmp_path: Path):
    """An address is told without name, password and parameters."""
    port = free_port()
    here: Service = service(Addresses(f"http://127.0.0.1:{port}/query?key=hidden", user="ana", password="hidden"))

    with pytest.raises(EngineUnavailable) as error:
        here.fill()

    assert "hidden" not in str(error.value) + repr(here.mirror.engine.addresses).replace("key=hidden", "")
