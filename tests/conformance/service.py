"""The service under test: the real app in `separate` mode, over a dataset that each test chooses."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyoxigraph
from httpx2 import Response
from starlette.testclient import TestClient

from graph_service.home import ReleaseRecord
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


class Published:
    """In the place of the releases of a home folder: one release, made of the files of one test."""

    def __init__(self) -> None:
        self.store = pyoxigraph.Store()
        self.number = 0
        self.publish((), {})

    def publish(self, default: Iterable[tuple[Path, str]], named: Mapping[str, Path]) -> None:
        """Put files, with their base IRIs, into the default graph, and others into the graphs of their names."""
        self.store = pyoxigraph.Store()
        for path, base in default:
            self.store.load(path=str(path), format=FORMATS[path.suffix], base_iri=base)
        for name, path in named.items():
            graph = pyoxigraph.NamedNode(name)
            self.store.add_graph(graph)
            self.store.load(path=str(path), format=FORMATS[path.suffix], base_iri=name, to_graph=graph)
        self.number += 1

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
        return Release(EmbeddedStore(self.store), record, PROJECT, union=False)


def client_of(published: Published) -> TestClient:
    """A client of the real app over that release."""
    settings = Settings(home=PROJECT / "var", project=PROJECT, default_graph="separate")
    return TestClient(create_app(published, settings), follow_redirects=False)  # type: ignore[arg-type]


def bare(store: pyoxigraph.Store, text: str, accept: str) -> str:
    """What the engine itself answers, without the service around it."""
    results = store.query(text)
    if isinstance(results, pyoxigraph.QueryTriples):
        return results.serialize(format=pyoxigraph.RdfFormat.from_media_type(accept)).decode()
    return results.serialize(format=pyoxigraph.QueryResultsFormat.from_media_type(accept)).decode()


def writable_client(folder: Path) -> TestClient:
    """A client of the real app in `separate` mode over an empty project, with a token that may write."""
    project, home = folder / "project", folder / "home"
    (project / "ontology").mkdir(parents=True)
    (project / "data").mkdir()
    (project / "ontology" / "shapes.ttl").write_text("")
    shutil.copy(PROJECT / "ontology" / "context.jsonld", project / "ontology")
    shutil.copytree(PROJECT / "queries" / "vocabulary", project / "queries" / "vocabulary")
    Publisher(home, union=False).load_project(project, who="suite")
    token = Tokens(home).new("suite", "admin")
    settings = Settings(home=home, project=project, default_graph="separate", keep_releases=1)
    client = TestClient(create_app(Releases(home, union=False), settings), follow_redirects=False)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def load(
    client: TestClient, default: Iterable[tuple[Path, str]], named: Mapping[str, Path], bases: Mapping[str, str]
) -> None:
    """Make the dataset hold some files and nothing else, by one update over HTTP.

    Args:
        default: files of the default graph, with their base IRIs.
        named: graph → file; `bases` gives the base IRI of each graph's file.
    """
    operations = ["DROP ALL"]
    for path, base in default:
        operations.append(f"INSERT DATA {{ {triples(path, base)} }}")
    for name, path in named.items():
        operations.append(f"CREATE SILENT GRAPH <{name}>")
        operations.append(f"INSERT DATA {{ GRAPH <{name}> {{ {triples(path, bases[name])} }} }}")
    answer = update(client, " ;\n".join(operations))
    assert answer.status_code < 300, answer.text


def update(client: TestClient, text: str) -> Response:
    """An update, as it is."""
    return client.post("/update", content=text.encode(), headers={"Content-Type": "application/sparql-update"})


def triples(path: Path, base: str) -> str:
    """A file as N-Triples, its blank nodes its own."""
    parsed = pyoxigraph.parse(path=str(path), format=FORMATS[path.suffix], base_iri=base, rename_blank_nodes=True)
    return pyoxigraph.serialize(parsed, format=pyoxigraph.RdfFormat.N_TRIPLES).decode()
