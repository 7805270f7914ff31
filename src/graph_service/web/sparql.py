"""SPARQL: the endpoint for anybody's queries (SPARQL 1.1 Protocol, 2.1), and its page for people.

The page works without scripts: a form by GET, the table and the pictures made here. A GET without a query gets the
service description. Updates have an address of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from graph_service import formats
from graph_service.asking import MATRIX
from graph_service.completing import completions
from graph_service.describing import service_description
from graph_service.errors import QueryFailed, QueryRefused, QueryStopped, SparqlSyntaxError, UnknownTerm
from graph_service.formats.json_schema import array, closed
from graph_service.release import Release
from graph_service.store.tokens import mentions
from graph_service.web import (
    bodies,
    memento,
    problems,
    protocol,
    questions,
    render,
    respond,
    snippets,
    streams,
    tiles,
    workbench,
)
from graph_service.web.addresses import origin
from graph_service.web.bodies import FORM, SentBody, UnsupportedMediaType
from graph_service.web.language import translations
from graph_service.web.media import (
    CSV,
    HTML,
    JSON,
    RDF_FORMATS,
    SVG,
    TTL,
    Format,
    NotAcceptable,
)
from graph_service.web.problems import Problem
from graph_service.web.protocol import Operation
from graph_service.web.routes import about, in_query
from graph_service.web.wanted import Asked, CurrentRelease, MalformedRequest, Wanted
from graph_service.web.words import BORROWED
from graph_service.web.workbench import SHOWN_BYTES, Table

router = APIRouter(tags=["sparql"])


QUERY, UPDATE = "application/sparql-query", "application/sparql-update"
_TERM = closed(
    {
        "type": {"enum": ["uri", "literal", "bnode", "triple"]},
        "value": {},
        "xml:lang": {"type": "string"},
        "its:dir": {"type": "string"},
        "datatype": {"type": "string"},
    },
    optional=["xml:lang", "its:dir", "datatype"],
)
_VARIABLES = {"vars": array({"type": "string"}), "link": array({"type": "string"})}
_ROW = {"type": "object", "additionalProperties": _TERM}
RESULTS = {  # SPARQL 1.1 Query Results JSON Format, 3
    "oneOf": [
        closed({"head": closed(_VARIABLES, optional=["link"]), "results": closed({"bindings": array(_ROW)})}),
        closed({"head": closed(_VARIABLES, optional=["vars", "link"]), "boolean": {"type": "boolean"}}),
    ]
}
BODY = {
    QUERY: {},
    FORM: closed(protocol.FIELDS, optional=[name for name in protocol.FIELDS if name != "query"]),
}
PROTOCOL_PARAMETERS = in_query(protocol.FIELDS)
ABOUT = about(
    *protocol.TABLE_FORMATS,
    *protocol.GRAPH_FORMATS,
    parameters=(*PROTOCOL_PARAMETERS, *in_query(workbench.PAGE_FIELDS)),
    answer=RESULTS,
    statuses=(200, 400, 403, 503, 504, 507),
)
_TEXT = {"type": "string"}
_NAME = {"name": _TEXT, "label": _TEXT}
COMPLETIONS = closed(
    {
        "prefixes": {"type": "object", "additionalProperties": _TEXT},
        "classes": array(closed(_NAME)),
        "properties": array(closed({**_NAME, "classes": array(_TEXT)})),
        "records": array(closed(_NAME)),
    }
)
PICTURES = ("bar", "matrix", "map")
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_QUERY = {
    "name": "query",
    "in": "query",
    "required": True,
    "description": "a SELECT query",
    "schema": protocol.FIELDS["query"],
}


@router.get("/sparql{suffix:suffix}", openapi_extra=ABOUT)
async def query_by_get(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """A query by GET (SPARQL 1.1 Protocol, 2.1.1); without one a page for browsers, the description for programs."""
    given = bodies.query_fields(request)
    operation = protocol.read(given)
    if operation is not None:
        return await _answer(request, wanted, release, operation)
    if "query" in dict(given) and not problems.prefers_html(wanted):
        raise MalformedRequest("The query is empty.")
    asked = protocol.formatted(wanted, given, protocol.NAMES_OF_GRAPHS)
    if _prefers_page(asked):
        return await _example(request, wanted, release)
    union = request.app.state.settings.default_graph == "union"
    description = respond.rdf_writers(release, lambda: service_description(release, origin(request), union=union))
    try:
        return respond.respond(asked, release, description)
    except NotAcceptable:
        hint = "Give a query: /sparql?query=SELECT…, or POST it. Without one, RDF describes the service."
        raise MalformedRequest(hint) from None


def _prefers_page(asked: Wanted) -> bool:
    """Whether the page is wanted rather than the description: HTML ranks above all formats of RDF."""
    if asked.suffix:
        return asked.suffix == HTML.name
    try:
        return asked.choose((*RDF_FORMATS, HTML)) is HTML
    except NotAcceptable:
        return False


@router.post("/sparql{suffix:suffix}", openapi_extra={**ABOUT, "parameters": PROTOCOL_PARAMETERS[1:3], "body": BODY})
async def query_by_post(request: Request, wanted: Asked, release: CurrentRelease, sent: SentBody) -> Response:
    """A query by POST, in a form or as it is (SPARQL 1.1 Protocol, 2.1.2 and 2.1.3)."""
    media_type = bodies.media_type(request)
    if media_type == UPDATE:
        raise QueryRefused(protocol.NO_UPDATES)
    if media_type not in (FORM, QUERY):
        raise UnsupportedMediaType(media_type, (FORM, QUERY))
    text = bodies.text(request, sent)
    posted = bodies.fields(text) if media_type == FORM else [("query", text)]
    operation = protocol.read([*bodies.query_fields(request), *posted])
    if operation is None:
        raise MalformedRequest("The form has no field `query`." if media_type == FORM else "The query is empty.")
    return await _answer(request, wanted, release, operation)


async def _answer(request: Request, wanted: Wanted, release: Release, operation: Operation) -> Response:
    """Answer a query. Only a GET can be asked again with a tag, and a query by HTML in Accept gets the page."""
    page = partial(_page, request, wanted, release, operation)
    try:
        form = release.query_form(operation.text)
        table = form in ("SELECT", "ASK")
        asked = protocol.formatted(
            wanted, operation.given, protocol.NAMES_OF_TABLES if table else protocol.NAMES_OF_GRAPHS
        )
        chosen = asked.choose(protocol.TABLE_FORMATS if table else protocol.GRAPH_FORMATS)
        headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
        if request.method == "GET" and chosen is not HTML and not mentions(operation.text, protocol.CHANGEABLE):
            tag = respond.entity_tag(release, wanted, chosen, {})
            headers["ETag"] = f"W/{tag}"  # weak: without ORDER BY rows may come in another order
            if respond.has_tag(wanted.if_none_match, tag):
                return respond.not_modified(chosen.media_type, headers)
        if chosen is HTML:
            return await run_in_threadpool(page, **await _result(request, release, operation, form))
        written = protocol.ALIASES.get(chosen, chosen)
        answer = await protocol.run(request, release, operation, written)
    except (SparqlSyntaxError, QueryRefused, QueryFailed, QueryStopped) as error:
        if problems.prefers_html(wanted):
            return await run_in_threadpool(page, problem=problems.describe(error, request))
        raise
    return streams.response(request.app.state.readers, answer, written.media_type, headers)


@router.get("/sparql/completions{suffix:suffix}", openapi_extra=about(JSON, answer=COMPLETIONS))
def names(wanted: Asked, release: CurrentRelease) -> Response:
    """What an editor can complete: prefixes, and the classes, properties and records with their names."""
    wanted.parameters(())

    def written() -> bytes:
        found = asdict(completions(release, wanted.language))
        say = translations(wanted.language).gettext
        for each in (*found["classes"], *found["properties"]):
            each["label"] = each["label"] or say(BORROWED.get(each["name"], " ")).strip()
        return formats.to_json(found)

    answer = respond.respond(wanted, release, {JSON: written})
    if answer.status_code == 200:
        answer.headers["Content-Language"] = wanted.language
    return answer


@router.get(
    "/sparql/{view:slug}.svg",
    openapi_extra=about(SVG, parameters=[_QUERY], statuses=(200, 400, 403, 404, 422, 503, 504, 507)),
)
async def picture(view: str, request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The answer of a SELECT as a picture: bar, matrix or map, where that suits it."""
    asked = wanted.parameters(("query",))
    if view not in PICTURES:
        raise UnknownTerm("picture", given=view, near=PICTURES)
    operation = protocol.read([("query", asked.get("query", ""))])
    if operation is None or release.query_form(operation.text) != "SELECT":
        raise MalformedRequest("Give a SELECT query: a picture is made of a table.")
    found = (await _result(request, release, operation, "SELECT"))["table"]
    if view not in found.charts.names:
        suiting = ", ".join(found.charts.names) or "none"
        raise MalformedRequest(f"This answer does not suit the picture {view!r}. Those that suit it: {suiting}.")
    drawn = {**_picture(release, found, view), "caption": partial(workbench.caption, release, wanted.language)}
    page = await run_in_threadpool(
        render.page, "picture.html", release=release, wanted=wanted, language=wanted.language, **drawn
    )
    headers = {"Cache-Control": "no-cache", "Content-Language": wanted.language}
    return respond.send(_NO_XML.sub("\ufffd", page.strip()), SVG.media_type, headers)


