"""Graphs: the Graph Store HTTP Protocol (SPARQL 1.1), named in the address or by `graph=` and `default`.

Direct addresses: `/store/{name}` is the graph `https://w3id.org/elpaccto/graph/{name}`, wherever the service runs,
since addresses may move and IRIs do not. `graph=` with such an address means the same graph.
"""

from __future__ import annotations

import hashlib
import uuid
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import writing
from graph_service.errors import GraphRefused
from graph_service.exporting import STEM
from graph_service.release import Release
from graph_service.staging import Change
from graph_service.store.embedded import is_iri, parse_rdf, serialize
from graph_service.terms import DEFAULT_GRAPH, GRAPH, Iri, Triple
from graph_service.web import bodies, respond, writes
from graph_service.web.addresses import origin
from graph_service.web.auth import Writer
from graph_service.web.bodies import SentBody, UnsupportedMediaType
from graph_service.web.media import JSON, JSONLD, NQ, RDF_FORMATS, TRIG
from graph_service.web.multipart import MULTIPART, Part, parts
from graph_service.web.routes import about
from graph_service.web.wanted import EVERYWHERE, Asked, CurrentRelease, MalformedRequest, Wanted, unknown_parameter
from graph_service.web.writes import DRY_RUN, TIMEOUT, Write

router = APIRouter(tags=["sparql"])

READ = {each.media_type: each.name for each in RDF_FORMATS}
TAKEN = (*READ, MULTIPART)
SUFFIXES = {f".{suffix}": suffix for suffix in READ.values()}
NAMED = (
    {"name": "graph", "in": "query", "description": "the IRI of a named graph", "schema": {"type": "string"}},
    {
        "name": "default",
        "in": "query",
        "description": "the default graph: the union of all, or the unnamed one",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
    },
)
READING = about(*RDF_FORMATS, parameters=NAMED, statuses=(200, 303))
BODY = {
    **{media_type: {} for media_type in READ},
    MULTIPART: {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}},
}
DELETING = about(JSON, parameters=(*NAMED, *writes.PARAMETERS), answer=writes.WRITTEN, statuses=(200, 204))
WRITING = {**DELETING, "body": BODY, "statuses": (200, 201, 204)}
DIRECT = {**WRITING, "parameters": writes.PARAMETERS}
DIRECT_DELETING = {**DELETING, "parameters": writes.PARAMETERS}
NO_DEFAULT = (
    "The default graph is the union of all named graphs and cannot be written: name the graph that is meant, "
    "with /store?graph=…"
)


