"""SPARQL: the endpoint for anybody's queries (SPARQL 1.1 Protocol, 2.1), and its page for people.

The page works without scripts: a form by GET, the table and the pictures made here. A GET without a query gets the
service description. Updates have an address of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import formats
from graph_service.asking import MATRIX
from graph_service.completing import completions
from graph_service.describing import service_description
from graph_service.errors import MalformedValue, QueryFailed, QueryRefused, SparqlSyntaxError, UnknownTerm
from graph_service.formats.json_schema import array, closed
from graph_service.release import Release
from graph_service.store.embedded import is_iri
from graph_service.store.tokens import keywords
from graph_service.web import bodies, memento, problems, questions, render, respond, snippets, tiles, workbench
from graph_service.web.addresses import origin
from graph_service.web.bodies import FORM, SentBody, UnsupportedMediaType
from graph_service.web.language import translations
from graph_service.web.media import (
    CSV,
    HTML,
    JSON,
    JSONLD,
    NQ,
    NT,
    RDF,
    RDF_FORMATS,
    SVG,
    TRIG,
    TTL,
    Format,
    NotAcceptable,
)
from graph_service.web.problems import Problem
from graph_service.web.routes import about, in_query
from graph_service.web.wanted import EVERYWHERE, Asked, CurrentRelease, MalformedRequest, Wanted, unknown_parameter
from graph_service.web.words import BORROWED
from graph_service.web.workbench import SHOWN_BYTES, Table

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
# other names that widespread clients give formats in parameters → our names, for tables and for graphs
NAMES_OF_TABLES: Mapping[str, str] = {each.media_type: each.name for each in TABLE_FORMATS}
NAMES_OF_GRAPHS: Mapping[str, str] = {
    **{each.media_type: each.name for each in GRAPH_FORMATS},
    **{"xml": "rdf", "rdf+xml": "rdf", "turtle": "ttl", "n3": "ttl", "ntriples": "nt", "nquads": "nq"},
    **{"json": "jsonld", "json-ld": "jsonld"},
}

QUERY, UPDATE = "application/sparql-query", "application/sparql-update"
FORMAT_PARAMETERS = ("format", "output", "results")  # the last two as SPARQLWrapper and older endpoints call it
DATASET_PARAMETERS = ("default-graph-uri", "named-graph-uri")
PARAMETERS = (
    *("query", "update", *DATASET_PARAMETERS, *FORMAT_PARAMETERS, *EVERYWHERE),
    *("example", "find", "view"),  # of the page: a question to start from, words in examples, how an answer is seen
    "ac",  # with it an editor marks the queries that it sends of its own, to complete what is typed
)
NO_UPDATES = "This address answers queries: send updates to /update, or publish with `graph-service load`."
CHANGEABLE = {"RAND", "NOW", "UUID", "STRUUID", "BNODE"}  # functions that make each answer another one
_IRIS = {"type": "array", "items": {"type": "string", "format": "iri"}}
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "query": {"description": "the query", "type": "string", "format": "sparql-query"},
    "default-graph-uri": {"description": "the graphs that the default graph is made of", **_IRIS},
    "named-graph-uri": {"description": "the named graphs of the dataset", **_IRIS},
    "format": {
        "description": "before Accept; those of tables, or those of RDF, by the form of the query",
        "type": "string",
        "enum": sorted({each.name for each in (*TABLE_FORMATS, *GRAPH_FORMATS)}),
    },
}
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
    FORM: closed(_FIELDS, optional=[name for name in _FIELDS if name != "query"]),
}
PROTOCOL_PARAMETERS = in_query(_FIELDS)
ABOUT = about(
    *TABLE_FORMATS,
    *GRAPH_FORMATS,
    parameters=(*PROTOCOL_PARAMETERS, *in_query(workbench.PAGE_FIELDS)),
    answer=RESULTS,
    statuses=(200, 400, 403),
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
_QUERY = {"name": "query", "in": "query", "required": True, "description": "a SELECT query", "schema": _FIELDS["query"]}


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation of the protocol: the query, and the graphs that its dataset is made of."""

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    given: tuple[tuple[str, str], ...]  # all parameters, in the address and in the form


