"""SPARQL: the endpoint for anybody's queries (SPARQL 1.1 Protocol, 2.1), and its page for people.

The page works without scripts: a form by GET, the table made here. Updates are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from graph_service.errors import QueryFailed, QueryRefused, SparqlSyntaxError
from graph_service.release import Release
from graph_service.terms import RDF_LANG_STRING, XSD_STRING, Iri, Literal, Term
from graph_service.web import problems, respond
from graph_service.web.media import CSV, HTML, JSONLD, NQ, NT, RDF, TRIG, TTL, Format
from graph_service.web.problems import Problem
from graph_service.web.respond import Asked, CurrentRelease, MalformedRequest, UnsupportedMediaType, Wanted, about

router = APIRouter(tags=["sparql"])

RESULTS_JSON = Format("json", "application/sparql-results+json", "SPARQL JSON")
RESULTS_XML = Format("xml", "application/sparql-results+xml", "SPARQL XML")
TSV = Format("tsv", "text/tab-separated-values", "TSV")
# other names under which clients ask for the same format → that format
ALIASES: Mapping[Format, Format] = {
    Format("json", "application/json", "JSON"): RESULTS_JSON,
    Format("xml", "application/xml", "XML"): RESULTS_XML,
    Format("xml", "text/xml", "XML"): RESULTS_XML,
}
TABLE_FORMATS = (RESULTS_JSON, RESULTS_XML, CSV, TSV, *ALIASES, HTML)
GRAPH_FORMATS = (TTL, NT, RDF, JSONLD, TRIG, NQ, HTML)

FORM, QUERY, UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
PARAMETERS = ("query", "update", "default-graph-uri", "named-graph-uri", "format", "example", "lang")
NO_UPDATES = "Updates over HTTP are not offered: publish changes with `graph-service load`."
PROTOCOL_PARAMETERS = tuple(
    {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
    for name, words in (
        ("query", "the query"),
        ("default-graph-uri", "a graph of the default graph; may be given several times"),
        ("named-graph-uri", "a named graph of the dataset; may be given several times"),
        ("format", "json, xml, csv, tsv, ttl, nt, rdf, jsonld: before Accept"),
    )
)
ABOUT = about(*TABLE_FORMATS, *GRAPH_FORMATS, parameters=PROTOCOL_PARAMETERS)
SHOWN_ROWS, SHOWN_BYTES = 1000, 200_000


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation of the protocol: the query, and the graphs that its dataset is made of."""

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a SELECT that a page shows, and how many there are."""

    variables: tuple[str, ...]
    rows: tuple[Mapping[str, Term], ...]
    count: int


async def body(request: Request) -> bytes:
    """The body of the request, up to the limit that the settings give."""
    limit = request.app.state.settings.max_body_bytes
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > limit:
            raise respond.BodyTooLarge(limit)
    return bytes(found)


@router.get("/sparql{suffix:suffix}", openapi_extra=ABOUT)
def query_by_get(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """A query by GET (SPARQL 1.1 Protocol, 2.1.1); for browsers a page with form, examples and table."""
    given = request.query_params.multi_items()
    operation = _operation(given)
    wanted = _formatted(wanted, given)
    if operation is not None:
        return _answer(request, wanted, release, operation)
    if wanted.suffix == HTML.name or (not wanted.suffix and problems.prefers_html(wanted)):
        return _page(request, wanted, release)
    raise MalformedRequest("Give a query: /sparql?query=SELECT…, or POST it. A browser gets a form here.")


@router.post("/sparql{suffix:suffix}", openapi_extra={**ABOUT, "parameters": ()})
def query_by_post(
    request: Request, wanted: Asked, release: CurrentRelease, sent: Annotated[bytes, Depends(body)]
) -> Response:
    """A query by POST, in a form or as it is (SPARQL 1.1 Protocol, 2.1.2 and 2.1.3)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    given = request.query_params.multi_items()
    if media_type == UPDATE:
        raise QueryRefused(NO_UPDATES)
    if media_type not in (FORM, QUERY):
        raise UnsupportedMediaType(media_type, (FORM, QUERY))
    text = _decoded(sent)
    given += parse_qsl(text, keep_blank_values=True) if media_type == FORM else [("query", text)]
    operation = _operation(given)
    if operation is None:
        raise MalformedRequest("The form has no field `query`.")
    return _answer(request, _formatted(wanted, given), release, operation)


def _decoded(sent: bytes) -> str:
    try:
        return sent.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8 (byte {error.start}).") from None


