"""The roadmap of a country, put together from the rows of its queries."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
from graph_service.views.cells import iri_in, text_in
from graph_service.views.parts import (
    events_of,
    gap_cell_of,
    gaps_of,
    institutions_of,
    mandates_of,
    memberships_of,
    statements_of,
)
from graph_service.views.sources import citations, citations_in, sources_of
from graph_service.views.values import (
    Change,
    Mandate,
    Roadmap,
    RoadmapParts,
)

# What a roadmap should hold, and the column of `roadmaps/country` that would name it were it published.
_TO_BE_PUBLISHED = {"roadmap-document": "document", "requests": "requests", "indicators": "indicators"}
_FACTS = ("iso2", "iso3", "m49", "capital", "beneficiary", "visited", "named_in_seed", "note")


def roadmap(parts: RoadmapParts, *, as_of: str, then: str, language: str = "") -> Roadmap:
    """Put together all that is known of a country in the programme, and say what is not published.

    Args:
        parts: the rows of the queries in `roadmaps/`.
        as_of: the date of `parts.mandates`, `then` that of `parts.mandates_then`.
        language: in which to translate quotes.

    Raises:
        ValueError: the country has no roadmap, or a row lacks a column.
    """
    if not parts.country:
        raise ValueError("The country has no roadmap: the query roadmaps/country gave no row.")
    row, cited = parts.country[0], citations(parts.evidence, language)
    country, itself = iri_in(row, "country"), iri_in(row, "roadmap")
    own = (*cited.get(country, ()), *cited.get(itself, ()))
    events = events_of(parts.events, cited)
    institutions = institutions_of(parts.institutions, cited)
    mandates, mandates_then = mandates_of(parts.mandates, cited), mandates_of(parts.mandates_then, cited)
    memberships, gaps = memberships_of(parts.organisations, cited), gaps_of(parts.gaps, cited)
    statements = statements_of(parts.statements, cited)
    sections = (events, institutions, mandates, mandates_then, memberships, gaps, statements)
    return Roadmap(
        country=country,
        roadmap=itself,
        plan=iri_in(row, "plan"),
        programme=iri_in(row, "programme"),
        facts={name: text_in(row, name) or "" for name in _FACTS},
        identity=tuple(dict.fromkeys(str(iri_in(other, "identity")) for other in parts.identity)),
        events=events,
        institutions=institutions,
        mandates=mandates,
        mandates_then=mandates_then,
        changes=changes(mandates_then, mandates),
        then=then,
        as_of=as_of,
        memberships=memberships,
        gaps=gaps,
        gap_cells=tuple(gap_cell_of(cell) for cell in parts.gap_cells),
        statements=statements,
        not_published=tuple(part for part, column in _TO_BE_PUBLISHED.items() if column not in row),
        citations=own,
        sources=sources_of(chain(own, citations_in(*sections))),
    )


def changes(then: Iterable[Mandate], now: Iterable[Mandate]) -> tuple[Change, ...]:
    """Compare who covers an axis on two dates: `new` is in force now and was not, `ended` the reverse.

    In force means certainly or possibly; a body that began and ended between the two dates is no change.
    """
    before = {mandate.iri: _holds(mandate) for mandate in then}
    return tuple(
        _change(mandate, "new" if _holds(mandate) else "ended")
        for mandate in now
        if _holds(mandate) != before.get(mandate.iri, False)
    )


def _holds(mandate: Mandate) -> bool:
    return mandate.in_force in ("certain", "possible")


def _change(mandate: Mandate, what: str) -> Change:
    on = mandate.period.start if what == "new" else mandate.period.end
    return Change(mandate.axis, mandate.institution, mandate.name, what, on, mandate.replaced_by)
