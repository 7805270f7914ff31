"""What was done on a question: the activities, those that cannot be placed in time, and what no source assigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graph_service.terms import Iri
from graph_service.views.cells import Rows, flag_in, grouped
from graph_service.views.parts import events_of
from graph_service.views.sources import Cited, citations_in, cited_by, sources_of
from graph_service.views.values import Citation, Event


@dataclass(frozen=True, slots=True)
class Activities:
    """Which activities there were or are planned: on what, where, when."""

    parameters: Mapping[str, str]  # as understood: slugs and codes
    as_of: str | None  # the day, month or year in which they took place; None: at any time
    activities: tuple[Event, ...]  # in time order; those without a date last
    possible: tuple[Iri, ...]  # those of them whose date leaves room for another time
    undated: tuple[Event, ...]  # fit the question, but have no date where it asks for a time
    unassigned: Mapping[str, int]  # axis, component → how many fit all else, and no source names one
    sources: tuple[Citation, ...] = ()  # every source once
    left_aside: Mapping[str, str] = field(default_factory=dict)  # parameters that do not apply, as given


def activities(
    found: Rows,
    at_any_time: Rows,
    *,
    parameters: Mapping[str, str],
    as_of: str | None,
    unassigned: Mapping[str, int],
    left_aside: Mapping[str, str],
) -> Activities:
    """Say what was done or is planned, and what of it cannot be told for want of a date.

    Args:
        found: rows of `events/by`, one per event and evidence.
        at_any_time: the same question without its time; none where it has none.

    Raises:
        ValueError: a row lacks a column.
    """
    rows, others = list(found), [row for row in at_any_time if "start_earliest" not in row]
    shown, undated = events_of(rows, _cited(rows)), events_of(others, _cited(others))
    less_sure = {iri for iri, own in grouped(rows, "event").items() if flag_in(own[0], "possible")}
    return Activities(
        parameters=dict(parameters),
        as_of=as_of,
        activities=shown,
        possible=tuple(each.iri for each in shown if each.iri in less_sure),
        undated=undated,
        unassigned=dict(unassigned),
        sources=sources_of(citations_in(shown, undated)),
        left_aside=dict(left_aside),
    )


def unassigned(open_rows: Rows, column: str) -> int:
    """How many events have nothing in a column: of the same question with that part left open."""
    return sum(column not in rows[0] for rows in grouped(open_rows, "event").values())


def _cited(rows: Rows) -> Cited:
    return {event: cited_by(own) for event, own in grouped(rows, "event").items()}
