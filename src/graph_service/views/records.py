"""Any record, lists of records, and countries side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from graph_service.errors import UnknownTerm
from graph_service.terms import ELP, RDF_TYPE, Binding, Iri, Literal, compact

if TYPE_CHECKING:
    from graph_service.release import Result
from graph_service.views.cells import Rows, count_in, grouped, iri_in
from graph_service.views.parts import memberships_of
from graph_service.views.sources import citations, cited_by
from graph_service.views.values import Comparison, Incoming, Listing, Profile, Record, Row

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
PAGE_ROWS = 100  # so many of those that point to a record are told at once
WITHDRAWN_RECORD, RENAMED_RECORD = Iri(ELP + "WithdrawnRecord"), Iri(ELP + "RenamedRecord")
_RANK = {name: rank for rank, name in enumerate((*_FIRST, "", *_LAST))}  # "" stands for all others


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a long list: which one, of how many, and how many rows there are in all of them."""

    number: int
    last: int
    total: int
    rows: tuple[Binding, ...]

    @property
    def first_row(self) -> int:
        """The place of its first row in the whole list, counted from 1."""
        return (self.number - 1) * PAGE_ROWS + 1


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What the data says of a record that was taken back, or that has another IRI now."""

    record: Iri
    renamed: bool  # the same thing under another IRI, which is the only one in `replaced_by`
    replaced_by: tuple[Iri, ...]
    reasons: tuple[Literal, ...]  # in whatever languages


def page(rows: Rows, number: int) -> Page:
    """Cut a page out of a list; one without rows has one page, which is empty.

    Raises:
        UnknownTerm: there is no page of that number; the last one is near.
    """
    found = tuple(rows)
    last = max(1, -(-len(found) // PAGE_ROWS))
    if not 1 <= number <= last:
        raise UnknownTerm("page", given=str(number), near=[str(last)], parameter="page")
    return Page(number, last, len(found), found[(number - 1) * PAGE_ROWS : number * PAGE_ROWS])


def record(
    outgoing: Sequence[Binding],
    incoming: Rows = (),
    evidence: Rows = (),
    usual_properties: Iterable[Iri] = (),
) -> Record:
    """Show one record: its properties in reading order, who says so, what points to it, what is missing.

    Args:
        outgoing, incoming, evidence: rows of `records/outgoing`, `records/incoming`, `records/evidence`.
        usual_properties: what records of its class usually have; those it lacks are told as not recorded.

    Raises:
        ValueError: nothing is recorded of it.
    """
    if not outgoing:
        raise ValueError("Nothing is recorded: the query records/outgoing gave no row.")
    values = grouped(outgoing, "property")
    shown = sorted((name for name in values if not _told_apart(name)), key=_property_order)
    return Record(
        iri=iri_in(outgoing[0], "record"),
        types=tuple(iri_in(row, "value") for row in values.get(Iri(RDF_TYPE), ())),
        rows=tuple(Row(name, tuple(dict.fromkeys(row["value"] for row in values[name]))) for name in shown),
        incoming=tuple(Incoming(iri_in(row, "subject"), iri_in(row, "property")) for row in incoming),
        missing=tuple(name for name in dict.fromkeys(usual_properties) if name not in values),
        citations=cited_by(evidence),
    )


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
