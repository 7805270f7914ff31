"""The services under test: the real app in `separate` mode, and the bare engine's own server.

Both are values of one kind: a client, the paths of its addresses, and a way to put a dataset. The suites are run
against either by the same code.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyoxigraph
from httpx2 import Client, Limits, Response, TransportError
from starlette.testclient import TestClient

from graph_service.home import Home, ReleaseRecord
from graph_service.publishing import Publisher
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.store.embedded import EmbeddedStore
from graph_service.tokens import Tokens
from graph_service.web.app import create_app

FORMATS = {
    ".ttl": pyoxigraph.RdfFormat.TURTLE,
    ".nt": pyoxigraph.RdfFormat.N_TRIPLES,
    ".rdf": pyoxigraph.RdfFormat.RDF_XML,
}
PROJECT = Path(__file__).resolve().parents[2]
BARE_SERVER = Path(sys.executable).parent / "oxigraph"
NOWHERE = "http://127.0.0.1:1/"  # a port that no client may use: what is fetched from there fails without a network
STARTS_WITHIN = 180.0  # seconds, on a machine that has other work
Source: TypeAlias = "tuple[Path, str]"  # a file and its base IRI
Put: TypeAlias = Callable[[Iterable[Source], Mapping[str, Source]], None]


@dataclass(frozen=True, slots=True)
class Service:
    """A SPARQL service under test.

    `put` makes its dataset hold some files and nothing else: those of the default graph, and those of named graphs
    by name. `refuses` tells whether an answer refuses a well-formed request for what it asks, not for its grammar.
    """

    name: str
    client: Client
    origin: str
    put: Put
    refuses: Callable[[Response], bool]
    query: str = "/sparql"
    update: str = "/update"
    store: str = "/store"

    def send_update(self, text: str) -> Response:
        """An update, as it is."""
        return send_update(self.client, text, self.update)


class Published:
    """In the place of the releases of a home folder: one release, made of the files of one test."""

    def __init__(self, home: Home) -> None:
        self._home, self.mirror = home, None
        self.number = 0
        self.publish((), {})

    def publish(self, default: Iterable[Source], named: Mapping[str, Source]) -> None:
        """Put files into the default graph, and others into the graphs of their names."""
        self.number += 1
        folder = self._home.store(self.number)
        folder.mkdir(parents=True)
        store = pyoxigraph.Store(str(folder))
        for path, base in default:
            store.load(path=str(path), format=FORMATS[path.suffix], base_iri=base)
        for name, (path, base) in named.items():
            graph = pyoxigraph.NamedNode(name)
            store.add_graph(graph)
            store.load(path=str(path), format=FORMATS[path.suffix], base_iri=base, to_graph=graph)
        store.flush()
        del store
        self.store = EmbeddedStore.open(folder)

    def current(self) -> Release:
        """The release that holds these files."""
        record = ReleaseRecord(
            number=self.number,
            created="2018-01-01T00:00:00+00:00",
            who="suite",
            reason="",
            base=None,
            quads=len(self.store),
            added=0,
            removed=0,
            digest=str(self.number),
            project_digest="",
            report={},
            graphs={},
            software="",
        )
        return Release(self.store, record, PROJECT, union=False)


@contextmanager
def reading(folder: Path) -> Iterator[Service]:
    """The real app over one release, which each test makes of its files."""
    published = Published(Home(folder))
    settings = Settings(home=folder, project=PROJECT, default_graph="separate", readers=1, memory_mb=0, cache_mb=0)
    app = create_app(published, settings)  # type: ignore[arg-type]
    with TestClient(app, follow_redirects=False) as client:
        yield Service("graph-service", client, "http://testserver", published.publish, _refused_with_a_problem)


@contextmanager
def writing(folder: Path) -> Iterator[Service]:
    """The real app over an empty project, with a token that may write; a test puts its files by an update."""
    project, home = folder / "project", folder / "home"
    (project / "ontology").mkdir(parents=True)
    (project / "data").mkdir()
    (project / "ontology" / "shapes.ttl").write_text("")
    shutil.copy(PROJECT / "ontology" / "context.jsonld", project / "ontology")
    shutil.copytree(PROJECT / "queries" / "vocabulary", project / "queries" / "vocabulary")
    Publisher(home, union=False).load_project(project, who="suite")
    settings = Settings(home=home, project=project, default_graph="separate", keep_releases=1)
    with TestClient(create_app(Releases(home, union=False), settings), follow_redirects=False) as client:
        client.headers["Authorization"] = f"Bearer {Tokens(home).new('suite', 'admin')}"
        put = putting(client, "/update")
        yield Service("graph-service", client, "http://testserver", put, _refused_with_a_problem)


@contextmanager
def bare(folder: Path) -> Iterator[Service]:
    """The server that the bare engine brings along, over an empty dataset on disk, until the block ends.

    Raises:
        RuntimeError: the server does not start; with what it said.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        authority = f"127.0.0.1:{free.getsockname()[1]}"
    log = folder / "log"
    command = [BARE_SERVER, "serve", "--location", folder / "dataset", "--bind", authority]
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            # a connection each: it sends a body after HEAD, which would be read as the next request's answer
            alone = Limits(max_keepalive_connections=0)
            with Client(base_url=f"http://{authority}", limits=alone, trust_env=False) as client:
                await_answer(client, process, log)
                yield Service(
                    "Oxigraph server",
                    client,
                    f"http://{authority}",
                    putting(client, "/update"),
                    lambda answer: answer.status_code == 500,  # it keeps 400 for what it cannot read
                    query="/query",
                )
        finally:
            process.terminate()


def await_answer(client: Client, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers; RuntimeError where its process ends first, or takes too long."""
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            client.get("/query")
            return
        except TransportError:
            time.sleep(0.05)  # a server of another process tells of its start by answering alone
    raise RuntimeError(f"the bare engine's server did not start: {log.read_text(encoding='utf-8', errors='replace')}")


def putting(client: Client, update: str) -> Put:
    """A way to put files by one update over HTTP."""

    def put(default: Iterable[Source], named: Mapping[str, Source]) -> None:
        operations = ["DROP ALL"]
        operations += [f"INSERT DATA {{ {triples(*source)} }}" for source in default]
        for name, source in named.items():
            operations.append(f"CREATE SILENT GRAPH <{name}>")
            operations.append(f"INSERT DATA {{ GRAPH <{name}> {{ {triples(*source)} }} }}")
        answer = send_update(client, " ;\n".join(operations), update)
        assert answer.status_code < 300, answer.text

    return put


def send_update(client: Client, text: str, path: str) -> Response:
    """An update, as it is."""
    return client.post(path, content=text.encode(), headers={"Content-Type": "application/sparql-update"})


def triples(path: Path, base: str) -> str:
    """A file as N-Triples, its blank nodes its own."""
    parsed = pyoxigraph.parse(path=str(path), format=FORMATS[path.suffix], base_iri=base, rename_blank_nodes=True)
    return pyoxigraph.serialize(parsed, format=pyoxigraph.RdfFormat.N_TRIPLES).decode()


def _refused_with_a_problem(answer: Response) -> bool:
    return answer.status_code in (403, 422) and "syntax" not in answer.json()["type"]
