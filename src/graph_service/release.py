"""Release: one published snapshot of the graph, opened for reading, and the questions it can answer.

A release never changes.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from graph_service.catalogue import Catalogue, Column, Parameter, QueryFile, open_catalogue, read_catalogue
from graph_service.dates import parse_period
from graph_service.errors import (
    MalformedValue,
    ParameterError,
    UnknownTerm,
    nearest,
)
from graph_service.home import ReleaseRecord
from graph_service.store.protocol import Dataset, GraphStore
from graph_service.store.tokens import query_form
from graph_service.terms import ELP, PREFIXES, RDFS, XSD, Binding, Iri, Literal, Term, Triple, record_iri

CATALOGUE = "catalogue.json"  # the query files of a release, read and checked when it was published
MEMBERS = "vocabulary/members"  # the one query that the program itself asks by name outside the views


@dataclass(frozen=True, slots=True)
class Member:
    """One value that a parameter can take."""

    iri: Iri
    slug: str
    code: str | None
    labels: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of a SELECT, under the names that people see."""

    query: QueryFile
    parameters: Mapping[str, str]  # as understood: slugs, codes, dates
    columns: tuple[Column, ...]
    rows: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class _Bound:
    binding: Binding
    understood: Mapping[str, str]


def utc_today() -> datetime.date:
    """The day it is now (UTC)."""
    return datetime.datetime.now(datetime.UTC).date()


