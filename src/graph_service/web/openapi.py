"""OpenAPI: the description of every address, made from the routes and, for each question, from its query file.

A route tells its formats, its answer as JSON and its body (`routes.about`). Its parameters, what it needs to know of
the client, and the problems that it can answer with follow from what its handler depends on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi.routing import APIRoute

from graph_service.catalogue import Parameter, QueryFile
from graph_service.formats.json_schema import definitions
from graph_service.release import Release
from graph_service.terms import KINDS, LANGUAGES, choose
from graph_service.views import Record
from graph_service.web import auth, bodies, memento, responses
from graph_service.web.media import GRAPH_OF_QUESTION, JSON, TABLE_OF_QUESTION, tabular
from graph_service.web.routes import PERIOD, ROWS_AS_RDF
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
            "schemas": {**responses.SCHEMAS, **definitions(views)},
            "responses": {responses.phrase(status): responses.problem(status) for status in responses.PROBLEMS},
            "securitySchemes": {"bearer": BEARER},
        },
    }


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
            return responses.table(self._release.catalogue.get(told))
        if told is not None or JSON.media_type not in self._told.get("media_types", ()):
            return told
        if self._query is not None:
            return responses.table(self._query)
        return Record if "records" in self._route.tags else None

    def operation(self, method: str) -> dict[str, Any]:
        """One method: words from the docstring, parameters from the query that it names."""
        words = self._told.get("summary") or (self._route.endpoint.__doc__ or "").strip().partition("\n")[0]
        body = self._told.get("body")
        return {
            "operationId": f"{method.lower()}-{re.sub(r'[^a-z]+', '-', self.path).strip('-') or 'home'}",
            "summary": words.rstrip("."),
            **({"description": description} if (description := self._told.get("description")) else {}),
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
        own = [each for each in self._told.get("parameters", ()) if each["name"] != "Authorization"]
        told = {each["name"] for each in own}  # tells more of a parameter of the query too
        asked = self._query.parameters if self._query else ()
        yield from (_parameter(each, self._release) for each in asked if each.name not in told)
        yield from own
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
        content = responses.answers(self._told.get("media_types", ()), self.answer)
        also = self._told.get("statuses", ())
        good = [each for each in also if each < 400]
        if content or not good:
            good.append(200)
        if method == "GET" and wanted in self._needs and content:
            good.append(304)
        found = {str(status): responses.good(status, content) for status in sorted(good)}
        wrong = sorted({*self._wrong(), *(each for each in also if each >= 400)})
        found |= {str(status): {"$ref": f"#/components/responses/{responses.phrase(status)}"} for status in wrong}
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
            yield from (400, 401, 403, 404, 409, 412, 422, 503, 504, 507)


def _everywhere(*, lang: bool, timed: bool) -> Iterator[Mapping[str, Any]]:
    """The parameters that every address takes."""
    yield from (_LANG,) if lang else ()
    yield from (_RELEASE, _ACCEPT_DATETIME) if timed else ()


def _question(query: QueryFile, release: Release, everywhere: bool) -> dict[str, Any]:
    """The address of one question."""
    offered = GRAPH_OF_QUESTION if query.form == "CONSTRUCT" else TABLE_OF_QUESTION
    columns = "\n".join(f"- `{each.name}` ({each.type}): {each.description}" for each in query.columns)
    schema = responses.table(query) if JSON in offered else None
    content = responses.answers([each.media_type for each in tabular(offered)], schema)
    common = _everywhere(lang=True, timed=True) if everywhere else ()
    return {
        "operationId": f"query-{query.name.replace('/', '-')}",
        "summary": query.summary["en"],
        **({"description": f"Columns:\n\n{columns}\n\n{ROWS_AS_RDF}"} if columns else {}),
        "tags": ["queries"],
        "parameters": [*(_parameter(each, release) for each in query.parameters), *common],
        "responses": {
            **{str(status): responses.good(status, content) for status in (200, 304)},
            **{
                str(status): {"$ref": f"#/components/responses/{responses.phrase(status)}"}
                for status in (400, 404, 406, 410, 422, 503)
            },
        },
    }


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
