"""Parts of a roadmap or answer, each from the rows of one query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graph_service.terms import Binding

if TYPE_CHECKING:
    pass
from graph_service.views.cells import (
    Rows,
    flag_in,
    grouped,
    iri_in,
    linked_in,
    literal_in,
    optional_iri_in,
    text_in,
    words_in,
)
from graph_service.views.sources import Cited, cited_by
from graph_service.views.values import Event, Gap, GapCell, Institution, Mandate, Membership, Period, Statement


def mandates_of(bindings: Rows, cited: Cited) -> tuple[Mandate, ...]:
    return tuple(_mandate(rows, cited) for rows in grouped(bindings, "mandate").values())


def _mandate(rows: Sequence[Binding], cited: Cited) -> Mandate:
    row = rows[0]
    iri = iri_in(row, "mandate")
    return Mandate(
        iri=iri,
        institution=iri_in(row, "institution"),
        name=words_in(row, "name"),
        acronym=text_in(row, "acronym"),
        country=iri_in(row, "country"),
        axis=iri_in(row, "axis"),
        kind=iri_in(row, "kind"),
        components=linked_in(rows, "components", "component"),
        period=_period(row, "since", "until"),
        basis=literal_in(row, "basis"),
        in_force=_in_force(row),
        citations=cited.get(iri) or cited_by(rows),
        replaced_by=linked_in(rows, "replaced_by", "institution"),
    )


def _in_force(row: Binding) -> str:
    state = str(words_in(row, "in_force"))
    if state not in ("certain", "possible", "not-yet", "ended"):
        raise ValueError(f"The column 'in_force' is {state!r}: no certain, possible, not-yet or ended.")
    return state


def institutions_of(bindings: Rows, cited: Cited) -> tuple[Institution, ...]:
    return tuple(_institution(rows, cited) for rows in grouped(bindings, "institution").values())


def _institution(rows: Sequence[Binding], cited: Cited) -> Institution:
    row = rows[0]
    iri = iri_in(row, "institution")
    return Institution(
        iri=iri,
        name=words_in(row, "name"),
        acronym=text_in(row, "acronym"),
        country=iri_in(row, "country"),
        kind=iri_in(row, "kind"),
        components=linked_in(rows, "components", "component"),
        period=_period(row, "since", "until"),
        parent=optional_iri_in(row, "parent"),
        replaced_by=linked_in(rows, "replaced_by", "institution"),
        history=literal_in(row, "history"),
        website=text_in(row, "website"),
        citations=cited.get(iri, ()),
    )


def events_of(bindings: Rows, cited: Cited) -> tuple[Event, ...]:
    groups = sorted(grouped(bindings, "event").values(), key=lambda rows: _event_order(rows[0]))
    return tuple(_event(rows, cited) for rows in groups)


def _event_order(row: Binding) -> tuple[bool, str, str, str]:
    """In time order; an event without a date comes last, and ties stand by IRI."""
    start = text_in(row, "start_earliest")
    return start is None, start or "", text_in(row, "end") or "", iri_in(row, "event")


def _event(rows: Sequence[Binding], cited: Cited) -> Event:
    row = rows[0]
    iri = iri_in(row, "event")
    return Event(
        iri=iri,
        kind=iri_in(row, "kind"),
        period=_period(row, "start", "end"),
        status=iri_in(row, "status"),
        city=text_in(row, "city"),
        country=optional_iri_in(row, "held_in"),
        for_all=flag_in(row, "for_all"),
        link=text_in(row, "link"),
        axes=linked_in(rows, "axes", "axis"),
        components=linked_in(rows, "components", "component"),
        organisations=linked_in(rows, "organisations", "organisation"),
        description=literal_in(row, "description"),
        note=literal_in(row, "note"),
        citations=cited.get(iri, ()),
    )


def memberships_of(bindings: Rows, cited: Cited) -> tuple[Membership, ...]:
    return tuple(_membership(rows[0], cited) for rows in grouped(bindings, "membership").values())


def _membership(row: Binding, cited: Cited) -> Membership:
    iri = iri_in(row, "membership")
    return Membership(
        iri=iri,
        organisation=iri_in(row, "organisation"),
        acronym=text_in(row, "acronym"),
        country=iri_in(row, "country"),
        status=iri_in(row, "status"),
        period=_period(row, "since", "until"),
        as_of=literal_in(row, "as_of_source"),
        note=literal_in(row, "note"),
        citations=cited.get(iri, ()),
    )


def gaps_of(bindings: Rows, cited: Cited) -> tuple[Gap, ...]:
    return tuple(_gap(rows[0], cited) for rows in grouped(bindings, "gap").values())


def _gap(row: Binding, cited: Cited) -> Gap:
    iri = iri_in(row, "gap")
    said = words_in(row, "description")
    return Gap(iri, iri_in(row, "country"), iri_in(row, "axis"), said, cited.get(iri, ()))


def gap_cell_of(row: Binding) -> GapCell:
    return GapCell(iri_in(row, "country"), iri_in(row, "axis"), iri_in(row, "component"))


def statements_of(bindings: Rows, cited: Cited) -> tuple[Statement, ...]:
    """Those that speak of this country come first, then those that hold for all."""
    found = [_statement(rows[0], cited) for rows in grouped(bindings, "statement").values()]
    return tuple(sorted(found, key=lambda statement: statement.country is None))


def _statement(row: Binding, cited: Cited) -> Statement:
    iri = iri_in(row, "statement")
    return Statement(
        iri=iri,
        scope=iri_in(row, "scope"),
        description=words_in(row, "description"),
        value=text_in(row, "value"),
        country=optional_iri_in(row, "country_said"),
        note=literal_in(row, "note"),
        citations=cited.get(iri, ()),
    )


def _period(row: Binding, start: str, end: str) -> Period:
    precision = optional_iri_in(row, "precision")
    return Period(literal_in(row, start), literal_in(row, end), precision, flag_in(row, "inferred"))