@router.get("/sparql{suffix:suffix}", openapi_extra=ABOUT)
def query_by_get(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """A query by GET (SPARQL 1.1 Protocol, 2.1.1); without one a page for browsers, the description for programs."""
    given = bodies.query_fields(request)
    operation = _operation(given)
    if operation is not None:
        return _answer(request, wanted, release, operation)
    if "query" in dict(given) and not problems.prefers_html(wanted):
        raise MalformedRequest("The query is empty.")
    asked = _formatted(wanted, given, NAMES_OF_GRAPHS)
    if _prefers_page(asked):
        return _example(request, wanted, release)
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
def query_by_post(request: Request, wanted: Asked, release: CurrentRelease, sent: SentBody) -> Response:
    """A query by POST, in a form or as it is (SPARQL 1.1 Protocol, 2.1.2 and 2.1.3)."""
    media_type = bodies.media_type(request)
    if media_type == UPDATE:
        raise QueryRefused(NO_UPDATES)
    if media_type not in (FORM, QUERY):
        raise UnsupportedMediaType(media_type, (FORM, QUERY))
    text = bodies.text(request, sent)
    posted = bodies.fields(text) if media_type == FORM else [("query", text)]
    operation = _operation([*bodies.query_fields(request), *posted])
    if operation is None:
        raise MalformedRequest("The form has no field `query`." if media_type == FORM else "The query is empty.")
    return _answer(request, wanted, release, operation)


def _operation(given: Sequence[tuple[str, str]]) -> Operation | None:
    """Read the operation from the parameters (SPARQL 1.1 Protocol, 2.1); None where there is no query.

    Raises:
        QueryRefused: it is an update.
        MalformedRequest: more than one query, a query and an update, or a graph whose IRI is not absolute.
        ParameterError: a parameter that the protocol does not know.
    """
    names = [name for name, _ in given]
    if unknown := [name for name in names if name not in PARAMETERS]:
        raise unknown_parameter(unknown[0], PARAMETERS)
    if "query" in names and "update" in names:
        raise MalformedRequest("There is a query and an update in one request: send one of them.")
    if "update" in names:
        raise QueryRefused(NO_UPDATES)
    if names.count("query") > 1:
        raise MalformedRequest("Give one query; there are several.")
    for name, value in given:
        if name in DATASET_PARAMETERS and not is_iri(value):
            raise MalformedRequest(f"The value {value!r} of {name} is not an absolute IRI.")
    text = dict(given).get("query", "")
    if not text.strip():
        return None
    bodies.refuse_deep_query(text)
    bodies.refuse_long_query(text)
    return Operation(
        text,
        tuple(value for name, value in given if name == "default-graph-uri"),
        tuple(value for name, value in given if name == "named-graph-uri"),
        tuple(given),
    )


def _formatted(wanted: Wanted, given: Sequence[tuple[str, str]], names: Mapping[str, str]) -> Wanted:
    """A parameter `format` decides like a suffix; of several values the first that is understood counts.

    Raises:
        MalformedValue: none is.
    """
    known = set(names.values())
    asked = [value.lower() for each in FORMAT_PARAMETERS for name, value in given if name == each and value]
    understood = [suffix for value in asked if (suffix := names.get(value, value)) in known]
    if asked and not understood:
        raise MalformedValue("format", given=asked[0], expected=f"one of {', '.join(sorted(known))}")
    return replace(wanted, suffix=understood[0]) if asked else wanted


def _answer(request: Request, wanted: Wanted, release: Release, operation: Operation) -> Response:
    """Answer a query. Only a GET can be asked again with a tag, and a query by HTML in Accept gets the page."""
    try:
        form = release.query_form(operation.text)
        table = form in ("SELECT", "ASK")
        asked = _formatted(wanted, operation.given, NAMES_OF_TABLES if table else NAMES_OF_GRAPHS)
        chosen = asked.choose(TABLE_FORMATS if table else GRAPH_FORMATS)
        headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
        if request.method == "GET" and chosen is not HTML and not CHANGEABLE.intersection(keywords(operation.text)):
            tag = respond.entity_tag(release, wanted, chosen, {})
            headers["ETag"] = f"W/{tag}"  # weak: without ORDER BY rows may come in another order
            if respond.has_tag(wanted.if_none_match, tag):
                return respond.not_modified(chosen.media_type, headers)
        if chosen is HTML:
            return _page(request, wanted, release, operation, **_result(request, release, operation, form))
        media_type, found = _run(request, release, operation, ALIASES.get(chosen, chosen))
    except (SparqlSyntaxError, QueryRefused, QueryFailed) as error:
        if problems.prefers_html(wanted):
            return _page(request, wanted, release, operation, problem=problems.describe(error, request))
        raise
    return respond.send(found, media_type, headers)


def _run(request: Request, release: Release, operation: Operation, written: Format) -> tuple[str, Iterator[bytes]]:
    """Relative IRIs are read against the address of the endpoint (RFC 3986, 5.1.3)."""
    base = f"{origin(request)}/sparql"
    graphs = (operation.default_graphs, operation.named_graphs)
    return release.sparql(operation.text, written.media_type, *graphs, base=base)


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
    "/sparql/{view:slug}.svg", openapi_extra=about(SVG, parameters=[_QUERY], statuses=(200, 400, 403, 404, 422))
)
def picture(view: str, request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The answer of a SELECT as a picture: bar, matrix or map, where that suits it."""
    asked = wanted.parameters(("query",))
    if view not in PICTURES:
        raise UnknownTerm("picture", given=view, near=PICTURES)
    operation = _operation([("query", asked.get("query", ""))])
    if operation is None or release.query_form(operation.text) != "SELECT":
        raise MalformedRequest("Give a SELECT query: a picture is made of a table.")
    found = _result(request, release, operation, "SELECT")["table"]
    if view not in found.charts.names:
        suiting = ", ".join(found.charts.names) or "none"
        raise MalformedRequest(f"This answer does not suit the picture {view!r}. Those that suit it: {suiting}.")
    drawn = {**_picture(release, found, view), "caption": partial(workbench.caption, release, wanted.language)}
    page = render.page("picture.html", release=release, wanted=wanted, language=wanted.language, **drawn)
    headers = {"Cache-Control": "no-cache", "Content-Language": wanted.language}
    return respond.send(_NO_XML.sub("\ufffd", page.strip()), SVG.media_type, headers)


def _picture(release: Release, table: Table, view: str) -> Mapping[str, Any]:
    """What a template needs to draw one: the chart, and the places of the countries for a map."""
    return {"view": view, "chart": getattr(table.charts, view), "places": tiles.tiles(release) if view == "map" else {}}


def _result(request: Request, release: Release, operation: Operation, form: str) -> Mapping[str, Any]:
    """What the page shows of an answer: a table, yes or no, or statements."""
    if form not in ("SELECT", "ASK"):
        turtle = b"".join(_run(request, release, operation, TTL)[1])
        shown = turtle[:SHOWN_BYTES].decode("utf-8", errors="ignore")
        return {"turtle": shown, "cut": len(turtle) > SHOWN_BYTES}
    results = b"".join(_run(request, release, operation, RESULTS_JSON)[1])
    if form == "ASK":
        return {"truth": json.loads(results)["boolean"]}
    return {"table": workbench.table(release, results)}


def _example(request: Request, wanted: Wanted, release: Release) -> Response:
    """The page with a question of the catalogue, answered."""
    first = MATRIX if MATRIX in release.catalogue.queries else next(iter(release.catalogue)).name
    name = wanted.value("example") or first
    text = workbench.example_text(release, name, wanted.language)
    operation = Operation(text, (), (), (("query", text),))
    shown: Mapping[str, Any]
    try:
        shown = _result(request, release, operation, release.query_form(text))
    except (QueryRefused, QueryFailed) as error:
        shown = {"problem": problems.describe(error, request)}
    return _page(request, wanted, release, operation, example=name, **shown)


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