class Release:
    """One release, open for reading; safe to use from many threads."""

    def __init__(
        self,
        store: GraphStore,
        record: ReleaseRecord,
        project: Path,
        *,
        union: bool = True,
        pinned: bool = False,
        clock: Callable[[], datetime.date] = utc_today,
        later: Callable[[], Catalogue] | None = None,
        checkpoint: Path | None = None,
    ) -> None:
        """Open a release.

        Args:
            union: queries see all graphs as one.
            pinned: it was asked for by number, so "today" is its own day.
            later: the questions of today, for those that the release did not have yet.
            checkpoint: the folder of the home that holds its graph, whichever engine answers.
        """
        self.store, self.record, self._project, self.checkpoint = store, record, project, checkpoint
        self._union, self._pinned, self._clock, self._later = union, pinned, clock, later
        self._members: dict[str, tuple[Member, ...]] = {}
        self._labels: dict[Iri, tuple[Literal, ...]] = {}

    @property
    def number(self) -> int:
        """Its number, counted from 1."""
        return self.record.number

    @property
    def date(self) -> datetime.date:
        """The day it was published (UTC)."""
        return self.record.moment.date()

    @property
    def today(self) -> datetime.date:
        """What "today" means when it is asked: the release's own day if it was asked for by number."""
        return self.date if self._pinned else self._clock()

    @property
    def project(self) -> Path:
        """The folder with the files of the project as they were published."""
        return self._project

    @cached_property
    def catalogue(self) -> Catalogue:
        """The questions that came with it."""
        saved = self._project / CATALOGUE
        return open_catalogue(saved) if saved.is_file() else read_catalogue(self._project / "queries")

    def question(self, name: str) -> QueryFile:
        """A question by name: as the release has it, or as it is asked today where it came later.

        Raises:
            UnknownTerm: with near names.
        """
        if self._later is None or name in self.catalogue.queries:
            return self.catalogue.get(name)
        return self._later().get(name)

    def ask(self, name: str, values: Mapping[str, str] | None = None) -> Result:
        """Run a SELECT of the catalogue.

        Args:
            values: by parameter name, as people write them: slugs, codes, IRIs, dates; empty texts count as absent.

        Raises:
            UnknownTerm: no such query, parameter, or value in the graph; near names in the message.
            MalformedValue, ParameterError: a value cannot be read, or is missing.
        """
        query = self.question(name)
        bound = self._bind(query, values or {})
        solutions = self.store.select(query.text, bound.binding)
        rows = tuple({query.variables[key]: value for key, value in row.items()} for row in solutions.rows)
        return Result(query, bound.understood, query.columns, rows)

    def construct(self, name: str, values: Mapping[str, str] | None = None) -> tuple[Triple, ...]:
        """Run a CONSTRUCT of the catalogue; triples sorted, each once. Raises as `ask`."""
        query = self.question(name)
        bound = self._bind(query, values or {})
        return tuple(sorted(set(self.store.construct(query.text, bound.binding)), key=_triple_order))

    def understood(self, name: str, values: Mapping[str, str]) -> Mapping[str, str]:
        """How the values of a query would be understood, without running it. Raises as `ask`."""
        return self._bind(self.question(name), values).understood

    def bound(self, name: str, values: Mapping[str, str]) -> Binding:
        """The terms that the values of a query stand for, by variable. Raises as `ask`."""
        return self._bind(self.question(name), values).binding

    def describe(self, iris: Iterable[Iri]) -> tuple[Triple, ...]:
        """The statements of some records, with their evidence and its sources; sorted, each once."""
        found = set(self.store.described(set(iris)))
        evidence = {e for _, predicate, e in found if predicate == ELP + "evidence" and isinstance(e, Iri)}
        cited = set(self.store.described(evidence))
        sources = {s for _, predicate, s in cited if predicate == ELP + "source" and isinstance(s, Iri)}
        found |= cited | set(self.store.described(sources))
        return tuple(sorted(found, key=_triple_order))

    def exists(self, iri: Iri) -> bool:
        """Whether anything is said of it."""
        return next(iter(self.store.statements(iri)), None) is not None

    def labels(self, iri: Iri) -> tuple[Literal, ...]:
        """Its names, in all languages."""
        if iri not in self._labels:
            found = [label for label in self.store.objects(iri, Iri(RDFS + "label")) if isinstance(label, Literal)]
            self._labels[iri] = tuple(sorted(found, key=lambda label: (label.language or "", label.value)))
        return self._labels[iri]

    def members(self, scheme: str) -> tuple[Member, ...]:
        """The records of a class or the concepts of a scheme, given by IRI or prefixed name, in order of slug."""
        iri = _expand(scheme)
        if iri not in self._members:
            query = self.question(MEMBERS)
            rows = self.store.select(query.text, {query.parameters[0].variables[0]: iri}).rows
            self._members[iri] = _members(rows)
        return self._members[iri]

    def find(self, scheme: str, given: str, *, kind: str, parameter: str | None = None) -> Member:
        """The member of a class or scheme with that slug, code or IRI, whatever its case.

        Raises:
            UnknownTerm: with near slugs, found by slug, code and name.
        """
        members = self.members(scheme)
        wanted = given.strip().casefold()
        for member in members:
            if wanted in {each.casefold() for each in (member.slug, member.code, member.iri) if each}:
                return member
        known = {key: m.slug for m in members for key in (m.slug, m.code or m.slug, *map(str, m.labels))}
        near = list(dict.fromkeys(known[key] for key in nearest(given, list(known), count=6)))[:3]
        raise UnknownTerm(kind, given=given, near=near, parameter=parameter)

    def file(self, name: str) -> bytes:
        """A file of the project as published, such as `ontology/shapes.ttl`."""
        return (self._project / name).read_bytes()

    def query_form(self, text: str) -> str:
        """SELECT, ASK, CONSTRUCT or DESCRIBE; SparqlSyntaxError if it is none."""
        return query_form(text)

    def sparql(self, text: str, accept: str, out: IO[bytes]) -> None:
        """Run a query of whoever runs this process, and write its answer. Raises as `GraphStore.write`."""
        self.store.write(text, accept, Dataset(union=self._union), "", out)

    def _bind(self, query: QueryFile, values: Mapping[str, str]) -> _Bound:
        given = {name: value for name, value in values.items() if value != ""}
        for name in given:
            query.parameter(name)
        binding: dict[str, Term] = {}
        understood: dict[str, str] = {}
        for parameter in query.parameters:
            if parameter.name in given:
                value, terms = self._value(parameter, given[parameter.name])
            elif parameter.is_period and parameter.name == "as_of":
                value, terms = self._value(parameter, self.today.isoformat())
            elif parameter.required:
                example = f", for example {parameter.name}={parameter.example}" if parameter.example else ""
                raise ParameterError(
                    f"{query.name} needs the parameter {parameter.name!r}{example}.", parameter=parameter.name
                )
            else:
                continue
            understood[parameter.name] = value
            binding.update(zip(parameter.variables, terms, strict=True))
        return _Bound(binding, understood)

    def _value(self, parameter: Parameter, given: str) -> tuple[str, tuple[Term, ...]]:
        """Read one value: how it is written when understood, and the terms to bind."""
        if parameter.is_period:
            first, last = parse_period(given, parameter=parameter.name)
            return given.strip(), (_date(first), _date(last))
        if parameter.type == "iri":
            return self._iri_value(parameter, given)
        if parameter.type == "integer":
            return given, (_integer(parameter.name, given),)
        if parameter.type == "date":
            first, last = parse_period(given, parameter=parameter.name)
            if first != last:
                raise MalformedValue(parameter.name, given=given, expected="write a day as YYYY-MM-DD")
            return given.strip(), (_date(first),)
        language = None if parameter.type == "literal" else parameter.type
        return given, (Literal(given, language),)

    def _iri_value(self, parameter: Parameter, given: str) -> tuple[str, tuple[Term, ...]]:
        if parameter.scheme:
            kind = parameter.name.replace("_", " ")
            member = self.find(parameter.scheme, given, kind=kind, parameter=parameter.name)
            return member.slug, (member.iri,)
        iri = _expand(given)
        if not self.exists(iri):
            raise UnknownTerm("record", given=given, parameter=parameter.name)
        return given, (iri,)


