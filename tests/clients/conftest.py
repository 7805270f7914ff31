"""Clients: a real server on a free port, and one that counts what arrives from it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn
from starlette.types import ASGIApp

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.tokens import Tokens
from graph_service.web.app import create_app


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an app on a free port; yields its origin."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)  # uvicorn tells of its start by a flag alone
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


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
    """A server that should never be asked anything."""

    origin: str
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def counter() -> Iterator[Counter]:
    """Counts the requests that arrive; answers each with an empty document."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is the library's
            seen.append(f"{self.command} {self.path}")
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Counter(f"http://127.0.0.1:{server.server_address[1]}", seen)
    server.shutdown()
    server.server_close()
