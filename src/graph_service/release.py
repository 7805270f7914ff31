"""Release: one published snapshot of the graph, opened for reading, and the questions it can answer.

A release never changes. `Releases` follows the one that is current, without a restart.
"""

from __future__ import annotations

import datetime
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from graph_service.catalogue import Catalogue, Column, Parameter, QueryFile, open_catalogue, read_catalogue
from graph_service.dates import parse_period
from graph_service.errors import (
    MalformedValue,
    NoRelease,
    ParameterError,
    ReleasePruned,
    UnknownRelease,
    UnknownTerm,
    nearest,
)
from graph_service.store.embedded import EmbeddedStore, query_form
from graph_service.store.protocol import Dataset, GraphStore
from graph_service.terms import ELP, PREFIXES, RDFS, XSD, Binding, Iri, Literal, Term, Triple, record_iri

CATALOGUE = "catalogue.json"  # the query files of a release, read and checked when it was published
MEMBERS = "vocabulary/members"  # the one query that the program itself asks by name outside the views
OPENED = 8  # so many earlier releases stay open, those asked for last


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """What is kept of a release for ever: number, date, who, why, what changed."""

    number: int
    created: str  # ISO 8601, UTC
    who: str
    reason: str
    base: int | None  # the release it was made from
    quads: int
    added: int
    removed: int
    digest: str  # of the set of quads; equal digests, equal content
    project_digest: str  # of the project's files at the last load
    report: Mapping[str, int]  # SHACL findings by severity
    graphs: Mapping[str, int]  # triples by named graph
    software: str
    changed: Mapping[str, int] = field(default_factory=dict)  # the release that last changed each graph

    def changed_in(self, graph: str) -> int:
        """The release that last changed a graph; this one where older records do not tell."""
        return self.changed.get(graph, self.number)

    @property
    def moment(self) -> datetime.datetime:
        """When it was made (UTC), to the second."""
        return datetime.datetime.fromisoformat(self.created).astimezone(datetime.UTC)


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
    ) -> None:
        self.store, self.record, self._project = store, record, project
        self._union, self._pinned, self._clock = union, pinned, clock
        self._members: dict[str, tuple[Member, ...]] = {}
        self._labels: dict[Iri, tuple[Literal, ...]] = {}
        self._dumps: dict[str, bytes] = {}
        self._dumping = threading.Lock()

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

    def ask(self, name: str, values: Mapping[str, str] | None = None) -> Result:
        """Run a SELECT of the catalogue.

        Args:
            values: by parameter name, as people write them: slugs, codes, IRIs, dates; empty texts count as absent.

        Raises:
            UnknownTerm: no such query, parameter, or value in the graph; near names in the message.
            MalformedValue, ParameterError: a value cannot be read, or is missing.
        """
        query = self.catalogue.get(name)
        bound = self._bind(query, values or {})
        solutions = self.store.select(query.text, bound.binding)
        rows = tuple({query.variables[key]: value for key, value in row.items()} for row in solutions.rows)
        return Result(query, bound.understood, query.columns, rows)

    def construct(self, name: str, values: Mapping[str, str] | None = None) -> tuple[Triple, ...]:
        """Run a CONSTRUCT of the catalogue; triples sorted, each once. Raises as `ask`."""
        query = self.catalogue.get(name)
        bound = self._bind(query, values or {})
        return tuple(sorted(set(self.store.construct(query.text, bound.binding)), key=_triple_order))

    def understood(self, name: str, values: Mapping[str, str]) -> Mapping[str, str]:
        """How the values of a query would be understood, without running it. Raises as `ask`."""
        return self._bind(self.catalogue.get(name), values).understood

    def describe(self, iris: Iterable[Iri]) -> tuple[Triple, ...]:
        """The statements of some records, with their evidence and its sources; sorted, each once."""
        found: set[Triple] = set()
        records = set(iris)
        evidence = {e for iri in records for e in self.store.objects(iri, Iri(ELP + "evidence")) if isinstance(e, Iri)}
        sources = {s for e in evidence for s in self.store.objects(e, Iri(ELP + "source")) if isinstance(s, Iri)}
        for iri in records | evidence | sources:
            found.update((iri, predicate, value) for predicate, value in self.store.statements(iri))
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
            query = self.catalogue.get(MEMBERS)
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
            if wanted in (member.slug.casefold(), (member.code or "").casefold(), member.iri.casefold()):
                return member
        known = {key: m.slug for m in members for key in (m.slug, m.code or m.slug, *map(str, m.labels))}
        near = list(dict.fromkeys(known[key] for key in nearest(given, list(known), count=6)))[:3]
        raise UnknownTerm(kind, given=given, near=near, parameter=parameter)

    def file(self, name: str) -> bytes:
        """A file of the project as published, such as `ontology/shapes.ttl`."""
        return (self._project / name).read_bytes()

    def dump(self, suffix: str) -> Iterator[bytes]:
        """The whole graph in a format (`ttl nt nq trig rdf jsonld`), the same bytes each time."""
        with self._dumping:
            if suffix not in self._dumps:
                self._dumps[suffix] = b"".join(self.store.dump(suffix))
        return iter((self._dumps[suffix],))

    def query_form(self, text: str) -> str:
        """SELECT, ASK, CONSTRUCT or DESCRIBE; SparqlSyntaxError if it is none."""
        return query_form(text)

    def sparql(
        self,
        text: str,
        accept: str,
        default_graphs: Iterable[str] = (),
        named_graphs: Iterable[str] = (),
        base: str = "",
    ) -> tuple[str, Iterator[bytes]]:
        """Run anybody's query: media type and bytes of the answer. Raises as `GraphStore.answer`."""
        return self.store.answer(text, accept, Dataset(tuple(default_graphs), tuple(named_graphs), self._union), base)

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


