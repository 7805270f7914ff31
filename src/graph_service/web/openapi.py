"""OpenAPI: the description of every address, made from the routes and, for each question, from its query file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.routing import APIRoute

from graph_service.catalogue import Column, Parameter, QueryFile
from graph_service.release import Release
from graph_service.terms import choose
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS

VERSION = "3.1.0"
CHOICES = 40  # up to so many members of a class or scheme are listed as the values of a parameter
TAGS = {
    "pages": "Views for analysts: each has a page, and the same as data by suffix or by Accept.",
    "records": "Lists and records, and the address of every resource.",
    "queries": "The questions that can be asked, one address each.",
    "sparql": "SPARQL 1.1 Query, for questions of your own.",
    "data": "The whole graph, its vocabulary and its history.",
    "operations": "For those who run the service.",
}
_TYPES: Mapping[str, Mapping[str, str]] = {
    "integer": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
}


def document(routes: Iterable[object], release: Release) -> dict[str, Any]:
    """Describe the API as it is for one release (OpenAPI 3.1)."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            operations = paths.setdefault(route.path_format.replace("{suffix}", ""), {})
            operations |= {method.lower(): _operation(route, method, release) for method in sorted(route.methods or ())}
    paths |= {f"/queries/{query.name}": {"get": _question(query, release)} for query in release.catalogue}
    programme = release.members("elp:Programme")
    name = choose(programme[0].labels, "en") if programme else None
    return {
        "openapi": VERSION,
        "info": {
            "title": f"{name} graph: API" if name else "Knowledge graph: API",
            "version": str(release.number),
            "description": "Every address answers in several formats, by suffix or by Accept. "
            "Errors are problem details (RFC 9457). The version is the number of the release. Every address also "
            "answers as of an earlier one: with the parameter `release` (its number) or the header "
            "`Accept-Datetime` (Memento, RFC 7089).",
        },
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {"Problem": _PROBLEM, "Source": _SOURCE}},
    }


_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "near": {"type": "array", "items": {"type": "string"}},
    },
}


_SOURCE: Mapping[str, Any] = {
    "type": "object",
    "required": ["source", "iri", "title", "url"],
    "properties": {
        "source": {"type": "string", "description": "its slug"},
        "iri": {"type": "string", "format": "uri"},
        "title": {"type": ["string", "null"]},
        "url": {"type": ["string", "null"]},
    },
    "additionalProperties": False,
}


def _operation(route: APIRoute, method: str, release: Release) -> dict[str, Any]:
    """One method of one route: words from its docstring, parameters from the query that it names."""
    told = route.openapi_extra or {}
    path = route.path_format.replace("{suffix}", "")
    words = told.get("summary") or (route.endpoint.__doc__ or "").strip().partition("\n")[0]
    query = release.catalogue.get(told["query"]) if told.get("query") else None
    given = [_parameter(each, release) for each in (query.parameters if query else ())]
    return {
        "operationId": f"{method.lower()}-{re.sub(r'[^a-z]+', '-', path).strip('-') or 'home'}",
        "summary": words.rstrip("."),
        "tags": [str(tag) for tag in route.tags],
        "parameters": [*map(_in_path, re.findall(r"{(\w+)}", path)), *given, *told.get("parameters", ())],
        "responses": _responses(told.get("media_types", ())),
    }


def _question(query: QueryFile, release: Release) -> dict[str, Any]:
    """The address of one question."""
    offered = (*RDF_FORMATS, HTML) if query.form == "CONSTRUCT" else (JSON, CSV, HTML)
    columns = "\n".join(f"- `{each.name}` ({each.type}): {each.description}" for each in query.columns)
    return {
        "operationId": f"query-{query.name.replace('/', '-')}",
        "summary": query.summary["en"],
        **({"description": f"Columns:\n\n{columns}"} if columns else {}),
        "tags": ["queries"],
        "parameters": [_parameter(each, release) for each in query.parameters],
        "responses": _responses([each.media_type for each in offered], _answer(query) if JSON in offered else None),
    }


_CELLS: Mapping[str, Mapping[str, Any]] = {  # the type of a column → what stands in its cells, null apart
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "term": {"type": ["string", "number", "boolean"]},
    "date": {"type": "string", "pattern": r"^-?\d{4}(-\d{2}(-\d{2})?)?$"},  # as precise as the source
}


def _answer(query: QueryFile) -> dict[str, Any]:
    """The JSON Schema of a question's answer: its envelope, and rows with the columns of the query file."""
    cells = {each.name: _cell(each) for each in query.columns}
    row = {"type": "object", "required": list(cells), "properties": cells, "additionalProperties": False}
    column = {"name": {"enum": list(cells)}, "type": {"enum": sorted({each.type for each in query.columns})}}
    told: dict[str, Any] = {
        "query": {"const": query.name},
        "release": {"type": "integer", "minimum": 1},
        "as_of": {"type": ["string", "null"]},
        "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
        "columns": {"type": "array", "items": {"type": "object", "required": ["name", "type"], "properties": column}},
        "rows": {"type": "array", "items": row},
        "count": {"type": "integer", "minimum": 0},
        "sources": {"type": "array", "items": {"$ref": "#/components/schemas/Source"}},
        "links": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    return {"type": "object", "required": list(told), "properties": told, "additionalProperties": False}


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
        "description": parameter.description,
        "schema": schema,
        **({"example": parameter.example} if parameter.example else {}),
    }


def _in_path(name: str) -> dict[str, Any]:
    words = f"the {name} asked about, as in its address"
    return {"name": name, "in": "path", "required": True, "description": words, "schema": {"type": "string"}}


def _responses(media_types: Iterable[str], answer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: dict[str, dict[str, Any]] = {media_type: {} for media_type in media_types}
    if answer is not None:
        found[JSON.media_type] = {"schema": answer}
    return {
        "200": {"description": "the answer", **({"content": found} if found else {})},
        "default": {"description": "what is wrong, and how to mend it", "content": problem},
    }