def _members(rows: Iterable[Binding]) -> tuple[Member, ...]:
    found: dict[Iri, tuple[str, str | None, list[Literal]]] = {}
    for row in rows:
        iri = Iri(str(row["iri"]))
        code = str(row["code"]) if "code" in row else None
        entry = found.setdefault(iri, (str(row["slug"]), code, []))
        if isinstance(label := row.get("label"), Literal) and label not in entry[2]:
            entry[2].append(label)
    members = (Member(iri, slug, code, tuple(labels)) for iri, (slug, code, labels) in found.items())
    return tuple(sorted(members, key=lambda member: (member.slug, member.iri)))


def _expand(text: str) -> Iri:
    """An IRI from itself, a prefixed name (`elp:Country`) or kind and slug (`country/PE`)."""
    prefix, colon, local = text.partition(":")
    if colon and prefix in PREFIXES:
        return Iri(PREFIXES[prefix] + local)
    kind, slash, slug = text.partition("/")
    iri = record_iri(kind, slug) if slash and not colon else Iri(text)
    if not iri.startswith(("http://", "https://", "urn:")) or any(c in iri for c in ' <>"{}|\\^`\n\t'):
        raise MalformedValue("record", given=text, expected="write an IRI, a prefixed name, or kind/slug")
    return iri


def _date(day: datetime.date) -> Literal:
    return Literal(day.isoformat(), datatype=XSD + "date")


def _integer(parameter: str, given: str) -> Literal:
    try:
        return Literal(str(int(given)), datatype=XSD + "integer")
    except ValueError:
        raise MalformedValue(parameter, given=given, expected="write a whole number") from None


def _triple_order(triple: Triple) -> tuple[str, str, str, str]:
    value = triple[2]
    return triple[0], triple[1], str(value), value.language or value.datatype if isinstance(value, Literal) else ""
