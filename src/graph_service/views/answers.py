"""Who covers what: the analyst's question answered, and the matrix of counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from graph_service.errors import UnknownTerm, nearest
from graph_service.terms import Iri, compact

if TYPE_CHECKING:
    pass
from graph_service.views.cells import Rows, count_in, grouped, iri_in
from graph_service.views.parts import mandates_of
from graph_service.views.sources import citations, citations_in, sources_of
from graph_service.views.values import Answer, Coverage


def answer(
    in_force: Rows,
    left_out: Rows,
    *,
    parameters: Mapping[str, str],
    as_of: str,
    evidence: Rows = (),
    left_aside: Mapping[str, str] | None = None,
) -> Answer:
    """Say who covers what, and who does not although a source names them.

    Args:
        in_force: rows of `institutions/by-axis`, one per mandate and evidence.
        left_out: rows of `institutions/left-out`: the same question, mandates not in force then.
        parameters, as_of: the question as it was understood.
        left_aside: what was given and does not apply.
        evidence: rows of `…/evidence` where the page wants quotes; else the sources come with the rows.

    Raises:
        ValueError: a row lacks a column, or its `in_force` is none of the four words.
    """
    cited = citations(evidence)
    mandates, others = mandates_of(in_force, cited), mandates_of(left_out, cited)
    return Answer(
        parameters=dict(parameters),
        as_of=as_of,
        mandates=mandates,
        left_out=others,
        start_not_recorded=sum(mandate.period.start is None for mandate in mandates),
        sources=sources_of(citations_in(mandates, others)),
        left_aside=dict(left_aside or {}),
    )


def coverage(
    bindings: Rows,
    countries: Sequence[Iri] | None = None,
    axes: Sequence[Iri] | None = None,
    *,
    component: Iri | None = None,
    as_of: str,
) -> Coverage:
    """Lay out the institutions per country and axis: countries by code, axes in the order given.

    A zero is a gap in the sources, not proof of absence: callers must show it as such.

    Args:
        bindings: rows of `coverage/matrix`: `country`, `axis`, `institutions`; a cell without a row is 0.
        countries, axes: every row and column to show; left out, those that the rows name, as they come.

    Raises:
        UnknownTerm: a row names a country or axis that is not among those given.
        ValueError: a cell has two rows, or its count is not a number.

    >>> from graph_service.terms import Literal, record_iri
    >>> peru, gender = record_iri("country", "PE"), record_iri("axis", "gender")
    >>> row = {"country": peru, "axis": gender, "institutions": Literal("3")}
    >>> coverage([row], [peru], [gender], as_of="2018").row_total(peru)
    3
    """
    rows = list(bindings)
    shown = sorted(countries if countries is not None else grouped(rows, "country"), key=compact)
    across = tuple(axes if axes is not None else grouped(rows, "axis"))
    counts = {(country, axis): 0 for country in shown for axis in across}
    seen: set[tuple[Iri, Iri]] = set()
    for row in rows:
        cell = (iri_in(row, "country"), iri_in(row, "axis"))
        if cell not in counts:
            raise _unknown_cell(cell, shown, across)
        if cell in seen:
            raise ValueError(f"The cell {compact(cell[0])}/{compact(cell[1])} has two rows.")
        seen.add(cell)
        counts[cell] = count_in(row, "institutions")
    return Coverage(tuple(shown), across, counts, component, as_of)


def _unknown_cell(cell: tuple[Iri, Iri], countries: Sequence[Iri], axes: Sequence[Iri]) -> UnknownTerm:
    kind, place, known = ("axis", 1, axes) if cell[0] in countries else ("country", 0, countries)
    given = compact(cell[place])
    return UnknownTerm(kind, given=given, near=nearest(given, [compact(iri) for iri in known]))
