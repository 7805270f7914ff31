"""The SPARQL 1.1 Protocol, Graph Store Protocol and Service Description suites over HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import comparing
import pytest
import rdflib
import suites
from httpx2 import Response
from rdflib.collection import Collection
from service import Service

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
    "RDF": (  # the suite's list, and formats that came after it
        "text/turtle",
        "application/rdf+xml",
        "application/n-triples",
        "application/ld+json",
        "application/n-quads",
        "application/trig",
    ),
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


def test_the_protocol_is_spoken(protocol: suites.Case, writer: Service, contest):
    """Each request of a case gets the status, the truth and the kind of format that the suite expects."""
    case, root = protocol, protocol.folder.parent
    named = {
        str(case.graph.value(each, rdflib.RDFS.label)): suites.local(case.graph.value(each, UT.graph))
        for each in case.graph.objects(case.node, UT.graphData)
    }

    def check(tested: Service) -> None:
        tested.put((), {name: (path, suites.official(path, root)) for name, path in named.items()})
        for request in requests(case):
            answer = send(tested, case, request, {"/sparql/": address(tested, case, request)})
            check_response(case, request, answer)

    contest(case, writer, check)


def test_the_graph_store_protocol_is_spoken(graph_store: suites.Case, writer: Service, contest):
    """Each request of a case gets the status, and where it says so the graph, that the suite expects."""
    case = graph_store

    def check(tested: Service) -> None:
        tested.put((), {})
        store = f"{tested.origin}{tested.store}".removeprefix("http://")
        replaced = {
            "www.example/gsp": store,
            "www.example%2Fgsp": quote(store, safe=""),
            "/gsp": tested.store,
        }
        for request in requests(case):
            answer = send(tested, case, request, replaced)
            check_response(case, request, answer)
            response = case.graph.value(request, HT.resp)
            if location := case.graph.value(response, MF.expectedLocation):
                replaced = {**replaced, str(location): answer.headers["Location"]}
            if body := case.graph.value(response, HT.body):
                wanted = str(case.graph.value(body, CNT.chars)).replace("www.example/gsp", store)
                base = f"http://{store}/x"
                assert comparing.same_graph(parse(answer.text, base), parse(wanted, base)), answer.text

    contest(case, writer, check)


def test_the_endpoint_describes_itself(description: suites.Case, writer: Service, contest):
    """A GET without a query gives RDF that names the endpoint and uses the vocabulary as it is meant."""
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")

    def check(tested: Service) -> None:
        endpoint = f"{tested.origin}{tested.query}"
        answer = tested.client.get(tested.query)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] in KINDS["RDF"]
        quads = answer.headers["Content-Type"].startswith("application/n-quads")
        graph = parse(answer.text, endpoint, "nt" if quads else "turtle")  # quads of the default graph are triples
        services = set(graph.subjects(sd.endpoint, rdflib.URIRef(endpoint)))
        assert len(services) == 1
        classes = {sd.Service, sd.Dataset, sd.Graph, sd.NamedGraph, sd.GraphCollection, sd.Function, sd.Aggregate}
        classes |= {sd.Feature, sd.Language, sd.EntailmentRegime, sd.EntailmentProfile}
        used = {kind for kind in graph.objects(None, rdflib.RDF.type) if kind in sd}
        assert sd.Service in used and used <= classes
        for value in graph.objects(None, sd.namedGraph):
            assert graph.value(value, sd.name) is not None

    contest(description, writer, check)


def requests(case: suites.Case) -> list[rdflib.term.Node]:
    """The requests of a case, in their order."""
    return list(Collection(case.graph, case.one(MF.action, HT.requests)))


def address(tested: Service, case: suites.Case, request: rdflib.term.Node) -> str:
    """Queries and updates have an address each; a request that is neither belongs to what its case is about."""
    graph, fragment = case.graph, case.name.rpartition("/")[2]
    told = str(graph.value(request, HT.absolutePath)) + content(case, request)[0].decode("utf-8", errors="ignore")
    media_type = headers(case, request).get("content-type", "")
    if "sparql-query" in media_type or "query=" in told:
        return tested.query
    return tested.update if fragment.startswith(("update", "bad_update")) else tested.query


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


def send(tested: Service, case: suites.Case, request: rdflib.term.Node, replaced: Mapping[str, str]) -> Response:
    """Send a request as the suite writes it, its addresses being those of the service."""
    target = str(case.graph.value(request, HT.absolutePath))
    sent = content(case, request)[0]
    for old, new in replaced.items():
        target = target.replace(old, new)
        sent = sent.replace(old.encode(), new.encode()) if old.startswith(("www", "$")) else sent
    given = dict(headers(case, request))
    return tested.client.request(str(case.graph.value(request, HT.methodName)), target, content=sent, headers=given)


def check_response(case: suites.Case, request: rdflib.term.Node, answer: Response) -> None:
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


def parse(text: str, base: str, syntax: str = "turtle") -> rdflib.Graph:
    """A graph, relative IRIs being those of the service."""
    return rdflib.Graph().parse(data=text, format=syntax, publicID=base)
