"""Completing: the names in the graph that an editor of SPARQL offers, in the language of its reader. No HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graph_service.asking import once_per_release
from graph_service.release import Release
from graph_service.terms import PREFIXES, RDFS, Iri, choose, compact, record_key

_LOCAL = re.compile(r"[\w-]+")  # what can stand behind a prefix as it is


@dataclass(frozen=True, slots=True)
class Name:
    """A class or a record: how it is written in a query, and how it is called."""

    name: str  # a prefixed name
    label: str  # empty where it has none


@dataclass(frozen=True, slots=True)
class PropertyName:
    """A property, with the classes on whose records it is used."""

    name: str
    label: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completions:
    """What a query can name."""

    prefixes: Mapping[str, str]  # prefix → namespace
    classes: tuple[Name, ...]
    properties: tuple[PropertyName, ...]
    records: tuple[Name, ...]  # those that have a name of their own


def completions(release: Release, language: str) -> Completions:
    """What there is in the graph: classes and properties as VoID tells them, and the records that have a name."""
    known = _completions_known(release)
    if language not in known:
        known[language] = _completions(release, language)
    return known[language]


@once_per_release
def _completions_known(release: Release) -> dict[str, Completions]:
    """By language, as far as they were asked for."""
    return {}


def _completions(release: Release, language: str) -> Completions:
    classes = [Iri(str(row["class"])) for row in release.ask("statistics/classes").rows]
    used: dict[Iri, list[Iri]] = {}
    for row in release.ask("statistics/class-properties").rows:
        used.setdefault(Iri(str(row["property"])), []).append(Iri(str(row["class"])))
    named = used.get(Iri(RDFS + "label"), ())
    records = {member.iri for each in named for member in release.members(each) if member.labels}
    return Completions(
        prefixes=PREFIXES,
        classes=_names(release, classes, language),
        properties=tuple(
            PropertyName(each.name, each.label, tuple(name for kind in used[iri] if (name := prefixed(kind))))
            for iri in sorted(used)
            for each in _names(release, [iri], language)
        ),
        records=_names(release, (iri for iri in sorted(records) if record_key(iri)), language),
    )


def _names(release: Release, iris: Iterable[Iri], language: str) -> tuple[Name, ...]:
    written = ((prefixed(iri), choose(release.labels(iri), language)) for iri in iris)
    return tuple(Name(name, label.value if label else "") for name, label in written if name)


def prefixed(iri: Iri) -> str:
    """The prefixed name of an IRI; empty where it has none.

    >>> prefixed(Iri("https://w3id.org/elpaccto/id/axis/gender")), prefixed(Iri("urn:x"))
    ('axis:gender', '')
    """
    key = record_key(iri)
    if key:
        return ":".join(key) if key[0] in PREFIXES and _LOCAL.fullmatch(key[1]) else ""
    short = compact(iri)
    return short if short != iri else ""