class Releases:
    """The releases in a home folder, for reading: the current one followed, older ones by number or moment.

    `clock` says which day it is for what is asked of the current release without a date.
    """

    def __init__(self, home: Path, *, union: bool = True, clock: Callable[[], datetime.date] = utc_today) -> None:
        self.home, self._union, self._clock = home, union, clock
        self._lock = threading.Lock()
        self._current: Release | None = None
        self._opened: OrderedDict[int, Release] = OrderedDict()  # pinned ones, the last used at the end
        self._records: dict[int, ReleaseRecord] = {}

    def current(self) -> Release:
        """The release that is current at this moment.

        Raises:
            NoRelease: nothing has been published.
        """
        number = self._last()
        release = self._current
        if release is None or release.number != number:
            with self._lock:
                if self._current is None or self._current.number != number:
                    self._current = self._open(number)
                release = self._current
        return release

    def get(self, number: int) -> Release:
        """A release by number, pinned to its own day. The last ones asked for stay open.

        Raises:
            UnknownRelease: no release has that number.
            ReleasePruned: its data is gone; `near` names the nearest release that is kept.
        """
        record = self.record(number)
        if not self._kept(number):
            self._opened.pop(number, None)
            kept = self.nearest_kept(number)
            raise ReleasePruned(
                f"The data of release {number} is no longer kept; its record is. The nearest that is kept is {kept}.",
                near=(str(kept),),
                parameter="release",
            )
        with self._lock:
            release = self._opened.pop(record.number, None) or self._open(number, pinned=True)
            self._opened[number] = release
            while len(self._opened) > OPENED:
                self._opened.popitem(last=False)
        return release

    def at(self, moment: datetime.datetime) -> Release:
        """The release that was current at a moment, pinned to its own day; before the first one, the first.

        Raises:
            NoRelease, and as `get`.
        """
        return self.get(self.number_at(moment))

    def number_at(self, moment: datetime.datetime) -> int:
        """The number of the release that was current at a moment; before the first one, the first."""
        for number in range(self._last(), 1, -1):
            if self.record(number).moment <= moment:
                return number
        return 1

    def kept(self) -> tuple[int, ...]:
        """The numbers of the releases whose data is kept, oldest first."""
        return tuple(number for number in range(1, self._last() + 1) if self._kept(number))

    def nearest_kept(self, number: int) -> int:
        """The number of the release nearest to another one whose data is kept; of two, the later one."""
        return min(self.kept(), key=lambda each: (abs(each - number), -each))

    def record(self, number: int) -> ReleaseRecord:
        """The record of a release, kept also when its data is pruned.

        Raises:
            UnknownRelease: no release has that number.
        """
        if number not in self._records:
            path = self.home / "history" / f"{number}.json"
            last = current_number(self.home) or 0
            if not 1 <= number <= last or not path.is_file():
                raise UnknownRelease(f"There is no release {number}; the current one is {last or None}.")
            self._records[number] = read_record(path)
        return self._records[number]

    def records(self) -> tuple[ReleaseRecord, ...]:
        """The records of all releases, newest first."""
        last = current_number(self.home) or 0
        return tuple(self.record(n) for n in range(last, 0, -1) if (self.home / "history" / f"{n}.json").is_file())

    def _last(self) -> int:
        number = current_number(self.home)
        if number is None:
            raise NoRelease("Nothing is published yet: run `graph-service load`.")
        return number

    def _kept(self, number: int) -> bool:
        return (self.home / "releases" / str(number) / "store").is_dir()

    def _open(self, number: int, *, pinned: bool = False) -> Release:
        folder = self.home / "releases" / str(number)
        current = self._current
        shared = current.store if current is not None and current.number == number else None
        store = shared or EmbeddedStore.open(folder / "store")
        project = folder / "project"
        return Release(store, self.record(number), project, union=self._union, pinned=pinned, clock=self._clock)


