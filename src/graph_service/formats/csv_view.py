"""A view as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from graph_service.formats.common import Code, Label, slug_of
from graph_service.formats.table import csv_bytes
from graph_service.terms import (
    Iri,
    Literal,
    compact,
)
from graph_service.views import (
    Citation,
    Comparison,
    Coverage,
    Difference,
    Network,
    Record,
    Roadmap,
)

if TYPE_CHECKING:
    pass


def view_csv(
    view: Roadmap | Coverage | Comparison | Network | Record, label: Label, language: str = "en", code: Code = slug_of
) -> bytes:
    """Write a view as one table; see the functions below for its columns. Several slugs or
    addresses of a cell are joined by one space, several quotes, and their translations, by ` | `.
    Values are exact, as in `table_csv`.

    An Answer and a Listing have no table of their own: theirs is the result of their query, by `table_csv`.
    """
    writer = _CsvView(label, language, code)
    if isinstance(view, Roadmap):
        return csv_bytes(_ROADMAP_COLUMNS, _cells(writer.roadmap(view), _ROADMAP_COLUMNS))
    if isinstance(view, Coverage):
        more = _DIFFERENCE_COLUMNS if view.difference else ()
        return csv_bytes(("country", "axis", "institutions", *more), writer.coverage(view))
    if isinstance(view, Comparison):
        return csv_bytes(("country", "measure", "of", "value"), writer.comparison(view))
    if isinstance(view, Network):
        return csv_bytes(_NETWORK_COLUMNS, writer.network(view))
    if isinstance(view, Record):
        return csv_bytes(_RECORD_COLUMNS, _cells(writer.record(view), _RECORD_COLUMNS))
    raise TypeError(f"The table of {type(view).__name__} is that of its query: use table_csv.")


def _cells(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> Iterator[list[str]]:
    return ([row.get(name, "") for name in columns] for row in rows)


_ROADMAP_COLUMNS = (
    "section", "record", "name", "kind", "axis", "component", "start", "end", "status", "status_then",
    "text", "certainty", "source", "url", "quote", "quote_translation",
)  # fmt: skip
_DIFFERENCE_COLUMNS = ("compared_to", "before", "change", "gained", "lost")
_NETWORK_COLUMNS = ("one", "one_kind", "other", "other_kind", "link", "times", "records")
_RECORD_COLUMNS = (
    "section", "property", "value", "language", "certainty", "source", "url", "quote", "quote_translation",
)  # fmt: skip


class _CsvView:
    """Lays the values of a view out as rows of text."""

    def __init__(self, label: Label, language: str, code: Code) -> None:
        self.code = code
        self.name: Callable[[Iri], str] = lambda iri: label(iri, language)

    def roadmap(self, view: Roadmap) -> Iterator[dict[str, str]]:
        """One row per fact, event, institution, mandate, change, membership, gap, statement and source.

        `section` says which; `status_then` of a mandate is its state in the year that the plan is for.
        """
        yield from self.identity(view)
        yield from self.events(view)
        yield from self.institutions(view)
        yield from self.mandates(view)
        yield from self.changes(view)
        yield from self.memberships(view)
        yield from self.gaps(view)
        yield from self.statements(view)
        yield from self.sources(view)

    def identity(self, view: Roadmap) -> Iterator[dict[str, str]]:
        start = {"section": "country", "record": self.code(view.country)}
        yield start | {"name": self.name(view.country), **self.cited(view.citations)}
        for name, text in view.facts.items():
            yield start | {"section": "fact", "name": name, "text": text}
        for iri in view.identity:
            yield start | {"section": "identity", "text": iri}

    def events(self, view: Roadmap) -> Iterator[dict[str, str]]:
        for event in view.events:
            yield {
                "section": "event",
                "record": self.code(event.iri),
                "name": self.name(event.iri),
                "kind": self.code(event.kind),
                "axis": self.codes(event.axes),
                "component": self.codes(event.components),
                "start": _plain(event.period.start),
                "end": _plain(event.period.end),
                "status": self.code(event.status),
                "text": _plain(event.description),
                **self.cited(event.citations),
            }

    def institutions(self, view: Roadmap) -> Iterator[dict[str, str]]:
        for institution in view.institutions:
            yield {
                "section": "institution",
                "record": self.code(institution.iri),
                "name": institution.name.value,
                "kind": self.code(institution.kind),
                "component": self.codes(institution.components),
                "start": _plain(institution.period.start),
                "end": _plain(institution.period.end),
                "text": _plain(institution.history),
                **self.cited(institution.citations),
            }

    def mandates(self, view: Roadmap) -> Iterator[dict[str, str]]:
        then = {mandate.iri: mandate.in_force for mandate in view.mandates_then}
        for mandate in view.mandates:
            yield {
                "section": "mandate",
                "record": self.code(mandate.iri),
                "name": mandate.name.value,
                "kind": self.code(mandate.kind),
                "axis": self.code(mandate.axis),
                "component": self.codes(mandate.components),
                "start": _plain(mandate.period.start),
                "end": _plain(mandate.period.end),
                "status": mandate.in_force,
                "status_then": then.get(mandate.iri, ""),
                "text": _plain(mandate.basis),
                **self.cited(mandate.citations),
            }

    def changes(self, view: Roadmap) -> Iterator[dict[str, str]]:
        for change in view.changes:
            side = "start" if change.what == "new" else "end"
            yield {
                "section": "change",
                "record": self.code(change.institution),
                "name": change.name.value,
                "axis": self.code(change.axis),
                side: _plain(change.on),
                "status": change.what,
                "text": self.codes(change.replaced_by),
            }

    def memberships(self, view: Roadmap) -> Iterator[dict[str, str]]:
        for membership in view.memberships:
            yield {
                "section": "membership",
                "record": self.code(membership.iri),
                "name": self.name(membership.organisation),
                "start": _plain(membership.period.start),
                "end": _plain(membership.period.end),
                "status": self.code(membership.status),
                "text": _plain(membership.note),
                **self.cited(membership.citations),
            }

    def gaps(self, view: Roadmap) -> Iterator[dict[str, str]]:
        for gap in view.gaps:
            yield {
                "section": "gap",
                "record": self.code(gap.iri),
                "axis": self.code(gap.axis),
                "text": gap.description.value,
                **self.cited(gap.citations),
            }
        for cell in view.gap_cells:
            yield {
                "section": "gap-cell",
                "axis": self.code(cell.axis),
                "component": self.code(cell.component),
                "certainty": "derived",
            }

    def statements(self, view: Roadmap) -> Iterator[dict[str, str]]:
        for statement in view.statements:
            yield {
                "section": "statement",
                "record": self.code(statement.iri),
                "kind": self.code(statement.scope),
                "text": statement.description.value,
                **self.cited(statement.citations),
            }
        for part in view.not_published:
            yield {"section": "not-published", "name": part}

    def sources(self, view: Roadmap) -> Iterator[dict[str, str]]:
        for source in view.sources:
            yield {"section": "source", "name": source.title, "start": _plain(source.date)} | {
                "record": self.code(source.source),
                "url": source.url or "",
                "quote": _plain(source.quote),
                "quote_translation": _plain(source.translation),
            }

    def coverage(self, view: Coverage) -> Iterator[tuple[str, ...]]:
        """One row per cell, so that the columns do not depend on how many axes there are."""
        if view.difference:
            yield from self.difference(view.difference)
            return
        for country in view.countries:
            for axis in view.axes:
                yield self.code(country), self.code(axis), str(view.counts[country, axis])

    def difference(self, view: Difference) -> Iterator[tuple[str, ...]]:
        """One row per cell: what it counts now, what at the other date, and how it came about."""
        for cell in view.cells:
            counts = (cell.before, cell.change, cell.gained, cell.lost)
            yield (
                self.code(cell.country),
                self.code(cell.axis),
                str(cell.after),
                view.compared_to,
                *(str(count) for count in counts),
            )

    def network(self, view: Network) -> Iterator[tuple[str, ...]]:
        """One row per link, each end with its kind: every node has a link."""
        kinds = {node.iri: node.kind for node in view.nodes}
        for link in view.ties:
            ends = ((self.code(end), kinds[end]) for end in (link.one, link.other))
            yield (*chain.from_iterable(ends), link.kind, str(link.strength), self.codes(link.records))

    def comparison(self, view: Comparison) -> Iterator[tuple[str, ...]]:
        """One row per country and measure: institutions, coverage of an axis, events, membership, gaps."""
        for profile in view.profiles:
            country = self.code(profile.country)
            yield country, "institutions", "", str(profile.institutions)
            for axis in view.axes:
                yield country, "coverage", self.code(axis), str(profile.coverage[axis])
            for cell in profile.cells:
                yield country, "coverage-by-component", self.codes((cell.axis, cell.component)), str(cell.institutions)
            yield country, "events", "", str(profile.events)
            yield country, "announced", "", str(profile.announced)
            for membership in profile.memberships:
                yield country, "membership", self.code(membership.organisation), self.code(membership.status)
            yield country, "gaps", "", str(profile.gaps)
            for gap in profile.told_gaps:
                yield country, "gap", self.code(gap.axis), self.code(gap.iri)

    def record(self, view: Record) -> Iterator[dict[str, str]]:
        """One row per value, record that points here, property not recorded, evidence, and value in dispute."""
        for kind in view.types:
            yield {"section": "statement", "property": "rdf:type", "value": compact(kind)}
        for row in view.rows:
            for value in row.values:
                language = (value.language or "") if isinstance(value, Literal) else ""
                told = {"value": str(value), "language": language}
                yield {"section": "statement", "property": compact(row.property), **told}
        for incoming in view.incoming:
            yield {"section": "incoming", "property": compact(incoming.property), "value": str(incoming.subject)}
        for missing in view.missing:
            yield {"section": "not-recorded", "property": compact(missing)}
        for citation in view.citations:
            supports = " ".join(compact(iri) for iri in citation.supports)
            yield {"section": "evidence", "property": supports, **self.cited([citation])}
        for reading in view.readings:
            for citation in reading.citations:
                told = {"property": "elp:value", "value": reading.value}
                yield {"section": "disagreement", **told, **self.cited([citation])}

    def codes(self, iris: Iterable[Iri]) -> str:
        return " ".join(self.code(iri) for iri in iris)

    def cited(self, citations: Sequence[Citation]) -> dict[str, str]:
        """Certainties, sources and addresses in one order; the sentences without repeats, each with its translation."""
        quotes = {citation.quote.value: _plain(citation.translation) for citation in citations if citation.quote}
        return {
            "certainty": self.codes(dict.fromkeys(citation.certainty for citation in citations)),
            "source": self.codes(dict.fromkeys(citation.source for citation in citations)),
            "url": " ".join(dict.fromkeys(citation.url for citation in citations if citation.url)),
            "quote": " | ".join(quotes),
            "quote_translation": " | ".join(quotes.values()) if any(quotes.values()) else "",
        }


def _plain(literal: Literal | None) -> str:
    return literal.value if literal else ""
