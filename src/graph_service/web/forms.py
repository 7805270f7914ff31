"""Forms: the fields of a question, made from the parameters of its query and the graph. No HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graph_service.catalogue import QueryFile
from graph_service.release import Member, Release
from graph_service.web.words import words


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    words: str
    description: str
    required: bool
    options: tuple[Member, ...]  # empty: a text is typed
    value: str


def fields(release: Release, query: QueryFile, values: Mapping[str, str], language: str) -> tuple[Field, ...]:
    """The fields for the parameters of a query, filled with what was asked."""
    return tuple(
        Field(
            name=each.name,
            words=words(each.name, language),
            description=each.description,
            required=each.required,
            options=release.members(each.scheme) if each.scheme else (),
            value=values.get(each.name, ""),
        )
        for each in query.parameters
    )