def _picture(release: Release, table: Table, view: str) -> Mapping[str, Any]:
    """What a template needs to draw one: the chart, and the places of the countries for a map."""
    return {"view": view, "chart": getattr(table.charts, view), "places": tiles.tiles(release) if view == "map" else {}}


async def _result(request: Request, release: Release, operation: Operation, form: str) -> Mapping[str, Any]:
    """What the page shows of an answer: a table, yes or no, or statements."""
    graph = form not in ("SELECT", "ASK")
    found = await protocol.run(request, release, operation, TTL if graph else protocol.RESULTS_JSON)
    answer = await streams.whole(request.app.state.readers, found)
    if graph:
        shown = answer[:SHOWN_BYTES].decode("utf-8", errors="ignore")
        return {"turtle": shown, "cut": len(answer) > SHOWN_BYTES}
    if form == "ASK":
        return {"truth": json.loads(answer)["boolean"]}
    return {"table": await run_in_threadpool(workbench.table, release, answer)}


async def _example(request: Request, wanted: Wanted, release: Release) -> Response:
    """The page with a question of the catalogue, answered."""
    first = MATRIX if MATRIX in release.catalogue.queries else next(iter(release.catalogue)).name
    name = wanted.value("example") or first
    text = workbench.example_text(release, name, wanted.language)
    operation = Operation(text, (), (), (("query", text),))
    shown: Mapping[str, Any]
    try:
        shown = await _result(request, release, operation, release.query_form(text))
    except (QueryRefused, QueryFailed, QueryStopped) as error:
        shown = {"problem": problems.describe(error, request)}
    return await run_in_threadpool(_page, request, wanted, release, operation, example=name, **shown)


