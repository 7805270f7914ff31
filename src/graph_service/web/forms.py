"""Forms: the fields of a question, made from the parameters of its query and the graph. No HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graph_service.asking import once_per_release
from graph_service.catalogue import Parameter, QueryFile
from graph_service.release import Release
from graph_service.searching import name_of
from graph_service.terms import fold
from graph_service.web.language import name_of as language_name
from graph_service.web.words import words

LANGUAGE = "language"  # the parameter and column whose values are codes of languages
CHOICES = 40  # up to so many values of a column are offered


@dataclass(frozen=True, slots=True)
class Option:
    """One value that can be chosen."""

    slug: str  # as the address names it
    words: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    words: str
    description: str
    required: bool
    options: tuple[Option, ...]  # empty: a text is typed
    value: str


def fields(release: Release, query: QueryFile, values: Mapping[str, str], language: str) -> tuple[Field, ...]:
    """The fields for the parameters of a query, filled with what was asked."""
    return tuple(
        Field(
            name=each.name,
            words=words(each.name, language),
            description=each.description,
            required=each.required,
            options=_options(release, query, each, values.get(each.name, ""), language),
            value=values.get(each.name, ""),
        )
        for each in query.parameters
    )


def _options(
    release: Release, query: QueryFile, parameter: Parameter, chosen: str, language: str
) -> tuple[Option, ...]:
    """The members of its class or scheme; for a text, the values that its column has where all rows are asked for."""
    if parameter.scheme:
        return tuple(
            Option(each.slug, name_of(release, each.iri, language)) for each in release.members(parameter.scheme)
        )
    values = _values(release, query, parameter)
    known = {*values, *([chosen] if chosen and values else [])}
    named = [Option(each, language_name(each, language) if parameter.name == LANGUAGE else each) for each in known]
    return tuple(sorted(named, key=lambda option: fold(option.words)))


def _values(release: Release, query: QueryFile, parameter: Parameter) -> frozenset[str]:
    """The values of a text parameter; none where it must be given, is no column, or has too many."""
    if parameter.required or parameter.type != "literal" or any(each.required for each in query.parameters):
        return frozenset()
    known, key = _values_known(release), (query.name, parameter.name)
    if key not in known:
        rows = release.ask(query.name).rows
        known[key] = frozenset(str(row[parameter.name]) for row in rows if parameter.name in row)
    return known[key] if len(known[key]) <= CHOICES else frozenset()


@once_per_release
def _values_known(release: Release) -> dict[tuple[str, str], frozenset[str]]:
    """By query and parameter, as far as their forms were shown: asking for all rows takes longer than for some."""
    return {}