def _operation(given: Sequence[tuple[str, str]]) -> Operation | None:
    """Read the operation from the parameters; None where there is no query.

    Raises:
        QueryRefused: it is an update.
        MalformedRequest: more than one query, or a parameter that the protocol does not know.
    """
    names = [name for name, _ in given]
    if unknown := [name for name in names if name not in PARAMETERS]:
        raise respond.unknown_parameter(unknown[0], PARAMETERS)
    if "update" in names:
        raise QueryRefused(NO_UPDATES)
    queries = [value for name, value in given if name == "query"]
    if len(queries) > 1:
        raise MalformedRequest("Give one query; there are several.")
    if not queries or not queries[0].strip():
        return None
    return Operation(
        queries[0],
        tuple(value for name, value in given if name == "default-graph-uri"),
        tuple(value for name, value in given if name == "named-graph-uri"),
    )


def _formatted(wanted: Wanted, given: Sequence[tuple[str, str]]) -> Wanted:
    """A parameter `format` decides like a suffix."""
    chosen = dict(given).get("format", "")
    return replace(wanted, suffix=chosen) if chosen else wanted


def _answer(request: Request, wanted: Wanted, release: Release, operation: Operation) -> Response:
    try:
        form = release.query_form(operation.text)
        offered = TABLE_FORMATS if form in ("SELECT", "ASK") else GRAPH_FORMATS
        chosen = wanted.choose(offered)
        if chosen is HTML:
            return _page(request, wanted, release, operation, **_result(release, operation, form))
        written = ALIASES.get(chosen, chosen)
        media_type, found = _run(release, operation, written)
    except (SparqlSyntaxError, QueryRefused, QueryFailed) as error:
        if problems.prefers_html(wanted):
            return _page(request, wanted, release, operation, problem=problems.describe(error, request))
        raise
    headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
    return respond.send(found, media_type, headers)


def _run(release: Release, operation: Operation, written: Format) -> tuple[str, Iterator[bytes]]:
    return release.sparql(operation.text, written.media_type, operation.default_graphs, operation.named_graphs)


def _result(release: Release, operation: Operation, form: str) -> Mapping[str, Any]:
    """What the page shows of an answer: a table, yes or no, or statements."""
    if form not in ("SELECT", "ASK"):
        turtle = b"".join(_run(release, operation, TTL)[1])
        shown = turtle[:SHOWN_BYTES].decode("utf-8", errors="ignore")
        return {"turtle": shown, "cut": len(turtle) > SHOWN_BYTES}
    found = json.loads(b"".join(_run(release, operation, RESULTS_JSON)[1]))
    if form == "ASK":
        return {"truth": found["boolean"]}
    bindings = found["results"]["bindings"]
    rows = tuple({name: _term(value) for name, value in row.items()} for row in islice(bindings, SHOWN_ROWS))
    return {"table": Table(tuple(found["head"]["vars"]), rows, len(bindings))}


def _term(value: Mapping[str, Any]) -> Term:
    """A term of the SPARQL JSON results format."""
    if value["type"] == "uri":
        return Iri(value["value"])
    if value["type"] == "literal":
        language = value.get("xml:lang")
        return Literal(value["value"], language, value.get("datatype", RDF_LANG_STRING if language else XSD_STRING))
    return Literal(f"_:{value['value']}" if value["type"] == "bnode" else json.dumps(value["value"]))


def _page(
    request: Request,
    wanted: Wanted,
    release: Release,
    operation: Operation | None = None,
    *,
    problem: Problem | None = None,
    table: Table | None = None,
    truth: bool | None = None,
    turtle: str | None = None,
    cut: bool = False,
) -> Response:
    example = wanted.value("example") or next(iter(release.catalogue)).name
    page = wanted.page(
        release,
        "sparql.html",
        examples=[query for query in release.catalogue if query.form == "SELECT"],
        example=example if operation is None else "",
        text=operation.text if operation else _without_header(release.catalogue.get(example).text),
        problem=problem,
        marked=_marked(operation.text, problem.members.get("line")) if operation and problem else (),
        table=table,
        truth=truth,
        turtle=turtle,
        cut=cut,
        origin=str(request.base_url).rstrip("/"),
    )
    headers = {"Vary": "Accept", "Cache-Control": "no-cache", "Content-Language": wanted.language}
    return respond.send(page, HTML.media_type, headers, problem.status if problem else 200)


def _marked(text: str, line: int | None) -> Sequence[tuple[int, str, bool]]:
    """The lines around an error: number, words, and whether it is the one."""
    if line is None:
        return ()
    lines = list(enumerate(text.splitlines(), 1))
    return [(number, words, number == line) for number, words in lines if abs(number - line) < 3]


def _without_header(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("#+"))
