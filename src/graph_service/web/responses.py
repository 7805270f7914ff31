"""Responses: how the description of the API tells what comes back: statuses, headers, media types, JSON Schemas.

Which address answers with which of them is told elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from graph_service.catalogue import Column, QueryFile
from graph_service.formats.json_schema import COUNT, LINKS, PLACE, array, closed, view_schema
from graph_service.web import problems
from graph_service.web.media import HTML, JSONLD, RDF_FORMATS

PROBLEMS: Mapping[int, str] = {  # status → what it says; the detail of each problem says more
    400: "The request cannot be read.",
    401: "A token is needed.",
    403: "This is not allowed.",
    404: "There is no such thing, format or release; near names are told.",
    406: "Nothing that the client accepts is offered.",
    409: "This graph cannot be written.",
    410: "It existed, and is no longer kept.",
    412: "The data has changed since it was read.",
    413: "The body is too large.",
    415: "The body has a media type or a packing that is not read.",
    416: "The range lies beyond the end of the file.",
    422: "A value is not known, or the data does not conform.",
    503: "Not at the moment: nothing is published yet, another write is under way, or too many queries run.",
    504: "The query was stopped at its time limit.",
    507: "The query takes more memory, or its answer is longer, than may be.",
}
_HEADERS: Mapping[int, Mapping[str, str]] = {
    201: {"Location": "the address of the new graph"},
    401: {"WWW-Authenticate": "the challenge (RFC 6750, 3)"},
    416: {"Content-Range": "the size of the file"},
    503: {"Retry-After": "seconds to wait"},
}
_TOLD: Mapping[int, str] = {
    201: "made",
    204: "done; nothing to tell",
    206: "the ranges asked for",
    301: "moved for good: it has another name now",
    303: "see the address in Location",
    304: "what the client has is still right",
    308: "moved for good: it has another name now",
}
_FINDING = {
    "focus_node": {"type": "string"},
    "path": {"type": ["string", "null"]},
    "value": {"type": ["string", "null"]},
    "severity": {"enum": ["Violation", "Warning", "Info"]},
    "shape": {"type": "string"},
    "component": {"type": "string"},
    "message": {"type": "string"},
    "messages": {"description": "in all languages", "type": "object", "additionalProperties": {"type": "string"}},
}
_NAMES = array({"type": "string"})
_ALWAYS = {
    "type": {"type": "string", "format": "uri"},
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "minLength": 1},
    "instance": {"type": "string"},
}
_SOMETIMES = {
    "parameter": {"description": "the parameter that is meant", "type": "string"},
    "near": {"description": "near names", **_NAMES},
    "offered": {"description": "the media types that there are", **_NAMES},
    "line": {"type": "integer", "minimum": 1},
    "column": {"type": "integer", "minimum": 0},
    "source_line": {"type": "string"},
    "declarations": {"description": "prefixes that the query lacks", **_NAMES},
    "file": {"type": "string"},
    "violations": array({"$ref": f"{PLACE}Finding"}),
    "record": {"description": "the record that was withdrawn", "type": "string", "format": "iri"},
    "last_release": {"description": "where it last stood", "type": "integer", "minimum": 1},
    "withdrawn": {"description": "when", "type": "string"},
    "replaced_by": {"description": "what stands in its place", **array({"type": "string", "format": "iri"})},
    "reason": {"type": "string"},
    "timeout_s": {"description": "how long a query may run", "type": "number"},
    "memory_mb": {"description": "memory that a query may take", "type": "integer"},
    "max_answer_mb": {"description": "how long an answer may be", "type": "integer"},
    "request_id": {"description": "as in X-Request-ID, for whoever reads the log", "type": "string"},
    "reasons": {"description": "why the service is not ready", "type": "array", "items": {"type": "string"}},
    "state": {"description": "what else /health/ready tells", "type": "object"},
}
_SOURCE = {
    "source": {"type": "string", "description": "its slug"},
    "iri": {"type": "string", "format": "iri"},
    "title": {"type": ["string", "null"]},
    "url": {"type": ["string", "null"]},
}
SCHEMAS: Mapping[str, Mapping[str, Any]] = {  # what several answers have in common
    "Problem": closed({**_ALWAYS, **_SOMETIMES}, optional=list(_SOMETIMES)),
    "Finding": closed(_FINDING, optional=["messages"]),
    "Source": closed(_SOURCE),
}
_CELLS: Mapping[str, Mapping[str, Any]] = {  # the type of a column → what stands in its cells, null apart
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "term": {"type": ["string", "number", "boolean"]},
    "date": {"type": "string", "pattern": r"^-?\d{4}(-\d{2}(-\d{2})?)?$"},  # as precise as the source
}


def table(query: QueryFile) -> dict[str, Any]:
    """The JSON Schema of a question's answer: its envelope, and rows with the columns of the query file."""
    cells = {each.name: _cell(each) for each in query.columns}
    column = {"name": {"enum": list(cells)}, "type": {"enum": sorted({each.type for each in query.columns})}}
    return closed(
        {
            "query": {"const": query.name},
            "release": {"type": "integer", "minimum": 1},
            "as_of": {"type": ["string", "null"]},
            "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
            "columns": array(closed(column)),
            "rows": array(closed(cells)),
            "count": COUNT,
            "sources": array({"$ref": f"{PLACE}Source"}),
            "links": LINKS,
        }
    )


def _cell(column: Column) -> dict[str, Any]:
    told = _CELLS.get(column.type, {"type": "string"})
    types = [told["type"]] if isinstance(told["type"], str) else told["type"]
    return {**told, "type": [*types, "null"], "description": column.description}


def answers(media_types: Sequence[str], answer: type | Mapping[str, Any] | None) -> dict[str, Any]:
    """The formats of an answer; those in JSON with their schema."""
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    if JSONLD.media_type in content:
        content[JSONLD.media_type] = {"schema": {"type": ["object", "array"]}}
    schema = view_schema(answer) if isinstance(answer, type) else answer
    if schema is not None:
        content |= {name: {"schema": schema} for name in content if name.endswith("json") and name != JSONLD.media_type}
    return content


def good(status: int, content: Mapping[str, Any]) -> dict[str, Any]:
    """A response that is no problem."""
    shown = {"content": dict(content)} if content and status in (200, 201, 206) else {}
    return {"description": _TOLD.get(status, "the answer"), **_headers(status), **shown}


def problem(status: int) -> dict[str, Any]:
    """A response that is a problem, the same at all addresses."""
    content: dict[str, Any] = {problems.PROBLEM.media_type: {"schema": {"$ref": f"{PLACE}Problem"}}}
    content[HTML.media_type] = {}
    if status in (410, 422):  # of a record that was withdrawn, a SHACL report: for clients that would rather have RDF
        content |= {each.media_type: {} for each in RDF_FORMATS}
    return {"description": PROBLEMS[status], **_headers(status), "content": content}


def _headers(status: int) -> dict[str, Any]:
    told = _HEADERS.get(status, {})
    headers = {name: {"description": words, "schema": {"type": "string"}} for name, words in told.items()}
    return {"headers": headers} if headers else {}


def phrase(status: int) -> str:
    """The name of a status, as one word.

    >>> phrase(404)
    'NotFound'
    """
    return re.sub(r"\W", "", HTTPStatus(status).phrase)