def _page(
    request: Request,
    wanted: Wanted,
    release: Release,
    operation: Operation,
    *,
    example: str = "",
    problem: Problem | None = None,
    table: Table | None = None,
    truth: bool | None = None,
    turtle: str | None = None,
    cut: bool = False,
) -> Response:
    text, view, find = operation.text, wanted.value("view") or "table", wanted.value("find")
    told = problem.members if problem else {}
    marked = workbench.marked(text, told.get("line"), told.get("column"), behind="declarations" in told)
    drawn = table is not None and view in table.charts.names
    page = wanted.page(
        release,
        "sparql.html",
        groups=questions.groups(release.catalogue, wanted.language, find),
        find=find,
        example=example,
        text=text,
        problem=problem,
        marked=marked,
        place=next((each for each in marked if each.bad), None),
        table=table,
        truth=truth,
        turtle=turtle,
        cut=cut,
        views=workbench.VIEWS,
        asked_view=view,
        **(_picture(release, table, view) if table and drawn else {"view": view if view == "raw" else "table"}),
        completions=wanted.front + wanted.kept("/sparql/completions.json"),
        permalink=_permalink(release, text, view),
        snippets=snippets.snippets(f"{origin(request)}/sparql", text, _taken(table, truth, turtle)),
        origin=origin(request),
    )
    headers = {"Vary": "Accept", "Cache-Control": "no-cache", "Content-Language": wanted.language}
    return respond.send(page, HTML.media_type, headers, problem.status if problem else 200)


def _taken(table: Table | None, truth: bool | None, turtle: str | None) -> Format:
    """The format in which programs take an answer along."""
    return TTL if turtle is not None else JSON if truth is not None else CSV


def _permalink(release: Release, text: str, view: str) -> str:
    """The address of a query and of the way it is seen, as of a release."""
    given = {"query": text, **({"view": view} if view != "table" else {})}
    return memento.version(f"/sparql.html?{urlencode(given)}", release.number)
