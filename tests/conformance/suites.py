"""The official suites: manifests read into cases, and which of them are left out or known to fail.

The suites themselves are not part of the repository; `--suites DIR` says where they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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

NONE_FOUND = "none found"  # in the place of an upstream issue, after a search

# folders of sparql11 that need what this service does not do, and why; not run
EXCLUDED = {"service": "needs outgoing SERVICE requests, which are refused"}

# the same; run for the comparison with the bare engine's server alone, and not scored
COMPARED = {"entailment": "needs an entailment regime; the service answers from what is stated and derived by rule"}

# tests in the folders that no manifest leads to, and are run all the same
UNLISTED = {"shacl/manifest.ttl": ("sparql/component/nodeValidator-001.ttl",)}

# manifests that the suites themselves have given up
DEPRECATED = {
    "sparql11/http-rdf-update/manifest.ttl": "deprecated in favour of graph-store-protocol; no requests in it"
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


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """Why a test is let fail."""

    reason: str
    upstream: str  # the address of the engine's issue, or NONE_FOUND
    own_suite: str = ""  # what the engine's own test suite does with the test


def local(iri: URIRef) -> Path:
    """The path of a file that a manifest names."""
    return Path(unquote(urlsplit(str(iri)).path))


def official(path: Path, root: Path) -> str:
    """The address under which a file of the suite is published: its base IRI, the same on every machine."""
    return OFFICIAL + path.relative_to(root).as_posix()


def cases(manifest: Path, root: Path) -> Iterator[Case]:
    """All tests of a manifest and of those that it includes, in their order; last, tests that it forgets to list."""
    graph = parse(manifest)
    here = URIRef(manifest.resolve().as_uri())
    for included in _members(graph, here, MF.include):
        yield from cases(local(included), root)
    folder = manifest.resolve().parent
    listed = _members(graph, here, MF.entries)
    for node in [*listed, *sorted(set(graph.subjects(MF.name)) - set(listed))]:
        kind = min(graph.objects(node, RDF.type), default=None)
        if kind is not None:
            name = f"{folder.relative_to(root.resolve()).as_posix()}/{_fragment(node)}"
            yield Case(name, str(kind).rpartition("#")[2], folder, graph, node)


def suite(folder: Path, manifest: str) -> Iterator[Case]:
    """All tests of a suite: those of its manifest, and those that no manifest leads to."""
    root = folder / manifest.partition("/")[0]
    yield from cases(folder / manifest, root)
    for forgotten in UNLISTED.get(manifest, ()):
        yield from cases(root / forgotten, root)


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
    return [_parameter(case) for case in suite(folder, manifest) if not kinds or case.kind in kinds]


@cache
def known_failures() -> dict[tuple[str, str], KnownFailure]:
    """Tests that fail, by name and engine."""
    return exceptions(KNOWN.read_text(encoding="utf-8"), "failures")


@cache
def lexical_differences() -> dict[tuple[str, str], KnownFailure]:
    """Tests whose numbers the engine writes in another form of equal value, by name and engine."""
    return exceptions(KNOWN.read_text(encoding="utf-8"), "lexical")


def exceptions(text: str, table: str) -> dict[tuple[str, str], KnownFailure]:
    """The exceptions of a list, by name of the test and engine.

    Raises:
        ValueError: one lacks its reason or its upstream issue, or stands there twice.
    """
    found: dict[tuple[str, str], KnownFailure] = {}
    for entry in tomllib.loads(text)[table]:
        names, engine = entry.pop("tests"), entry.pop("engine")
        upstream = entry.get("upstream", "")
        if not entry.get("reason") or not (upstream.startswith("https://") or upstream == NONE_FOUND):
            raise ValueError(f"{names} need a reason and an upstream issue, or {NONE_FOUND!r}")
        if upstream == NONE_FOUND and not entry.get("own_suite"):
            raise ValueError(f"{names} have no upstream issue: say what the engine's own suite does with them")
        if len(set(names)) < len(names) or found.keys() & {(name, engine) for name in names}:
            raise ValueError(f"of {names} some stand there twice")
        found |= {(name, engine): KnownFailure(**entry) for name in names}
    return found


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
