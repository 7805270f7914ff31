"""OpenAPI: the description of every address, made from the routes and, for each question, from its query file.

A route tells its formats, its answer as JSON and its body (`routes.about`). Its parameters, what it needs to know of
the client, and the problems that it can answer with follow from what its handler depends on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute

from graph_service.catalogue import Column, Parameter, QueryFile
from graph_service.formats.json_schema import (
    COUNT,
    LINKS,
    PLACE,
    array,
    closed,
    definitions,
    view_schema,
)
from graph_service.release import Release
from graph_service.terms import KINDS, LANGUAGES, choose
from graph_service.views import Record
from graph_service.web import auth, bodies, memento, problems
from graph_service.web.media import CSV, HTML, JSON, JSONLD, RDF_FORMATS, tabular
from graph_service.web.routes import PERIOD
from graph_service.web.wanted import current_release, wanted

VERSION = "3.1.0"
CHOICES = 40  # up to so many members of a class or scheme are listed as the values of a parameter
TAGS = {
    "pages": "Views for analysts: each has a page, and the same as data by suffix or by Accept.",
    "records": "Lists and records, and the address of every resource.",
    "queries": "The questions that can be asked, one address each.",
    "sparql": "SPARQL 1.1 Query, for questions of your own; Update and the Graph Store Protocol, for writing.",
    "data": "The whole graph, its vocabulary and its history.",
    "operations": "For those who run the service.",
}
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "integer": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
    "period": {"type": "string", "pattern": PERIOD},
}
_LANG: Mapping[str, Any] = {
    "name": "lang",
    "in": "query",
    "description": "the language of pages and names",
    "allowEmptyValue": True,
    "schema": {"type": "string", "enum": list(LANGUAGES)},
}
_RELEASE: Mapping[str, Any] = {
    "name": memento.PARAMETER,
    "in": "query",
    "description": "answer as of this release",
    "allowEmptyValue": True,
    "schema": {"type": "integer", "minimum": 1},
}
_ACCEPT_DATETIME: Mapping[str, Any] = {
    "name": "Accept-Datetime",
    "in": "header",
    "description": "answer as of this moment, an HTTP date (RFC 7089)",
    "schema": {"type": "string"},
    "example": "Thu, 31 May 2018 20:35:00 GMT",
}
_IN_PATH: Mapping[str, Mapping[str, Any]] = {  # what stands in a path → what it can be
    "kind": {"type": "string", "enum": list(KINDS)},
    "number": {"type": "integer", "minimum": 1},
    "first": {"type": "integer", "minimum": 0},
    "last": {"type": "integer", "minimum": 0},
}
BEARER: Mapping[str, Any] = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token made by `graph-service token new` (RFC 6750). Reading needs none.",
}
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
    503: "Not at the moment: nothing is published yet, or another write is under way.",
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
_ONE = {"parameters": {"number": "$response.body#/release"}}
# address, method, status → where its answer leads
_LEADS: Mapping[tuple[str, str, int], Mapping[str, Mapping[str, Any]]] = {
    ("/releases", "GET", 200): {
        "newest": {"operationId": "get-releases-number", "parameters": {"number": "$response.body#/current"}}
    },
    ("/releases/{number}", "GET", 200): {
        "changes": {"operationId": "get-changes", "parameters": {"until": "$response.body#/number"}},
        "then": {"operationId": "get-matrix", "parameters": {"release": "$response.body#/number"}},
    },
    ("/changes", "GET", 200): {
        "difference": {
            "operationId": "get-releases-first-last",
            "parameters": {"first": "$response.body#/since", "last": "$response.body#/until"},
        }
    },
    ("/update", "POST", 200): {"release": {"operationId": "get-releases-number", **_ONE}},
    ("/store", "POST", 200): {"release": {"operationId": "get-releases-number", **_ONE}},
    ("/store", "POST", 201): {
        "graph": {
            "operationId": "get-store-path",
            "parameters": {"path": r"$response.header.Location#regex:/store/([^/?]+)$"},
        }
    },
    ("/store/{path}", "PUT", 201): {
        name: {"operationId": f"{name}-store-path", "parameters": {"path": "$request.path.path"}}
        for name in ("get", "delete")
    },
    ("/countries", "GET", 200): {
        "record": {"operationId": "get-countries-slug", "parameters": {"slug": "$response.body#/rows/0/slug"}},
        "roadmap": {"operationId": "get-roadmaps-country", "parameters": {"country": "$response.body#/rows/0/slug"}},
    },
    **{
        (f"/{name}", "GET", 200): {
            "record": {"operationId": f"get-{name}-slug", "parameters": {"slug": "$response.body#/rows/0/slug"}}
        }
        for name in ("axes", "institutions", "organisations", "events", "sources")
    },
}  # fmt: skip


def document(routes: Iterable[object], release: Release, *, everywhere: bool = True) -> dict[str, Any]:
    """Describe the API as it is for one release (OpenAPI 3.1).

    Args:
        everywhere: tell at each address also the parameters that all addresses take.
    """
    paths: dict[str, dict[str, Any]] = {}
    views: set[type] = {Record}
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            described = _Route(route, release, everywhere)
            views |= {described.answer} if isinstance(described.answer, type) else set()
            operations = paths.setdefault(described.path, {})
            operations |= {method.lower(): described.operation(method) for method in sorted(route.methods or ())}
    paths |= {f"/queries/{each.name}": {"get": _question(each, release, everywhere)} for each in release.catalogue}
    programme = release.members("elp:Programme")
    name = choose(programme[0].labels, "en") if programme else None
    return {
        "openapi": VERSION,
        "info": {
            "title": f"{name} graph: API" if name else "Knowledge graph: API",
            "version": str(release.number),
            "description": "Every address answers in several formats, by suffix or by Accept. "
            "A parameter without a value counts as left out. Errors are problem details (RFC 9457). "
            "The version is the number of the release. Every address also answers as of an earlier one: with the "
            "parameter `release` (its number) or the header `Accept-Datetime` (Memento, RFC 7089).",
        },
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Problem": PROBLEM, "Finding": FINDING, "Source": SOURCE, **definitions(views)},
            "responses": {_phrase(status): _problem(status) for status in PROBLEMS},
            "securitySchemes": {"bearer": BEARER},
        },
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
FINDING = closed(_FINDING, optional=["messages"])
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
}
PROBLEM = closed({**_ALWAYS, **_SOMETIMES}, optional=list(_SOMETIMES))
SOURCE = closed(
    {
        "source": {"type": "string", "description": "its slug"},
        "iri": {"type": "string", "format": "iri"},
        "title": {"type": ["string", "null"]},
        "url": {"type": ["string", "null"]},
    }
)


class _Route:
    """One route on its way into the description."""

    def __init__(self, route: APIRoute, release: Release, everywhere: bool) -> None:
        self._route, self._release, self._everywhere = route, release, everywhere
        self.path = route.path_format.replace("{suffix}", "")
        self._told = route.openapi_extra or {}
        self._patterns = {name: each.regex for name, each in route.param_convertors.items()}
        self._needs = {each.call for each in route.dependant.dependencies}
        found = self._told.get("query")
        self._query = release.catalogue.get(found) if found else None

    @property
    def answer(self) -> type | Mapping[str, Any] | None:
        """What its JSON is: a view, or a schema. A record's address need not tell; nor one that answers a question."""
        told: type | str | Mapping[str, Any] | None = self._told.get("answer")
        if isinstance(told, str):
            return _table(self._release.catalogue.get(told))
        if told is not None or JSON.media_type not in self._told.get("media_types", ()):
            return told
        if self._query is not None:
            return _table(self._query)
        return Record if "records" in self._route.tags else None

    def operation(self, method: str) -> dict[str, Any]:
        """One method: words from the docstring, parameters from the query that it names."""
        words = self._told.get("summary") or (self._route.endpoint.__doc__ or "").strip().partition("\n")[0]
        body = self._told.get("body")
        return {
            "operationId": f"{method.lower()}-{re.sub(r'[^a-z]+', '-', self.path).strip('-') or 'home'}",
            "summary": words.rstrip("."),
            "tags": [str(tag) for tag in self._route.tags],
            "parameters": list(self._parameters()),
            **({"requestBody": {"required": True, "content": _content(body)}} if body else {}),
            "responses": self._responses(method),
            **({"security": [{"bearer": []}]} if auth.writer in self._needs else {}),
        }

    @property
    def _timed(self) -> bool:
        return current_release in self._needs and memento.has_past(self.path)

    def _parameters(self) -> Iterator[Mapping[str, Any]]:
        yield from (self._in_path(name) for name in re.findall(r"{(\w+)}", self.path))
        yield from (_parameter(each, self._release) for each in (self._query.parameters if self._query else ()))
        yield from (each for each in self._told.get("parameters", ()) if each["name"] != "Authorization")
        if self._everywhere:
            yield from _everywhere(lang=wanted in self._needs, timed=self._timed)

    def _in_path(self, name: str) -> Mapping[str, Any]:
        schema = dict(_IN_PATH.get(name) or {"type": "string", "pattern": f"^{self._patterns[name]}$"})
        members = self._release.members("elp:Country") if name == "country" else ()
        if members:
            schema = {"type": "string", "enum": [each.slug for each in members]}
        words = f"the {name} asked about, as in its address"
        return {"name": name, "in": "path", "required": True, "description": words, "schema": schema}

    def _responses(self, method: str) -> dict[str, Any]:
        content = _answers(self._told.get("media_types", ()), self.answer)
        also = self._told.get("statuses", ())
        good = [each for each in also if each < 400]
        if content or not good:
            good.append(200)
        if method == "GET" and wanted in self._needs and content:
            good.append(304)
        found = {str(status): _good(status, content) for status in sorted(good)}
        wrong = sorted({*self._wrong(), *(each for each in also if each >= 400)})
        found |= {str(status): {"$ref": f"#/components/responses/{_phrase(status)}"} for status in wrong}
        for status, response in found.items():
            if leads := _LEADS.get((self.path, method, int(status))):
                response["links"] = leads
        return found

    def _wrong(self) -> Iterator[int]:
        """The problems that follow from what the handler depends on."""
        if wanted in self._needs:
            yield from (404, 422) if "{suffix}" in self._route.path_format else (422,)
            yield from (406,) if self._told.get("media_types") else ()
        if current_release in self._needs:
            yield from (400, 404, 410, 422, 503) if self._timed else (503,)
        if "{" in self.path:
            yield 404
        if bodies.read in self._needs:
            yield from (400, 413, 415)
        if auth.writer in self._needs:
            yield from (400, 401, 403, 404, 409, 412, 422, 503)


