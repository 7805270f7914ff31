"""Protocol: reads what is asked of the endpoint (SPARQL 1.1 Protocol, 2.1) and has it run by a reader. No page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from graph_service.errors import MalformedValue, QueryRefused
from graph_service.readers.answers import Answer
from graph_service.readers.frames import Query
from graph_service.release import Release
from graph_service.settings import Settings
from graph_service.store.embedded import is_iri
from graph_service.web import bodies, streams
from graph_service.web.addresses import origin
from graph_service.web.media import CSV, HTML, JSONLD, NQ, NT, RDF, TRIG, TTL, Format
from graph_service.web.wanted import EVERYWHERE, MalformedRequest, Wanted, unknown_parameter

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

CHANGEABLE = {"RAND", "NOW", "UUID", "STRUUID", "BNODE"}  # functions that make each answer another one
FORMAT_PARAMETERS = ("format", "output", "results")  # the last two as SPARQLWrapper and older endpoints call it
DATASET_PARAMETERS = ("default-graph-uri", "named-graph-uri")
PARAMETERS = (
    *("query", "update", *DATASET_PARAMETERS, *FORMAT_PARAMETERS, *EVERYWHERE),
    *("example", "find", "view"),  # of the page: a question to start from, words in examples, how an answer is seen
    "timeout",  # seconds after which the query is to be stopped, if that is before the service would
    "ac",  # with it an editor marks the queries that it sends of its own, to complete what is typed
)
NO_UPDATES = "This address answers queries: send updates to /update, or publish with `graph-service load`."
_IRIS = {"type": "array", "items": {"type": "string", "format": "iri"}}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "query": {"description": "the query", "type": "string", "format": "sparql-query"},
    "default-graph-uri": {"description": "the graphs that the default graph is made of", **_IRIS},
    "named-graph-uri": {"description": "the named graphs of the dataset", **_IRIS},
    "format": {
        "description": "before Accept; those of tables, or those of RDF, by the form of the query",
        "type": "string",
        "enum": sorted({each.name for each in (*TABLE_FORMATS, *GRAPH_FORMATS)}),
    },
    "timeout": {
        "description": "seconds after which the query is stopped, where that is sooner than the service would",
        "type": "number",
        "exclusiveMinimum": 0,
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation of the protocol: the query, and the graphs that its dataset is made of."""

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    given: tuple[tuple[str, str], ...]  # all parameters, in the address and in the form


def read(given: Sequence[tuple[str, str]]) -> Operation | None:
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


def formatted(wanted: Wanted, given: Sequence[tuple[str, str]], names: Mapping[str, str]) -> Wanted:
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


async def run(request: Request, release: Release, operation: Operation, written: Format) -> Answer:
    """Have a reader answer a query. Relative IRIs are read against the address of the endpoint (RFC 3986, 5.1.3)."""
    asked = query(operation, written, origin(request), request.app.state.settings)
    return await streams.asked(request, release.number, asked)


def query(operation: Operation, written: Format, where: str, settings: Settings) -> Query:
    """What a reader is asked, for an endpoint that is reached at an origin.

    Raises:
        MalformedValue: the time that it may take cannot be read.
    """
    return Query(
        operation.text,
        written.media_type,
        operation.default_graphs,
        operation.named_graphs,
        union=settings.default_graph == "union",
        base=f"{where}/sparql",
        timeout_s=timeout_s(dict(operation.given).get("timeout", ""), settings.query_timeout_s),
        max_answer_mb=settings.max_answer_mb,
    )


def timeout_s(given: str, longest_s: int) -> float:
    """How long what is asked may run: as long as any, or shorter if it says so; MalformedValue if it cannot be read."""
    if not given:
        return longest_s
    try:
        asked = float(given)
    except ValueError:
        asked = 0.0
    if not 0.0 < asked < float("inf"):
        raise MalformedValue("timeout", given=given, expected=f"write seconds, more than 0 and up to {longest_s}")
    return min(asked, longest_s)
