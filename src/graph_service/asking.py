"""Asking: a release in, a view out. Runs the queries that a view is made of; no HTTP, no template."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from graph_service import views
from graph_service.errors import UnknownTerm
from graph_service.release import Release
from graph_service.terms import (
    ELP,
    PREFIXES,
    RDF_TYPE,
    XSD,
    Binding,
    Iri,
    Literal,
    Term,
    Triple,
    compact,
    record_iri,
    record_key,
)
from graph_service.views import Activities, Answer, Coverage, Mandate, Neighbour, Record, Roadmap, RoadmapParts
from graph_service.views.lists import Page
from graph_service.views.records import RENAMED_RECORD, WITHDRAWN_RECORD, Withdrawal

EVENTS, EVENTS_BY = "events/all", "events/by"  # one row per event; one per event and evidence
BY_AXIS, LEFT_OUT, MATRIX = "institutions/by-axis", "institutions/left-out", "coverage/matrix"
_REPLACED_BY, _DESCRIPTION = (Iri(PREFIXES["dcterms"] + name) for name in ("isReplacedBy", "description"))
_ROADMAP = ("identity", "events", "institutions", "organisations", "gaps", "gap_cells", "statements")  # its plain parts
_USUALLY = frozenset(  # classes whose records are much alike
    ELP + name for name in ("Country", "Institution", "Event", "RegionalOrganisation", "Mandate", "CoverageGap")
)
_DISPUTED = frozenset(ELP + name for name in ("PlanStatement", "Programme", "ActionPlan"))  # may meet disagreement

R = TypeVar("R")


def once_per_release(function: Callable[[Release], R]) -> Callable[[Release], R]:
    """Remember the result for as long as the release is open: it never changes."""
    known: WeakKeyDictionary[Release, R] = WeakKeyDictionary()

    @wraps(function)
    def remembered(release: Release) -> R:
        if release not in known:
            known[release] = function(release)
        return known[release]

    return remembered


def answer(release: Release, values: Mapping[str, str], left_aside: Mapping[str, str] | None = None) -> Answer:
    """Who covers what, and who does not although a source names them."""
    found = release.ask(BY_AXIS, values)
    left_out = release.ask(LEFT_OUT, values)
    as_of = found.parameters["as_of"]
    return views.answer(found.rows, left_out.rows, parameters=found.parameters, as_of=as_of, left_aside=left_aside)


def activities(
    release: Release,
    values: Mapping[str, str],
    parameters: Mapping[str, str],
    left_aside: Mapping[str, str] | None = None,
) -> Activities:
    """What was done or is planned on a question, and how many activities no source places in it.

    Args:
        values: of `events/by`.
        parameters: the question as it was asked and understood.
    """

    def rows(without: str = "") -> Sequence[Binding]:
        return release.ask(EVENTS_BY, {name: value for name, value in values.items() if name != without}).rows

    open_parts = {"axis": "axes", "component": "components"}
    return views.activities(
        rows(),
        rows("period") if "period" in values else (),
        parameters=parameters,
        as_of=values.get("period"),
        unassigned={name: views.unassigned(rows(name), column)
                    for name, column in open_parts.items() if name in values},
        left_aside=left_aside or {},
    )  # fmt: skip


def coverage(release: Release, values: Mapping[str, str]) -> Coverage:
    """Institutions per country and axis."""
    found = release.ask(MATRIX, values)
    component = found.parameters.get("component")
    iri = record_iri("component", component) if component else None
    return views.coverage(found.rows, component=iri, as_of=found.parameters["as_of"])


def roadmap(release: Release, country: str, as_of: str, language: str = "") -> Roadmap:
    """All that is known of one country in the programme, its quotes with their translation into a language.

    Raises:
        UnknownTerm: there is no such country, or it has no roadmap.
    """
    member = release.find("elp:Country", country, kind="country")
    values = {"country": member.slug}

    def rows(name: str, **more: str) -> Sequence[Binding]:
        return release.ask(f"roadmaps/{name}", values | more).rows

    itself = rows("country")
    if not itself:
        raise UnknownTerm("roadmap of a country", given=country)
    then = plan_year(release, str(itself[0]["plan"])) or as_of
    with ThreadPoolExecutor(1) as beside:  # evidence takes as long as all others together
        evidence = beside.submit(rows, "evidence")
        found: dict[str, Sequence[Binding]] = {name: rows(name.replace("_", "-")) for name in _ROADMAP}
        found |= {"mandates": rows("mandates", as_of=as_of), "mandates_then": rows("mandates", as_of=then)}
        _name(release, found.values())
        parts = RoadmapParts(country=itself, evidence=evidence.result(), **found)
    return views.roadmap(parts, as_of=as_of, then=then, language=language)


def _name(release: Release, tables: Iterable[Sequence[Binding]]) -> None:
    """Look up the names of what some tables speak of: whoever shows them needs these next, and remembers them."""
    for value in {value for rows in tables for row in rows for value in row.values() if isinstance(value, Iri)}:
        release.labels(value)


def plan_year(release: Release, plan: str) -> str | None:
    """The year that an action plan is for."""
    rows = release.ask("records/outgoing", {"record": plan}).rows
    return next((str(row["value"]) for row in rows if compact(str(row["property"])) == "elp:year"), None)


def count(release: Release, name: str) -> int:
    """How many records a class of ours has."""
    rows = release.ask("statistics/classes", {"class": ELP + name}).rows
    return int(str(rows[0]["records"])) if rows else 0


def exists(release: Release, iri: Iri) -> bool:
    """Whether there is something to tell of a resource: it is described, or it is a graph of the dataset."""
    return release.exists(iri) or iri in release.record.graphs


def incoming(release: Release, iri: Iri, number: int = 1) -> Page:
    """What points to a record: one page of the rows of `records/incoming`.

    Raises:
        UnknownTerm: there is no such page.
    """
    rows = release.ask("records/incoming", {"record": str(iri)}).rows if release.exists(iri) else ()
    return views.lists.page(rows, number)


def record(release: Release, iri: Iri, pointing: Sequence[Binding], language: str = "") -> Record:
    """One record: what is recorded of it, by whom it is said, what points to it, what is not recorded.

    Args:
        pointing: those that point to it, of which the view tells: rows of `incoming`.
        language: in which to translate quotes.
    """
    asked = {"record": str(iri)}
    described = release.exists(iri)
    outgoing = [*(release.ask("records/outgoing", asked).rows if described else ()), *_of_graph(release, iri)]
    types = [str(row["value"]) for row in outgoing if row["property"] == RDF_TYPE]
    return views.record(
        outgoing,
        pointing,
        release.ask("records/evidence", asked).rows if described else (),
        [each for kind in types if kind in _USUALLY for each in usual_properties(release, kind)],
        release.ask("records/disagreements", asked).rows if described and not _DISPUTED.isdisjoint(types) else (),
        language,
    )


def neighbours(release: Release, iri: Iri) -> tuple[Neighbour, ...]:
    """The records that a record is linked to."""
    if not release.exists(iri):
        return ()
    outgoing, pointing, through = (
        release.ask(f"records/{name}", {"record": str(iri)}).rows for name in ("outgoing", "incoming", "through")
    )
    return views.records.neighbours(iri, outgoing, pointing, through)


def stated_by(release: Release, source: str) -> Mapping[Iri, tuple[Binding, ...]]:
    """What rests on a source, given by its slug: record → rows of `sources/statements`, one or more."""
    rows: dict[Iri, list[Binding]] = {}
    for row in release.ask("sources/statements", {"source": source}).rows:
        rows.setdefault(Iri(str(row["record"])), []).append(row)
    return {record: tuple(found) for record, found in rows.items()}


def statements(release: Release, iri: Iri, pointing: Sequence[Binding]) -> tuple[Triple, ...]:
    """The same as RDF: what is said of a record, with its evidence and sources, and by what it is pointed to."""
    said = release.construct("records/graph", {"record": str(iri)}) if release.exists(iri) else ()
    told = ((iri, Iri(str(row["property"])), row["value"]) for row in _of_graph(release, iri))
    links = ((Iri(str(row["subject"])), Iri(str(row["property"])), iri) for row in pointing)
    return tuple(dict.fromkeys((*said, *told, *links)))


def withdrawal(release: Release, iri: Iri) -> Withdrawal | None:
    """What the data says of a record that was withdrawn or renamed; None for any other."""
    types = set(release.store.objects(iri, Iri(RDF_TYPE)))
    if not types & {WITHDRAWN_RECORD, RENAMED_RECORD}:
        return None
    instead = sorted({str(each) for each in release.store.objects(iri, _REPLACED_BY) if isinstance(each, Iri)})
    reasons = {each for each in release.store.objects(iri, _DESCRIPTION) if isinstance(each, Literal)}
    return Withdrawal(
        record=iri,
        renamed=RENAMED_RECORD in types and len(instead) == 1 and record_key(instead[0]) is not None,
        replaced_by=tuple(map(Iri, instead)),
        reasons=tuple(sorted(reasons, key=lambda each: (each.language or "", each.value))),
    )


def _of_graph(release: Release, iri: Iri) -> list[Binding]:
    """What is known of a named graph as such: that it is one, and its size (VoID). Nothing for other resources."""
    size = release.record.graphs.get(iri)
    if size is None:
        return []
    known: tuple[tuple[str, Term], ...] = (
        (RDF_TYPE, Iri(PREFIXES["sd"] + "Graph")),
        (PREFIXES["void"] + "triples", Literal(str(size), datatype=XSD + "integer")),
    )
    return [{"record": iri, "property": Iri(name), "value": value} for name, value in known]


@dataclass(frozen=True, slots=True)
class AxisCells:
    """One axis: how many institutions hold a mandate in force, per country and component; None is all of them."""

    countries: tuple[Iri, ...]
    components: tuple[Iri, ...]
    counts: Mapping[tuple[Iri, Iri | None], int]
    as_of: str


def axis_cells(release: Release, axis: Iri) -> AxisCells:
    """Where an axis is covered, today."""
    shown = components(release)
    tables = {None: coverage(release, {})} | {each: coverage(release, {"component": each}) for each in shown}
    counts = {(c, each): table.counts[c, axis] for each, table in tables.items() for c in table.countries}
    return AxisCells(tables[None].countries, shown, counts, tables[None].as_of)


def mandates_of(release: Release, institution: Iri, country: str) -> tuple[Mandate, ...]:
    """The mandates of one institution, in force or not, with their evidence."""
    known, key = _mandates_known(release), (country, release.today)
    if key not in known:
        known[key] = _mandates_in(release, country)
    return tuple(each for each in known[key] if each.institution == institution)


def _mandates_in(release: Release, country: str) -> tuple[Mandate, ...]:
    values = {"country": country}
    rows, evidence = release.ask("roadmaps/mandates", values).rows, release.ask("roadmaps/evidence", values).rows
    return views.answer(rows, (), parameters=values, as_of="", evidence=evidence).mandates


@once_per_release
def _mandates_known(release: Release) -> dict[tuple[str, datetime.date], tuple[Mandate, ...]]:
    """By country and day, as far as they were asked for: the pages of a country's institutions share them."""
    return {}