@router.get("/store", openapi_extra=READING)
def read(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """A graph as RDF (Graph Store Protocol, 5.2); `default` gives the union of all, without either, all by name."""
    if {"graph", "default"} & set(request.query_params):
        return _read(request, wanted, release, _graph(request))
    wanted.parameters(())
    return respond.see_other(wanted.moved(f"/exports/{STEM}.{wanted.choose((TRIG, NQ)).name}"))


@router.get("/store/{path:path}", openapi_extra=about(*RDF_FORMATS))
def read_direct(path: str, request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The graph of this address as RDF."""
    return _read(request, wanted, release, _direct(request, path))


@router.put("/store", openapi_extra=WRITING)
def put(request: Request, token: Writer, sent: SentBody) -> Response:
    """Make a graph hold what is sent, and nothing else (Graph Store Protocol, 5.3)."""
    return _put(request, token, sent, _graph(request))


@router.put("/store/{path:path}", openapi_extra=DIRECT)
def put_direct(path: str, request: Request, token: Writer, sent: SentBody) -> Response:
    """Make the graph of this address hold what is sent, and nothing else."""
    return _put(request, token, sent, _direct(request, path))


@router.post("/store", openapi_extra=WRITING)
def post(request: Request, token: Writer, sent: SentBody) -> Response:
    """Add what is sent to a graph; without `graph` or `default`, to a new one (Graph Store Protocol, 5.5)."""
    if {"graph", "default"} & set(request.query_params):
        return _post(request, token, sent, _graph(request))
    return _post(request, token, sent, Iri(GRAPH + uuid.uuid4().hex))


@router.post("/store/{path:path}", openapi_extra=DIRECT)
def post_direct(path: str, request: Request, token: Writer, sent: SentBody) -> Response:
    """Add what is sent to the graph of this address."""
    return _post(request, token, sent, _direct(request, path))


@router.delete("/store", openapi_extra=DELETING)
def delete(request: Request, token: Writer) -> Response:
    """Drop a graph (Graph Store Protocol, 5.4)."""
    return _delete(request, token, _graph(request))


@router.delete("/store/{path:path}", openapi_extra=DIRECT_DELETING)
def delete_direct(path: str, request: Request, token: Writer) -> Response:
    """Drop the graph of this address."""
    return _delete(request, token, _direct(request, path))


def _read(request: Request, wanted: Wanted, release: Release, graph: Iri) -> Response:
    if graph != DEFAULT_GRAPH and graph not in release.store.graphs():
        raise writing.unknown_graph(graph, release.store.graphs())
    everything = graph == DEFAULT_GRAPH and _is_union(request)

    def triples() -> set[Triple]:
        return {quad[:3] for quad in release.store.quads()} if everything else set(release.store.graph(graph))

    chosen = wanted.choose(RDF_FORMATS)
    number = release.number if everything else release.record.changed_in(graph)
    told = (respond.build(), graph, everything, chosen.name, number)
    tag = writes.tag(number, hashlib.sha256(repr(told).encode()).hexdigest()[:20])
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "no-cache"}
    if respond.has_tag(wanted.if_none_match, tag):
        return respond.not_modified(chosen.media_type, headers)
    return respond.send(serialize(triples(), chosen.name), chosen.media_type, headers)


def _put(request: Request, token: Writer, sent: bytes, graph: Iri) -> Response:
    return _written(request, token, graph, writing.put_graph(graph, _triples(request, sent, graph)), 204)


def _post(request: Request, token: Writer, sent: bytes, graph: Iri) -> Response:
    return _written(request, token, graph, writing.post_graph(graph, _triples(request, sent, graph)), 200)


def _delete(request: Request, token: Writer, graph: Iri) -> Response:
    return _written(request, token, graph, writing.delete_graph(graph), 200)


def _written(request: Request, token: Writer, graph: Iri, change: Change, status: int) -> Response:
    """Publish a change of one graph: 201 where it did not exist before."""
    if graph == DEFAULT_GRAPH and _is_union(request):
        raise GraphRefused(NO_DEFAULT)
    write = Write.of(request, token, request.query_params)
    written = write.make(change, f"{request.method} of {graph or 'the default graph'}", graph)
    headers = {"ETag": writes.tag(written.record.changed_in(graph))}
    if graph == DEFAULT_GRAPH or graph not in written.graphs:  # the default graph always exists
        return write.answer(written, status, headers)
    return write.answer(written, 201, {**headers, "Location": _address(request, graph)})


def _triples(request: Request, sent: bytes, graph: Iri) -> set[Triple]:
    """Read the body, or each part of a multipart one; blank nodes of two parts stay apart.

    Raises:
        UnsupportedMediaType, RdfSyntaxError.
    """
    found: set[Triple] = set()
    several = parts(request, sent)
    for number, part in enumerate(several):
        if (suffix := _suffix(part)) == JSONLD.name:
            bodies.refuse_deep_json(part.data)
        triples = parse_rdf(part.data, part.file or part.name or "body", suffix, base=graph or None)
        found |= {_apart(triple, number) for triple in triples} if len(several) > 1 else set(triples)
    return found


def _apart(triple: Triple, number: int) -> Triple:
    """Give the blank nodes of one part labels of their own."""
    subject, predicate, value = triple
    if subject.startswith("_:"):
        subject = Iri(f"{subject}p{number}")
    if isinstance(value, Iri) and value.startswith("_:"):
        value = Iri(f"{value}p{number}")
    return subject, predicate, value


def _suffix(part: Part) -> str:
    if part.media_type in READ:
        return READ[part.media_type]
    suffix = next((found for end, found in SUFFIXES.items() if part.file.endswith(end)), None)
    if suffix is None or part.media_type not in ("text/plain", "application/octet-stream"):
        raise UnsupportedMediaType(part.media_type, TAKEN)
    return suffix


def _graph(request: Request) -> Iri:
    """The graph that the parameters name.

    Raises:
        MalformedRequest: none, both, or not an absolute IRI.
    """
    given = request.query_params
    known = ("graph", "default", *_other_parameters(request))
    if unknown := [name for name in given if name not in known]:
        raise unknown_parameter(unknown[0], known)
    if len(given.getlist("graph")) + len(given.getlist("default")) != 1:
        raise MalformedRequest("Name one graph: /store?graph=… with its IRI, or /store?default.")
    if "default" in given:
        return DEFAULT_GRAPH
    graph = given["graph"]
    if not is_iri(graph):
        raise MalformedRequest(f"The graph {graph!r} is not an absolute IRI.")
    here = f"{origin(request)}/store/"
    return Iri(GRAPH + graph.removeprefix(here)) if graph.startswith(here) else Iri(graph)


def _direct(request: Request, path: str) -> Iri:
    known = _other_parameters(request)
    if unknown := [name for name in request.query_params if name not in known]:
        raise unknown_parameter(unknown[0], known)
    graph = GRAPH + quote(path, safe="/:@!$&'()*+,;=~")
    if not path:
        raise MalformedRequest("Name a graph: /store/… with its name, /store?graph=… with its IRI, or /store?default.")
    return Iri(graph)


def _other_parameters(request: Request) -> tuple[str, ...]:
    return EVERYWHERE if request.method == "GET" else (DRY_RUN, TIMEOUT, "lang")


def _address(request: Request, graph: Iri) -> str:
    """Where a graph can be read."""
    if graph.startswith(GRAPH):
        return f"{origin(request)}/store/{graph.removeprefix(GRAPH)}"
    return f"{origin(request)}/store?graph={quote(graph, safe='')}"


def _is_union(request: Request) -> bool:
    return bool(request.app.state.settings.default_graph == "union")
