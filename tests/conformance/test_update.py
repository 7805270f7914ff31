"""The SPARQL 1.1 update suites over HTTP: evaluation through staging, gate and release; and syntax."""

from __future__ import annotations

import comparing
import pytest
import rdflib
import service
import suites
from rdflib import BNode, URIRef
from service import Service

MANIFEST = "sparql11/manifest-all.ttl"
POSITIVE, NEGATIVE = "PositiveUpdateSyntaxTest11", "NegativeUpdateSyntaxTest11"
PARTS = (URIRef("urn:x-s"), URIRef("urn:x-p"), URIRef("urn:x-o"), URIRef("urn:x-g"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case of the suites."""
    if "evaluation" in metafunc.fixturenames:
        metafunc.parametrize("evaluation", suites.parameters(metafunc.config, MANIFEST, "UpdateEvaluationTest"))
    if "syntax" in metafunc.fixturenames:
        metafunc.parametrize("syntax", suites.parameters(metafunc.config, MANIFEST, POSITIVE, NEGATIVE))


def test_an_update_leaves_the_expected_dataset(evaluation: suites.Case, writer: Service, contest):
    """The same default graph and named graphs afterwards, blank nodes shared between them included."""
    case, root = evaluation, evaluation.folder.parent
    request = case.file(suites.MF.action, suites.UT.request)
    text = f"BASE <{suites.official(request, root)}>\n{request.read_text(encoding='utf-8')}"
    default, named = files(case, suites.MF.result)
    expected = quads("", *(suites.parse(*source) for source in default))
    for name, source in named.items():
        expected += quads(name, suites.parse(*source))

    def check(tested: Service) -> None:
        tested.put(*files(case, suites.MF.action))
        answer = tested.send_update(text)
        assert answer.status_code < 300, answer.text
        found = dataset(tested)
        assert comparing.same_graph(found, expected), found.serialize(format="nt")

    contest(case, writer, check)


def test_an_update_is_read_or_refused_as_the_grammar_says(syntax: suites.Case, writer: Service, contest):
    """A malformed update gets 400; a well-formed one is done, or refused for what it asks (LOAD, unknown graphs)."""
    request = syntax.file(suites.MF.action).read_text(encoding="utf-8")
    nearby = request.replace("http://example.org/faraway", f"{service.NOWHERE}faraway")

    def check(tested: Service) -> None:
        answer = tested.send_update(f"BASE <{service.NOWHERE}>\n{nearby}")
        if syntax.kind == NEGATIVE:
            assert answer.status_code == 400, answer.text
        else:
            assert answer.status_code < 300 or tested.refuses(answer), answer.text

    contest(syntax, writer, check)


def files(case: suites.Case, part: URIRef) -> tuple[list[service.Source], dict[str, service.Source]]:
    """The files of the default graph before or after, and those of the named graphs by name; with their base IRIs."""
    node, root = case.one(part), case.folder.parent
    default = [suites.local(iri) for iri in case.graph.objects(node, suites.UT.data)]
    named = {
        str(case.graph.value(each, rdflib.RDFS.label)): suites.local(case.graph.value(each, suites.UT.graph))
        for each in case.graph.objects(node, suites.UT.graphData)
    }
    return [(path, suites.official(path, root)) for path in default], {
        name: (path, suites.official(path, root)) for name, path in named.items()
    }


def dataset(tested: Service) -> rdflib.Graph:
    """All quads that a service holds, as the graph store gives them."""
    asked = {"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"}
    answer = tested.client.get(tested.query, params=asked, headers={"Accept": "application/sparql-results+json"})
    names = [row["g"]["value"] for row in answer.json()["results"]["bindings"]]
    found = quads("", stored(tested, {"default": ""}))
    for name in names:
        found += quads(name, stored(tested, {"graph": name}))
    return found


def stored(tested: Service, which: dict[str, str]) -> rdflib.Graph:
    """One graph, blank nodes under the names that the store gives them."""
    answer = tested.client.get(tested.store, params=which, headers={"Accept": "application/n-triples"})
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