def usual_properties(release: Release, kind: str) -> tuple[Iri, ...]:
    """The properties that most records of a class have (its first thousand), so that one can say which it lacks."""
    known = _usual_known(release)
    if kind not in known:
        records = {Iri(str(row["record"])) for row in release.ask("records/of-class", {"class": kind}).rows}
        said = {(subject, predicate) for subject, predicate, _ in release.describe(records) if subject in records}
        counts = Counter(predicate for _, predicate in said)
        known[kind] = tuple(sorted(name for name, count in counts.items() if 2 * count >= len(records)))
    return known[kind]


@once_per_release
def _usual_known(release: Release) -> dict[str, tuple[Iri, ...]]:
    """By class, as far as they were asked for."""
    return {}


@once_per_release
def axes(release: Release) -> tuple[Iri, ...]:
    """The axes in the order of their scheme."""
    return tuple(Iri(str(row["iri"])) for row in release.ask("axes/all").rows)


@once_per_release
def components(release: Release) -> tuple[Iri, ...]:
    """The components in the order of their scheme."""
    countries = release.members("elp:Country")
    if not countries or not axes(release):
        return tuple(member.iri for member in release.members("elp:Component"))
    rows = release.ask("coverage/components", {"country": countries[0].slug, "axis": axes(release)[0]}).rows
    return tuple(dict.fromkeys(Iri(str(row["component"])) for row in rows))
