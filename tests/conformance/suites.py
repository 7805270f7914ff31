"""The official suites: manifests read into cases, and which of them are left out or known to fail.

The suites themselves are not part of the repository; `--suites DIR` says where they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import rdflib
from rdflib import RDF, URIRef
from rdflib.collection import Collection

MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
UT = rdflib.Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
SHT = rdflib.Namespace("http://www.w3.org/ns/shacl-test#")
HT = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
OFFICIAL = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"  # where the files of sparql11 are published
KNOWN = Path(__file__).with_name("known_failures.toml")

# folders of sparql11 that need what this service does not do, and why
EXCLUDED = {
    "entailment": "needs an entailment regime; the service answers from what is stated and derived by rule",
    "service": "needs outgoing SERVICE requests, which are refused",
    "syntax-fed": "needs outgoing SERVICE requests, which are refused",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a suite."""

    name: str  # folder and fragment: "aggregates/agg01"
    kind: str  # the local name of its class in the manifest
    folder: Path
    graph: rdflib.Graph
    node: rdflib.term.Node

    @property
    def suite(self) -> str:
        """The folder's name, which is also the manifest's."""
        return self.name.rpartition("/")[0]

    def one(self, *path: URIRef) -> rdflib.term.Node | None:
        """Follow properties from the test; None where one is missing."""
        node: rdflib.term.Node | None = self.node
        for step in path:
            node = None if node is None else self.graph.value(node, step)
        return node

    def file(self, *path: URIRef) -> Path | None:
        """The file that properties lead to."""
        node = self.one(*path)
        return local(node) if isinstance(node, URIRef) else None


def local(iri: URIRef) -> Path:
    """The path of a file that a manifest names."""
    return Path(unquote(urlsplit(str(iri)).path))


def official(path: Path, root: Path) -> str:
    """The address under which a file of the suite is published: its base IRI, the same on every machine."""
    return OFFICIAL + path.relative_to(root).as_posix()


def cases(manifest: Path, root: Path) -> Iterator[Case]:
    """All tests of a manifest and of those that it includes, in their order."""
    graph = parse(manifest)
    here = URIRef(manifest.resolve().as_uri())
    for included in _members(graph, here, MF.include):
        yield from cases(local(included), root)
    folder = manifest.resolve().parent
    for node in _members(graph, here, MF.entries):
        kind = min(graph.objects(node, RDF.type), default=None)
        if kind is not None:
            name = f"{folder.relative_to(root.resolve()).as_posix()}/{_fragment(node)}"
            yield Case(name, str(kind).rpartition("#")[2], folder, graph, node)


def parse(path: Path, base: str = "") -> rdflib.Graph:
    """Read an RDF file as it was written, literals untouched."""
    kinds = {".rdf": "xml", ".nt": "nt", ".ttl": "turtle", ".n3": "turtle"}
    normalise, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        return rdflib.Graph().parse(path, format=kinds[path.suffix], publicID=base or path.resolve().as_uri())
    finally:
        rdflib.NORMALIZE_LITERALS = normalise


def parameters(config: pytest.Config, manifest: str, *kinds: str) -> list[object]:
    """The cases of a manifest as parameters of a test; one that is skipped where the suites are not at hand."""
    folder = suites_folder(config)
    if folder is None:
        return [pytest.param(None, id="suites", marks=pytest.mark.skip(reason="the official suites are not at hand"))]
    found = cases(folder / manifest, folder / manifest.partition("/")[0])
    return [_parameter(case) for case in found if not kinds or case.kind in kinds]


def known_failures() -> dict[str, str]:
    """Tests that fail, with the reason, by name."""
    return dict(tomllib.loads(KNOWN.read_text(encoding="utf-8"))["failures"])


def lexical_differences() -> dict[str, str]:
    """Tests whose numbers the engine writes in another form of equal value, with the reason, by name."""
    return dict(tomllib.loads(KNOWN.read_text(encoding="utf-8"))["lexical"])


def suites_folder(config: pytest.Config) -> Path | None:
    """Where the suites are; None where they are not."""
    given = config.getoption("--suites")
    folder = Path(given) if given else Path(__file__).resolve().parents[2].parent / "shared" / "conformance"
    return folder if folder.is_dir() else None


def _parameter(case: Case) -> object:
    if case.suite in EXCLUDED:
        return pytest.param(case, id=case.name, marks=pytest.mark.skip(reason=f"excluded: {EXCLUDED[case.suite]}"))
    return pytest.param(case, id=case.name)


def _members(graph: rdflib.Graph, node: URIRef, predicate: URIRef) -> list[URIRef]:
    """What a property names: each value, or the members of the list that it is."""
    found: list[URIRef] = []
    for value in sorted(graph.objects(node, predicate)):  # test workers must agree on the order
        listed = (value, RDF.first, None) in graph or value == RDF.nil
        found += Collection(graph, value) if listed else [value]
    return found


def _fragment(node: rdflib.term.Node) -> str:
    return str(node).rpartition("#")[2].rpartition("/")[2]
