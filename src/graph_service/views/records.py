"""Any record, lists of records, and countries side by side."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from graph_service.dates import parse_period
from graph_service.errors import MalformedValue
from graph_service.terms import ELP, RDF_TYPE, Binding, Iri, Literal, compact, record_key

if TYPE_CHECKING:
    from graph_service.release import Result
from graph_service.views.cells import Rows, count_in, grouped, iri_in, words_in
from graph_service.views.parts import memberships_of
from graph_service.views.sources import citations, cited_by
from graph_service.views.values import Citation, Comparison, Incoming, Listing, Neighbour, Profile, Reading, Record, Row

# Names first, then what the record is and belongs to, all others by name, notes and links last.
_FIRST = (
    "skos:prefLabel", "rdfs:label", "dcterms:title", "elp:acronym", "elp:fullName", "skos:altLabel",
    "skos:definition", "dcterms:description", "elp:value", "elp:basis",
    "elp:kind", "elp:status", "elp:country", "elp:holder", "elp:axis", "org:member", "org:organization",
    "elp:event", "elp:participant", "elp:role", "elp:component", "elp:outsideComponents",
    "elp:start", "elp:end", "elp:datePrecision", "elp:since", "elp:until", "elp:asOf",
    "elp:replacedBy", "org:subOrganizationOf",
)  # fmt: skip
_LAST = (
    "skos:hiddenLabel", "skos:historyNote", "skos:note", "foaf:homepage", "skos:exactMatch",
    "elp:startEarliest", "elp:startLatest", "elp:endEarliest", "elp:endLatest",
)  # fmt: skip
WITHDRAWN_RECORD, RENAMED_RECORD = Iri(ELP + "WithdrawnRecord"), Iri(ELP + "RenamedRecord")
_RANK = {name: rank for rank, name in enumerate((*_FIRST, "", *_LAST))}  # "" stands for all others


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What the data says of a record that was taken back, or that has another IRI now."""

    record: Iri
    renamed: bool  # the same thing under another IRI, which is the only one in `replaced_by`
    replaced_by: tuple[Iri, ...]
    reasons: tuple[Literal, ...]  # in whatever languages


def record(
    outgoing: Sequence[Binding],
    incoming: Rows = (),
    evidence: Rows = (),
    usual_properties: Iterable[Iri] = (),
    disagreements: Rows = (),
    language: str = "",
) -> Record:
    """Show one record: its properties in reading order, who says so, what points to it, what is missing.

    Args:
        outgoing, incoming, evidence: rows of `records/outgoing`, `records/incoming`, `records/evidence`.
        usual_properties: what records of its class usually have; those it lacks are told as not recorded.
        disagreements: rows of `records/disagreements`.
        language: in which to translate quotes.

    Raises:
        ValueError: nothing is recorded of it.
    """
    if not outgoing:
        raise ValueError("Nothing is recorded: the query records/outgoing gave no row.")
    values = grouped(outgoing, "property")
    shown = sorted((name for name in values if not _told_apart(name)), key=_property_order)
    cited = cited_by(evidence, language)
    return Record(
        iri=iri_in(outgoing[0], "record"),
        types=tuple(iri_in(row, "value") for row in values.get(Iri(RDF_TYPE), ())),
        rows=tuple(Row(name, tuple(dict.fromkeys(row["value"] for row in values[name]))) for name in shown),
        incoming=tuple(Incoming(iri_in(row, "subject"), iri_in(row, "property")) for row in incoming),
        missing=tuple(name for name in dict.fromkeys(usual_properties) if name not in values),
        citations=cited,
        newest=newest(cited),
        readings=readings(disagreements, language),
    )


def newest(cited: Iterable[Citation]) -> Literal | None:
    """The latest date among some sources, by the last day that each may mean; None where none has a date."""
    dated = [(last, each.date) for each in cited if each.date and (last := _last_day(each.date))]
    return max(dated, key=lambda each: (each[0], each[1].value))[1] if dated else None


def age(date: Literal, day: datetime.date) -> int | None:
    """How many whole years lie, at the least, between a date and a day; None where it is no date.

    >>> age(Literal("2019"), datetime.date(2026, 11, 26)), age(Literal("2019-11-27"), datetime.date(2026, 11, 26))
    (6, 6)
    """
    last = _last_day(date)
    if last is None:
        return None
    return max(0, day.year - last.year - ((day.month, day.day) < (last.month, last.day)))


def _last_day(date: Literal) -> datetime.date | None:
    try:
        return parse_period(date.value, parameter="date")[1]
    except MalformedValue:
        return None


