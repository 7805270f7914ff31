"""The SPARQL 1.1 Protocol, Graph Store Protocol and Service Description suites over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import comparing
import pytest
import rdflib
import service
import suites
from httpx2 import Response
from rdflib.collection import Collection
from starlette.testclient import TestClient

MANIFEST = "sparql11/manifest-all.ttl"
HT, CNT, MF, UT = suites.HT, suites.CNT, suites.MF, suites.UT
STATUSES = {re.sub(r"\W", "", status.phrase).lower(): str(status.value) for status in HTTPStatus}
KINDS = {
    "boolean": ("application/sparql-results+json", "application/sparql-results+xml"),
    "tabular": (
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
    ),
    "RDF": ("text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case of the suites."""
    for name, kind in (
        ("protocol", "ProtocolTest"),
        ("graph_store", "GraphStoreProtocolTest"),
        ("description", "ServiceDescriptionTest"),
    ):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, suites.parameters(metafunc.config, MANIFEST, kind))


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client that may write."""
    with service.writable_client(tmp_path_factory.mktemp("protocol")) as client:
        yield client


def test_the_protocol_is_spoken(protocol: suites.Case, endpoint: TestClient, verdict):
    """Each request of a case gets the status, the truth and the kind of format that the suite expects."""
    case, root = protocol, protocol.folder.parent
    with verdict(case.name, f"sparql11 {case.suite}"):
        data = [*case.graph.objects(case.node, UT.graphData)]
        named = {
            str(case.graph.value(each, rdflib.RDFS.label)): suites.local(case.graph.value(each, UT.graph))
            for each in data
        }
        bases = {name: suites.official(path, root) for name, path in named.items()}
        service.load(endpoint, [], named, bases)
        for request in requests(case):
            answer = send(endpoint, case, request, {"/sparql/": address(case, request)})
            check(case, request, answer)


def test_the_graph_store_protocol_is_spoken(graph_store: suites.Case, endpoint: TestClient, verdict):
    """Each request of a case gets the status, and where it says so the graph, that the suite expects."""
    case = graph_store
    replaced = {"www.example/gsp": "testserver/store", "www.example%2Fgsp": "testserver%2Fstore", "/gsp": "/store"}
    with verdict(case.name, f"sparql11 {case.suite}"):
        service.update(endpoint, "DROP ALL")
        for request in requests(case):
            answer = send(endpoint, case, request, replaced)
            check(case, request, answer)
            response = case.graph.value(request, HT.resp)
            if location := case.graph.value(response, MF.expectedLocation):
                replaced = {**replaced, str(location): answer.headers["Location"]}
            if body := case.graph.value(response, HT.body):
                wanted = parse(str(case.graph.value(body, CNT.chars)))
                assert comparing.same_graph(parse(answer.text), wanted), answer.text


def test_the_endpoint_describes_itself(description: suites.Case, endpoint: TestClient, verdict):
    """A GET without a query gives RDF that names the endpoint and uses the vocabulary as it is meant."""
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    with verdict(description.name, f"sparql11 {description.suite}"):
        answer = endpoint.get("/sparql")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] in KINDS["RDF"]
        graph = parse(answer.text)
        services = set(graph.subjects(sd.endpoint, rdflib.URIRef("http://testserver/sparql")))
        assert len(services) == 1
        classes = {sd.Service, sd.Dataset, sd.Graph, sd.NamedGraph, sd.GraphCollection, sd.Function, sd.Aggregate}
        classes |= {sd.Feature, sd.Language, sd.EntailmentRegime, sd.EntailmentProfile}
        used = {kind for kind in graph.objects(None, rdflib.RDF.type) if kind in sd}
        assert sd.Service in used and used <= classes
        for value in graph.objects(None, sd.namedGraph):
            assert graph.value(value, sd.name) is not None


def requests(case: suites.Case) -> list[rdflib.term.Node]:
    """The requests of a case, in their order."""
    return list(Collection(case.graph, case.one(MF.action, HT.requests)))


def address(case: suites.Case, request: rdflib.term.Node) -> str:
    """Queries and updates have an address each; a request that is neither belongs to what its case is about."""
    graph, fragment = case.graph, case.name.rpartition("/")[2]
    told = str(graph.value(request, HT.absolutePath)) + content(case, request)[0].decode("utf-8", errors="ignore")
    media_type = headers(case, request).get("content-type", "")
    if "sparql-query" in media_type or "query=" in told:
        return "/sparql"
    return "/update" if fragment.startswith(("update", "bad_update")) else "/sparql"


def headers(case: suites.Case, request: rdflib.term.Node) -> Mapping[str, str]:
    """The headers of a request."""
    graph, listed = case.graph, case.graph.value(request, HT.headers)
    found = Collection(graph, listed) if listed else ()
    return {str(graph.value(each, HT.fieldName)): str(graph.value(each, HT.fieldValue)) for each in found}


def content(case: suites.Case, request: rdflib.term.Node) -> tuple[bytes, str]:
    """The body of a request in the encoding that it names, and as text."""
    body = case.graph.value(request, HT.body)
    if body is None:
        return b"", ""
    text = str(case.graph.value(body, CNT.chars))
    return text.encode(str(case.graph.value(body, CNT.characterEncoding))), text


def send(endpoint: TestClient, case: suites.Case, request: rdflib.term.Node, replaced: Mapping[str, str]) -> Response:
    """Send a request as the suite writes it, its addresses being those of this service."""
    target = str(case.graph.value(request, HT.absolutePath))
    sent = content(case, request)[0]
    for old, new in replaced.items():
        target = target.replace(old, new)
        sent = sent.replace(old.encode(), new.encode()) if old.startswith(("www", "$")) else sent
    given = dict(headers(case, request))
    return endpoint.request(str(case.graph.value(request, HT.methodName)), target, content=sent, headers=given)


def check(case: suites.Case, request: rdflib.term.Node, answer: Response) -> None:
    """Hold an answer to its status, its truth, and the kind of format."""
    graph, response = case.graph, case.graph.value(request, HT.resp)
    expected = [str(status).rpartition("#")[2] for status in graph.objects(response, MF.expectedStatus)]
    patterns = [STATUSES.get(name.lower(), name.removeprefix("StatusCode").replace("x", r"\d")) for name in expected]
    asked = f"{graph.value(request, HT.methodName)} {graph.value(request, HT.absolutePath)}"
    assert any(re.fullmatch(each, str(answer.status_code)) for each in patterns), (asked, expected, answer.text)
    kind, truth = graph.value(response, MF.expectedFormat), graph.value(response, MF.expectedBoolean)
    if kind is not None:
        assert answer.headers["Content-Type"].partition(";")[0] in KINDS[str(kind)]
    if truth is not None:
        assert answer.json()["boolean"] is (str(truth) == "true")


def parse(text: str) -> rdflib.Graph:
    """Turtle, relative IRIs being those of the service."""
    moved = text.replace("www.example/gsp", "testserver/store")
    return rdflib.Graph().parse(data=moved, format="turtle", publicID="http://testserver/store/x")
