"""The SPARQL 1.1 update suites over HTTP: evaluation through staging, gate and release; and syntax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import comparing
import pytest
import rdflib
import service
import suites
from rdflib import BNode, URIRef
from starlette.testclient import TestClient

MANIFEST = "sparql11/manifest-all.ttl"
POSITIVE, NEGATIVE = "PositiveUpdateSyntaxTest11", "NegativeUpdateSyntaxTest11"
PARTS = (URIRef("urn:x-s"), URIRef("urn:x-p"), URIRef("urn:x-o"), URIRef("urn:x-g"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case of the suites."""
    if "evaluation" in metafunc.fixturenames:
        metafunc.parametrize("evaluation", suites.parameters(metafunc.config, MANIFEST, "UpdateEvaluationTest"))
    if "syntax" in metafunc.fixturenames:
        metafunc.parametrize("syntax", suites.parameters(metafunc.config, MANIFEST, POSITIVE, NEGATIVE))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client that may write."""
    with service.writable_client(tmp_path_factory.mktemp("update")) as client:
        yield client


def test_an_update_leaves_the_expected_dataset(evaluation: suites.Case, endpoint: TestClient, verdict):
    """The same default graph and named graphs afterwards, blank nodes shared between them included."""
    case, root = evaluation, evaluation.folder.parent
    request = case.file(suites.MF.action, suites.UT.request)
    with verdict(case.name, f"sparql11 {case.suite}"):
        default, named = files(case, suites.MF.action)
        bases = {name: suites.official(path, root) for name, path in named.items()}
        service.load(endpoint, [(path, suites.official(path, root)) for path in default], named, bases)
        text = f"BASE <{suites.official(request, root)}>\n{request.read_text(encoding='utf-8')}"
        answer = service.update(endpoint, text)

        assert answer.status_code < 300, answer.text
        default, named = files(case, suites.MF.result)
        expected = quads("", *(suites.parse(path, suites.official(path, root)) for path in default))
        for name, path in named.items():
            expected += quads(name, suites.parse(path, suites.official(path, root)))
        found = dataset(endpoint)
        assert comparing.same_graph(found, expected), found.serialize(format="nt")


def test_an_update_is_read_or_refused_as_the_grammar_says(syntax: suites.Case, endpoint: TestClient, verdict):
    """A malformed update gets 400; a well-formed one is done, or refused for what it asks (LOAD, unknown graphs)."""
    request = syntax.file(suites.MF.action)
    with verdict(syntax.name, f"sparql11 {syntax.suite}"):
        text = f"BASE <{suites.official(request, syntax.folder.parent)}>\n{request.read_text(encoding='utf-8')}"
        answer = service.update(endpoint, text)

        if syntax.kind == NEGATIVE:
            assert answer.status_code == 400, answer.text
        else:
            refused = answer.status_code in (403, 422) and "syntax" not in answer.json()["type"]
            assert answer.status_code < 300 or refused, answer.text


def files(case: suites.Case, part: URIRef) -> tuple[list[Path], dict[str, Path]]:
    """The files of the default graph before or after, and those of the named graphs by name."""
    node = case.one(part)
    default = [suites.local(iri) for iri in case.graph.objects(node, suites.UT.data)]
    named = {
        str(case.graph.value(each, rdflib.RDFS.label)): suites.local(case.graph.value(each, suites.UT.graph))
        for each in case.graph.objects(node, suites.UT.graphData)
    }
    return default, named


def dataset(endpoint: TestClient) -> rdflib.Graph:
    """All quads that the service holds, as the graph store gives them."""
    answer = endpoint.get("/sparql", params={"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"})
    names = [row["g"]["value"] for row in answer.json()["results"]["bindings"]]
    found = quads("", stored(endpoint, {"default": ""}))
    for name in names:
        found += quads(name, stored(endpoint, {"graph": name}))
    return found


def stored(endpoint: TestClient, which: dict[str, str]) -> rdflib.Graph:
    """One graph, blank nodes under the names that the store gives them."""
    answer = endpoint.get("/store", params=which, headers={"Accept": "application/n-triples"})
    assert answer.status_code == 200, answer.text
    graph = rdflib.Graph()
    for line in answer.text.splitlines():
        parsed = rdflib.Graph().parse(data=line, format="nt", bnode_context=_Labels())
        graph += parsed
    return graph


class _Labels(dict[str, BNode]):
    """Blank nodes that keep their labels, so that graphs can share them."""

    def __missing__(self, label: str) -> BNode:
        return BNode(label.removeprefix("_:"))


def quads(name: str, *graphs: rdflib.Graph) -> rdflib.Graph:
    """Quads as one graph, one blank node each, so that datasets can be compared as graphs are."""
    found = rdflib.Graph()
    for graph in graphs:
        for triple in graph:
            quad = BNode()
            for part, value in zip(PARTS, (*triple, rdflib.Literal(name)), strict=True):
                found.add((quad, part, value))
    return found
