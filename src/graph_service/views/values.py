"""The values that people read, one frozen class each; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph_service.terms import Binding, Iri, Literal, compact

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Citation:
    """One evidence of a record: who says it, in which words, how sure it is."""

    evidence: Iri
    source: Iri
    title: str
    publisher: str | None
    url: str | None
    language: str | None  # ISO 639-1 of the source
    date: Literal | None  # as precise as known
    quote: Literal | None  # the exact words, in the source's language
    translation: Literal | None  # of the quote, in the language asked for: ours, unofficial; None where there is none
    certainty: Iri  # concept: stated, checked, reference, derived
    supports: tuple[Iri, ...]  # the properties it stands for; empty: the whole record


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when, each as precise as the source; None is not recorded."""

    start: Literal | None
    end: Literal | None
    precision: Iri | None = None  # concept of scheme date-precisions, events only
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Institution:
    """A national body."""

    iri: Iri
    name: Literal  # official, in its own language
    acronym: str | None
    country: Iri
    kind: Iri
    components: tuple[Iri, ...]  # empty: stands outside the three components
    period: Period
    parent: Iri | None
    replaced_by: tuple[Iri, ...]
    history: Literal | None
    website: str | None
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Mandate:
    """An institution's standing responsibility for an axis."""

    iri: Iri
    institution: Iri
    name: Literal
    acronym: str | None
    country: Iri
    axis: Iri
    kind: Iri
    components: tuple[Iri, ...]
    period: Period  # that of the institution, tightened by the mandate's own
    basis: Literal | None
    in_force: str  # "certain", "possible", "not-yet", "ended": on the date asked about
    citations: tuple[Citation, ...] = ()
    replaced_by: tuple[Iri, ...] = ()  # what took the institution's place


@dataclass(frozen=True, slots=True)
class Event:
    """A mission, meeting, workshop or other activity."""

    iri: Iri
    kind: Iri
    period: Period
    status: Iri  # concept: done, reported, announced, planned
    city: str | None
    country: Iri | None  # where it was held
    for_all: bool
    link: str | None  # why it stands on a country's roadmap: "held", "takes-part", "institution", "all"
    axes: tuple[Iri, ...]
    components: tuple[Iri, ...]
    organisations: tuple[Iri, ...]
    description: Literal | None
    note: Literal | None
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """A country in an organisation."""

    iri: Iri
    organisation: Iri
    acronym: str | None
    country: Iri
    status: Iri
    period: Period
    as_of: Literal | None  # the date the source speaks of
    note: Literal | None
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """What a source says is missing or has changed in a country on an axis."""

    iri: Iri
    country: Iri
    axis: Iri
    description: Literal
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class GapCell:
    """Country × axis × component without a mandate in force: a gap in the sources, not proof of absence."""

    country: Iri
    axis: Iri
    component: Iri


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source says of the programme, its plans or roadmaps."""

    iri: Iri
    scope: Iri
    description: Literal
    value: str | None
    country: Iri | None
    note: Literal | None
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two dates in who covers an axis."""

    axis: Iri
    institution: Iri
    name: Literal
    what: str  # "new" or "ended"
    on: Literal | None  # the recorded start or end
    replaced_by: tuple[Iri, ...]


@dataclass(frozen=True, slots=True)
class CellChange:
    """How one cell of the matrix differs from another date: `after` - `before` = `change` = `gained` - `lost`."""

    country: Iri
    axis: Iri
    before: int
    after: int
    change: int
    gained: int  # institutions that are counted now and were not then
    lost: int  # institutions that were counted then and are not now


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed in the matrix since another date; before it, where that date is the later one."""

    compared_to: str
    cells: tuple[CellChange, ...]  # by country, then axis, as the matrix shows them

    def row(self, country: Iri) -> tuple[CellChange, ...]:
        """The cells of a country, in the order of the axes."""
        return tuple(each for each in self.cells if each.country == country)

    def row_change(self, country: Iri) -> int:
        """The change of a country over all axes."""
        return sum(each.change for each in self.row(country))

    def column_change(self, axis: Iri) -> int:
        """The change of an axis over all countries."""
        return sum(each.change for each in self.cells if each.axis == axis)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many institutions hold a mandate: rows are countries, columns are axes."""

    countries: tuple[Iri, ...]
    axes: tuple[Iri, ...]
    counts: Mapping[tuple[Iri, Iri], int]  # (country, axis) → distinct institutions; all cells present
    component: Iri | None
    as_of: str
    difference: Difference | None = None

    def row_total(self, country: Iri) -> int:
        """Mandates of a country over all axes."""
        return sum(self.counts[country, axis] for axis in self.axes)

    def column_total(self, axis: Iri) -> int:
        """Mandates on an axis over all countries."""
        return sum(self.counts[country, axis] for country in self.countries)