def readings(rows: Rows, language: str = "") -> tuple[Reading, ...]:
    """The values on which sources disagree, the smallest first: rows of `records/disagreements`."""
    found = grouped(rows, "statement")
    shown = [
        Reading(words_in(first, "value").value, words_in(first, "description"), statement, cited_by(of_it, language))
        for statement, of_it in found.items()
        for first in of_it[:1]
    ]
    return tuple(sorted(shown, key=lambda each: (float(each.value.partition(" ")[0]), each.statement)))


# links that rules derive from others, which are shown themselves
_DERIVED_LINKS = {
    "elp:covers", "elp:hasMandate", "elp:hasParticipation", "elp:hasInstitution", "elp:onRoadmap", "skos:topConceptOf",
    "skos:hasTopConcept",
}  # fmt: skip
_BETWEEN = ("mandate", "membership", "participation", "evidence")  # kinds that stand between others


def neighbours(iri: Iri, outgoing: Rows, incoming: Rows = (), through: Rows = ()) -> tuple[Neighbour, ...]:
    """The records that a record is linked to: those it names, those beyond one between them, those that name it.

    Args:
        outgoing, incoming, through: rows of `records/outgoing`, `records/incoming`, `records/through`.
    """
    named = [(row["value"], iri_in(row, "property"), None, True) for row in sorted(outgoing, key=_row_order)]
    beyond = [(row["neighbour"], iri_in(row, "property"), iri_in(row, "through"), False) for row in through]
    naming = [
        (row["subject"], iri_in(row, "property"), None, False) for row in incoming if not _between(row["subject"])
    ]
    found: dict[tuple[Iri, Iri, bool], Neighbour] = {}
    for other, name, between, own in (*named, *beyond, *naming):
        if isinstance(other, Iri) and other != iri and record_key(other) and _shown_link(name):
            found.setdefault((other, name, own), Neighbour(other, name, between, own))
    return tuple(found.values())


def _shown_link(name: Iri) -> bool:
    return not _told_apart(name) and compact(name) not in _DERIVED_LINKS


def _between(term: Iri | Literal) -> bool:
    key = record_key(term) if isinstance(term, Iri) else None
    return key is not None and key[0] in _BETWEEN


def _row_order(row: Binding) -> tuple[int, str]:
    return _property_order(iri_in(row, "property"))


def _told_apart(name: Iri) -> bool:
    """True for what has a place of its own: the types, and the evidence, which becomes citations."""
    return name == RDF_TYPE or compact(name) == "elp:evidence"


def _property_order(name: Iri) -> tuple[int, str]:
    return _RANK.get(compact(name), _RANK[""]), compact(name)


def listing(result: Result) -> Listing:
    """Show the rows of a list query, without the parameters that were left open."""
    filled = {name for row in result.rows for name in row}
    variables = chain.from_iterable(parameter.variables for parameter in result.query.parameters)
    optional = {result.query.variables[variable] for variable in variables} - filled
    shown = tuple(column.name for column in result.columns if column.name not in optional)
    return Listing(shown, tuple(result.rows))


def profile(bindings: Sequence[Binding], organisations: Rows = (), evidence: Rows = ()) -> Profile:
    """Count what is known of one country, for a column in a comparison.

    Args:
        bindings: rows of `countries/profile`, one per axis; the counts of the country stand on each of them.
        organisations: rows of `roadmaps/organisations`.
        evidence: rows of `roadmaps/evidence`.

    Raises:
        ValueError: no row, an axis twice, or a count that is no number.
    """
    if not bindings:
        raise ValueError("Nothing is known of the country: the query countries/profile gave no row.")
    axes = grouped(bindings, "axis")
    if len(axes) < len(bindings):
        raise ValueError("An axis has two rows in countries/profile.")
    row = bindings[0]
    return Profile(
        country=iri_in(row, "country"),
        institutions=count_in(row, "institutions"),
        coverage={axis: count_in(rows[0], "covering") for axis, rows in axes.items()},
        events=count_in(row, "events"),
        memberships=memberships_of(organisations, citations(evidence)),
        gaps=count_in(row, "gaps"),
        announced=count_in(row, "announced"),
    )


def comparison(profiles: Iterable[Profile], *, as_of: str) -> Comparison:
    """Put two to six countries side by side, in the order given; axes in the order of their scheme.

    Raises:
        ValueError: fewer than two countries, more than six, or one twice.
    """
    shown = tuple(profiles)
    countries = tuple(each.country for each in shown)
    if not 2 <= len(set(countries)) == len(shown) <= 6:
        raise ValueError(f"A comparison takes two to six different countries; these are {len(set(countries))}.")
    axes = dict.fromkeys(axis for each in shown for axis in each.coverage)
    return Comparison(countries, tuple(axes), shown, as_of)