def _everywhere(*, lang: bool, timed: bool) -> Iterator[Mapping[str, Any]]:
    """The parameters that every address takes."""
    yield from (_LANG,) if lang else ()
    yield from (_RELEASE, _ACCEPT_DATETIME) if timed else ()


def _question(query: QueryFile, release: Release, everywhere: bool) -> dict[str, Any]:
    """The address of one question."""
    offered = (*RDF_FORMATS, HTML) if query.form == "CONSTRUCT" else (JSON, CSV, HTML)
    columns = "\n".join(f"- `{each.name}` ({each.type}): {each.description}" for each in query.columns)
    content = _answers([each.media_type for each in tabular(offered)], _table(query) if JSON in offered else None)
    common = _everywhere(lang=True, timed=True) if everywhere else ()
    return {
        "operationId": f"query-{query.name.replace('/', '-')}",
        "summary": query.summary["en"],
        **({"description": f"Columns:\n\n{columns}"} if columns else {}),
        "tags": ["queries"],
        "parameters": [*(_parameter(each, release) for each in query.parameters), *common],
        "responses": {
            **{str(status): _good(status, content) for status in (200, 304)},
            **{
                str(status): {"$ref": f"#/components/responses/{_phrase(status)}"}
                for status in (400, 404, 406, 410, 422, 503)
            },
        },
    }


