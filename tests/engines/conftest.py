"""Engines: servers of other engines, started here, each holding a home folder of its own."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import servers
from servers import Server
from starlette.testclient import TestClient

from graph_service.home import Home
from graph_service.mirroring import Mirror
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.store.engine import Addresses, Engine
from graph_service.tokens import Tokens
from graph_service.web.app import create_app

PROJECT = Path(__file__).resolve().parents[2]
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture(scope="session", params=sorted(servers.ENGINES))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One engine after the other, one process for all tests of a worker."""
    if why := servers.missing(request.param):
        pytest.skip(why)
    with servers.running(request.param) as started:
        yield started


@pytest.fixture(scope="session")
def held_home(home: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the home with the real project, for one engine."""
    return Path(shutil.copytree(home, tmp_path_factory.mktemp(server.name) / "home", symlinks=True))


@pytest.fixture(scope="session")
def held(held_home: Path, server: Server) -> Iterator[Releases]:
    """The real project in the engine."""
    server.clear()
    with mirrored(held_home, server.addresses) as mirror:
        mirror.catch_up()
        yield Releases(held_home, mirror=mirror)


@pytest.fixture(scope="session")
def held_client(held: Releases) -> Iterator[TestClient]:
    """A client of the app over the real project in the engine."""
    with serving(held) as client:
        yield client


@pytest.fixture(scope="session")
def oxigraph() -> Iterator[Server]:
    """A server of the engine that starts soonest, for what does not depend on the engine."""
    with servers.running("oxigraph") as started:
        yield started


@dataclass(frozen=True, slots=True)
class Service:
    """The app over a home folder that may be written, whose current release an engine holds."""

    home: Path
    mirror: Mirror
    client: TestClient
    token: str

    def fill(self) -> None:
        """Have the engine hold the current release."""
        self.mirror.catch_up(60.0)

    def update(self, text: str):
        """Send an update."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/sparql-update"}
        return self.client.post("/update", content=text, headers=headers)

    def count(self) -> int:
        """How many statements anybody's query finds."""
        return int(self.ask(COUNT)[0]["n"])

    def ask(self, text: str) -> list[dict[str, str]]:
        """The rows of anybody's query."""
        answer = self.client.get("/sparql.json", params={"query": text})
        assert answer.status_code == 200, answer.text
        rows = answer.json()["results"]["bindings"]
        return [{name: cell["value"] for name, cell in row.items()} for row in rows]


@pytest.fixture
def service(own_home: Path) -> Iterator[Callable[[Addresses], Service]]:
    """Makes a service of another programme's project over an engine."""
    with ExitStack() as stack:

        def make(addresses: Addresses, timeout_s: float = 5.0) -> Service:
            mirror = stack.enter_context(mirrored(own_home, addresses, timeout_s))
            client = stack.enter_context(serving(Releases(own_home, mirror=mirror), timeout_s))
            return Service(own_home, mirror, client, Tokens(own_home).new(f"tests-{uuid.uuid4()}", "admin"))

        yield make


@contextmanager
def mirrored(home: Path, addresses: Addresses, timeout_s: float = 60.0) -> Iterator[Mirror]:
    """The hold of a home on an engine."""
    engine = Engine(addresses, timeout_s=timeout_s)
    try:
        yield Mirror(Home(home), engine)
    finally:
        engine.close()


@contextmanager
def serving(releases: Releases, timeout_s: float = 60.0) -> Iterator[TestClient]:
    """A client of the app over the releases of a home."""
    settings = Settings(home=releases.home, project=PROJECT, query_timeout_s=max(1, round(timeout_s)))
    with TestClient(create_app(releases, settings), follow_redirects=False) as client:
        yield client