def current_number(home: Path) -> int | None:
    """The number of the current release of a home folder; None if there is none."""
    try:
        return int((home / "current").readlink().name)
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_record(path: Path) -> ReleaseRecord:
    """Read a release record from its file."""
    return ReleaseRecord(**json.loads(path.read_text(encoding="utf-8")))


def provenance(record: ReleaseRecord) -> tuple[Triple, ...]:
    """What PROV-O and VoID say of a release: when, by whom, why, with what, from which one, how much changed.

    Its own parts are named by fragments of its IRI: `#publication` (the activity), `#agent`, `#software`,
    `#added` and `#removed` (the statements that came and went).
    """
    release = record_iri("release", str(record.number))
    agent, software, activity = (Iri(f"{release}#{part}") for part in ("agent", "software", "publication"))
    added, removed = Iri(f"{release}#added"), Iri(f"{release}#removed")
    moment = Literal(record.moment.isoformat(), datatype=XSD + "dateTime")
    base = record_iri("release", str(record.base)) if record.base else None
    said: list[tuple[Iri, str, Term]] = [
        (release, "rdf:type", _expand("prov:Entity")),
        (release, "rdf:type", _expand("void:Dataset")),
        (release, "rdfs:label", Literal(f"Release {record.number}", "en")),
        (release, "dcterms:description", Literal(record.reason)),
        (release, "dcterms:identifier", Literal(record.digest)),
        (release, "prov:generatedAtTime", moment),
        (release, "prov:wasAttributedTo", agent),
        (release, "prov:wasGeneratedBy", activity),
        (release, "void:triples", _count(record.quads)),
        (activity, "rdf:type", _expand("prov:Activity")),
        (activity, "prov:endedAtTime", moment),
        (activity, "prov:wasAssociatedWith", agent),
        (activity, "prov:wasAssociatedWith", software),
        (agent, "rdf:type", _expand("prov:Agent")),
        (agent, "rdfs:label", Literal(record.who)),
        (software, "rdf:type", _expand("prov:SoftwareAgent")),
        (software, "rdfs:label", Literal(f"graph-service {record.software}")),
        (added, "rdf:type", _expand("void:Dataset")),
        (added, "prov:wasGeneratedBy", activity),
        (added, "void:triples", _count(record.added)),
        (removed, "rdf:type", _expand("void:Dataset")),
        (removed, "prov:wasInvalidatedBy", activity),
        (removed, "void:triples", _count(record.removed)),
        *([(release, "prov:wasDerivedFrom", base), (activity, "prov:used", base)] if base else []),
    ]
    return tuple(sorted(((subject, _expand(name), value) for subject, name, value in said), key=_triple_order))


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


def _count(number: int) -> Literal:
    return Literal(str(number), datatype=XSD + "integer")


def _integer(parameter: str, given: str) -> Literal:
    try:
        return Literal(str(int(given)), datatype=XSD + "integer")
    except ValueError:
        raise MalformedValue(parameter, given=given, expected="write a whole number") from None


def _triple_order(triple: Triple) -> tuple[str, str, str, str]:
    value = triple[2]
    return triple[0], triple[1], str(value), value.language or value.datatype if isinstance(value, Literal) else ""
