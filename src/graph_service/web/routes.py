"""Routes: the shape of an address, and what a route tells of itself for the description of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.convertors import Convertor, register_url_convertor

from graph_service.web.media import Format, tabular

ROWS_AS_RDF = "As RDF: the rows of the table (csv2rdf), with the terms of the graph in their cells."
PERIOD = r"^\d{4}(-\d{2}(-\d{2})?)?$"  # a day, month or year, as a pattern of JSON Schema


class _Suffix(Convertor[str]):
    """An optional suffix at the end of an address: `{suffix:suffix}` is `.json` or nothing."""

    regex = r"(?:\.[a-z0-9]+)?"

    def convert(self, value: str) -> str:
        return value.removeprefix(".")

    def to_string(self, value: str) -> str:
        return f".{value}" if value else ""


class _Slug(Convertor[str]):
    """One segment of an address without a dot, so that a suffix can follow."""

    regex = r"[^/.]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("suffix", _Suffix())
register_url_convertor("slug", _Slug())


def about(
    *offered: Format,
    query: str = "",
    summary: str = "",
    description: str = "",
    parameters: Sequence[Mapping[str, Any]] = (),
    answer: type | str | Mapping[str, Any] | None = None,
    body: Mapping[str, Mapping[str, Any]] | None = None,
    statuses: Sequence[int] = (),
) -> dict[str, Any]:
    """What a route tells of itself for the description of the API.

    Args:
        offered: its formats.
        query: the query whose parameters it takes, and whose table it answers with where `answer` is not told.
        summary, description: words about it; without a summary the first line of its docstring.
        answer: what its JSON is: a view, the table of a query, or a JSON Schema.
        body: what it reads: media type → JSON Schema.
        statuses: those that do not follow from what its handler depends on.
    """
    return {
        "media_types": [each.media_type for each in tabular(offered)],
        "query": query,
        "summary": summary,
        "description": description,
        "parameters": list(parameters),
        "answer": answer,
        "body": body,
        "statuses": tuple(statuses),
    }


def in_query(fields: Mapping[str, Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Fields that can also stand in the address, as parameters of the description: name → JSON Schema.

    >>> in_query({"uri": {"description": "which one", "type": "string"}})
    ({'name': 'uri', 'in': 'query', 'description': 'which one', 'schema': {'type': 'string'}},)
    """
    return tuple(
        {
            "name": name,
            "in": "query",
            "description": schema["description"],
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in fields.items()
    )