_CELLS: Mapping[str, Mapping[str, Any]] = {  # the type of a column → what stands in its cells, null apart
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "term": {"type": ["string", "number", "boolean"]},
    "date": {"type": "string", "pattern": r"^-?\d{4}(-\d{2}(-\d{2})?)?$"},  # as precise as the source
}


def _table(query: QueryFile) -> dict[str, Any]:
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


def _parameter(parameter: Parameter, release: Release) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TYPES.get(parameter.type, {"type": "string"}))
    members = release.members(parameter.scheme) if parameter.scheme else ()
    if 0 < len(members) <= CHOICES:
        schema["enum"] = [member.slug for member in members]
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "allowEmptyValue": not parameter.required,  # forms send what was not filled in
        "description": parameter.description,
        "schema": schema,
        **({"example": parameter.example} if parameter.example else {}),
    }


def _content(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The media types of a body; bytes that follow another standard than JSON have no schema."""
    return {media_type: {"schema": schema} if schema else {} for media_type, schema in schemas.items()}


def _answers(media_types: Sequence[str], answer: type | Mapping[str, Any] | None) -> dict[str, Any]:
    """The formats of an answer; those in JSON with their schema."""
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    if JSONLD.media_type in content:
        content[JSONLD.media_type] = {"schema": {"type": ["object", "array"]}}
    schema = view_schema(answer) if isinstance(answer, type) else answer
    if schema is not None:
        content |= {name: {"schema": schema} for name in content if name.endswith("json") and name != JSONLD.media_type}
    return content


def _good(status: int, content: Mapping[str, Any]) -> dict[str, Any]:
    """A response that is no problem."""
    shown = {"content": dict(content)} if content and status in (200, 201, 206) else {}
    return {"description": _TOLD.get(status, "the answer"), **_headers(status), **shown}


def _problem(status: int) -> dict[str, Any]:
    content: dict[str, Any] = {problems.PROBLEM.media_type: {"schema": {"$ref": f"{PLACE}Problem"}}}
    content[HTML.media_type] = {}
    if status in (410, 422):  # of a record that was withdrawn, a SHACL report: for clients that would rather have RDF
        content |= {each.media_type: {} for each in RDF_FORMATS}
    return {"description": PROBLEMS[status], **_headers(status), "content": content}


def _headers(status: int) -> dict[str, Any]:
    told = _HEADERS.get(status, {})
    headers = {name: {"description": words, "schema": {"type": "string"}} for name, words in told.items()}
    return {"headers": headers} if headers else {}


def _phrase(status: int) -> str:
    """The name of a status, as one word.

    >>> _phrase(404)
    'NotFound'
    """
    return re.sub(r"\W", "", HTTPStatus(status).phrase)
