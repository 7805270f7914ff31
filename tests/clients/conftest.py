"""Clients: a real server on a free port, and one that counts what arrives from it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from serving import serving

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.tokens import Tokens
from graph_service.web.app import create_app


@pytest.fixture(scope="session")
def origin(home: Path, releases: Releases, project_dir: Path) -> Iterator[str]:
    """The real project, served."""
    with serving(create_app(releases, Settings(home=home, project=project_dir))) as address:
        yield address


@dataclass(frozen=True, slots=True)
class Writable:
    """A service that may be written to."""

    origin: str
    token: str


@pytest.fixture(scope="module")
def writable(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writable]:
    """Another programme's project, served, with a token."""
    home = tmp_path_factory.mktemp("writable")
    Publisher(home).load_project(second_project, who="tests")
    token = Tokens(home).new("clients", "write")
    with serving(create_app(Releases(home), Settings(home=home, project=second_project))) as address:
        yield Writable(address, token)


@dataclass(frozen=True, slots=True)
class Counter:
    """A server that should never be asked anything: who connects is counted, whatever is said then."""

    origin: str
    connections: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


class _CountingServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Redirecting)
        self.counter = Counter(f"http://127.0.0.1:{self.server_address[1]}")

    def verify_request(self, request: object, client_address: tuple[str, int]) -> bool:
        self.counter.connections.append(f"from port {client_address[1]}")
        return True


class _Redirecting(BaseHTTPRequestHandler):
    """Sends everybody on, so that one who follows is counted twice."""

    def answer(self) -> None:
        self.server.counter.requests.append(f"{self.command} {self.path}")  # type: ignore[attr-defined]
        moved = not self.path.endswith("/moved")
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", f"{self.path}/moved")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def counter() -> Iterator[Counter]:
    """A server on a free port, and what arrived at it."""
    with _CountingServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.counter
        server.shutdown()
