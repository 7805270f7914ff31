"""JSON Schema of what is written as JSON, made from the dataclasses that are written (JSON Schema 2020-12).

What `json_view` shows in its own way is told here in the same way; all else follows from the types of the fields,
so a new field of a view is described the day it is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from graph_service.terms import Iri, Literal
from graph_service.views import Citation, Coverage, Mandate, Profile, Roadmap

Schema: TypeAlias = dict[str, Any]

PLACE = "#/components/schemas/"
COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}
LINKS: Mapping[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
REFERENCE: Mapping[str, Any] = {
    "description": "a record: its slug or code, its IRI, and its name in the language asked for where it has one",
    "type": "object",
    "required": ["id", "iri"],
    "properties": {
        "id": {"type": "string"},
        "iri": {"type": "string", "format": "iri"},
        "label": {"type": "string"},
    },
    "additionalProperties": False,
}
TEXT: Mapping[str, Any] = {
    "description": "a literal: with its language if it has one, else as number, boolean or text",
    "anyOf": [
        {
            "type": "object",
            "required": ["value", "language"],
            "properties": {"value": {"type": "string"}, "language": {"type": "string"}},
            "additionalProperties": False,
        },
        {"type": ["string", "number", "boolean"]},
    ],
}
_PLAIN: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    NoneType: {"type": "null"},
    Iri: {"$ref": f"{PLACE}Reference"},
    Literal: {"$ref": f"{PLACE}Text"},
}
_STATES = {"enum": ["certain", "possible", "not-yet", "ended"]}


def view_schema(view: type) -> Schema:
    """The schema of a view as `view_json` writes it: the view's own members between its name and its links."""
    head: Schema = {"view": {"const": view.__name__.lower()}, "release": {"type": "integer", "minimum": 1}}
    return object_schema(view, first=head, last={"links": LINKS})


def object_schema(
    kind: type,
    *,
    first: Mapping[str, Any] | None = None,
    last: Mapping[str, Any] | None = None,
    without: Sequence[str] = (),
) -> Schema:
    """The schema of a dataclass written as an object: one member for each field, all of them always there.

    Args:
        first, last: members that stand beside its fields.
        without: fields that are not shown.
    """
    hints = {name: hint for name, hint in _hints(kind).items() if name not in without}
    named = hints.pop("iri", None) is not None
    hints.pop("mandates_then", None)  # in_force_then says it
    told = {name: _field(kind, name, hint) for name, hint in hints.items()}
    members = {**(first or {}), **(REFERENCE["properties"] if named else {}), **told, **_added(kind), **(last or {})}
    return closed(members, optional=("label",) if named else ())


def closed(members: Mapping[str, Any], optional: Sequence[str] = ()) -> Schema:
    """An object that has these members and no other.

    >>> closed({"a": {}, "b": {}}, optional=["b"])["required"]
    ['a']
    """
    required = [name for name in members if name not in optional]
    return {"type": "object", "required": required, "properties": dict(members), "additionalProperties": False}


def array(items: Mapping[str, Any]) -> Schema:
    """An array whose items are all of one kind."""
    return {"type": "array", "items": items}


def definitions(kinds: Iterable[type]) -> dict[str, Schema]:
    """What the schemas of some dataclasses refer to, by name: the dataclasses in their fields, and theirs."""
    found: dict[str, Schema] = {"Reference": dict(REFERENCE), "Text": dict(TEXT)}
    waiting = [each for kind in kinds for each in _parts(kind)]
    while waiting:
        kind = waiting.pop()
        if kind.__name__ not in found:
            found[kind.__name__] = object_schema(kind)
            waiting += _parts(kind)
    return dict(sorted(found.items()))


def schema_of(hint: Any) -> Schema:
    """The schema of a value by its type.

    >>> schema_of(int | None), schema_of(tuple[str, ...])
    ({'anyOf': [{'type': 'integer'}, {'type': 'null'}]}, {'type': 'array', 'items': {'type': 'string'}})
    """
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if is_dataclass(hint):
        return {"$ref": f"{PLACE}{getattr(hint, '__name__', '')}"}
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(each) for each in inner]}
    if origin is tuple or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return array(schema_of(inner[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    raise TypeError(f"There is no JSON Schema for {hint}.")


def _field(kind: type, name: str, hint: Any) -> Schema:
    """A field as it is shown: see `_JsonView.own`."""
    if name == "sources":
        return array(object_schema(Citation, first={"number": COUNT}, without=("evidence", "certainty", "supports")))
    if name == "in_force":
        return dict(_STATES)
    if (kind, name) == (Coverage, "counts"):
        return {"type": "object", "additionalProperties": _counts()}
    if (kind, name) == (Profile, "coverage"):
        return _counts()
    if (kind, name) == (Roadmap, "facts"):
        return {"type": "object", "additionalProperties": {"type": ["string", "boolean", "null"]}}
    if (kind, name) == (Roadmap, "mandates"):
        then = {"in_force_then": {"enum": [*_STATES["enum"], None]}}
        return array(object_schema(Mandate, last=then))
    return schema_of(hint)


def _added(kind: type) -> Schema:
    """What is written beside the fields."""
    return {"country_totals": _counts(), "axis_totals": _counts()} if kind is Coverage else {}


def _counts() -> Schema:
    return {"type": "object", "additionalProperties": COUNT}


def _hints(kind: type) -> Mapping[str, Any]:
    """The fields of a dataclass with their types, in order."""
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(kind)}


def _parts(kind: type) -> Iterator[type]:
    """The dataclasses in the fields of one."""
    waiting = list(_hints(kind).values())
    while waiting:
        hint = waiting.pop()
        if is_dataclass(hint) and isinstance(hint, type) and hint is not Literal:
            yield hint
        waiting += get_args(hint)