@dataclass(frozen=True, slots=True)
class Answer:
    """Who covers what, where, when: the mandates in force, and those that were not, with the reason."""

    parameters: Mapping[str, str]  # as understood: slugs and codes
    as_of: str
    mandates: tuple[Mandate, ...]  # in force certainly or possibly
    left_out: tuple[Mandate, ...]  # founded later or ended before
    start_not_recorded: int  # how many of `mandates` have no recorded start
    sources: tuple[Citation, ...] = ()  # every source and sentence once, quotes first
    left_aside: Mapping[str, str] = field(default_factory=dict)  # parameters that do not apply, as given

    def number_of(self, citation: Citation) -> int:
        """Return the footnote number of a citation: its place among the sources, from 1."""
        return number_of(citation, self.sources)


@dataclass(frozen=True, slots=True)
class Roadmap:
    """All that is known of one country in the programme, and what is not."""

    country: Iri
    roadmap: Iri
    plan: Iri
    programme: Iri
    facts: Mapping[str, str]  # iso2, iso3, m49, capital, beneficiary, visited …; "" is not recorded
    identity: tuple[str, ...]  # IRIs elsewhere: Wikidata, EU authority table
    events: tuple[Event, ...]  # in time order; those without a date last
    institutions: tuple[Institution, ...]
    mandates: tuple[Mandate, ...]  # in_force as of `as_of`
    mandates_then: tuple[Mandate, ...]  # in_force as of `then`
    changes: tuple[Change, ...]  # between `then` and `as_of`
    then: str  # the year the plan is for
    as_of: str
    memberships: tuple[Membership, ...]
    gaps: tuple[Gap, ...]
    gap_cells: tuple[GapCell, ...]
    statements: tuple[Statement, ...]  # on roadmaps: of this country, then of all
    not_published: tuple[str, ...]  # "requests", "indicators", "roadmap-document"
    citations: tuple[Citation, ...]  # of the country and its roadmap
    sources: tuple[Citation, ...]  # every source and sentence of the page once, quotes first

    def number_of(self, citation: Citation) -> int:
        """Return the footnote number of a citation: its place among the sources, from 1."""
        return number_of(citation, self.sources)


@dataclass(frozen=True, slots=True)
class RoadmapParts:
    """The rows that a roadmap is made of, each under the name of its query in `roadmaps/`."""

    country: Sequence[Binding]
    identity: Sequence[Binding] = ()
    events: Sequence[Binding] = ()
    institutions: Sequence[Binding] = ()
    mandates: Sequence[Binding] = ()  # as of the date asked about
    mandates_then: Sequence[Binding] = ()  # the same query as of the year that the plan is for
    organisations: Sequence[Binding] = ()
    gaps: Sequence[Binding] = ()
    gap_cells: Sequence[Binding] = ()
    statements: Sequence[Binding] = ()
    evidence: Sequence[Binding] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One property of a record and its values."""

    property: Iri
    values: tuple[Iri | Literal, ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record that points to this one."""

    subject: Iri
    property: Iri


@dataclass(frozen=True, slots=True)
class Reading:
    """One of several values on which sources disagree, with those who give it."""

    value: str  # a number and its unit
    description: Literal
    statement: Iri
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A record that another one is linked to."""

    iri: Iri
    property: Iri
    through: Iri | None  # the mandate, membership, participation or evidence between them
    outgoing: bool  # whether the record itself says it


@dataclass(frozen=True, slots=True)
class Record:
    """One resource: what is recorded of it, by whom it is said, what points to it, what is not recorded."""

    iri: Iri
    types: tuple[Iri, ...]
    rows: tuple[Row, ...]
    incoming: tuple[Incoming, ...]
    missing: tuple[Iri, ...]  # properties that records of its class usually have and this one lacks
    citations: tuple[Citation, ...]
    newest: Literal | None = None  # the date of its newest source; None where none has a date
    readings: tuple[Reading, ...] = ()  # values on which sources disagree, side by side; empty where they do not


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of records, with the columns to show."""

    columns: tuple[str, ...]
    rows: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class ComponentCell:
    """How many institutions of a component hold a mandate on an axis."""

    axis: Iri
    component: Iri
    institutions: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One country's column in a comparison."""

    country: Iri
    institutions: int
    coverage: Mapping[Iri, int]  # axis → institutions
    events: int  # done or reported
    memberships: tuple[Membership, ...]
    gaps: int
    announced: int = 0  # events announced or planned, which `events` does not count
    cells: tuple[ComponentCell, ...] = ()  # every axis with every component
    told_gaps: tuple[Gap, ...] = ()  # those that `gaps` counts


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two to six countries side by side."""

    countries: tuple[Iri, ...]
    axes: tuple[Iri, ...]
    profiles: tuple[Profile, ...]
    as_of: str


def number_of(citation: Citation, sources: Sequence[Citation]) -> int:
    """Return the place of a citation's source and sentence among the sources, from 1.

    Raises:
        ValueError: the source is not among them.
    """
    for number, source in enumerate(sources, 1):
        if source.source == citation.source and source.quote == citation.quote:
            return number
    raise ValueError(f"The source {compact(citation.source)!r} is not among the sources of this view.")
