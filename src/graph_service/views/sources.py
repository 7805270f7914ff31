"""Who says what: evidence gathered by record, and the numbered sources of a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from graph_service.terms import Binding, Iri, Literal, compact

if TYPE_CHECKING:
    pass
from graph_service.views.cells import Rows, grouped, iri_in, literal_in, text_in
from graph_service.views.values import Citation, Event, Gap, Institution, Mandate, Membership, Statement

Cited: TypeAlias = Mapping[Iri, tuple[Citation, ...]]  # record → who says it


def citations(bindings: Rows, language: str = "") -> Cited:
    """Gather the evidence of each record, in the order of the rows; repeats count once.

    Args:
        bindings: rows of `roadmaps/evidence` or `records/evidence`, one per evidence and translation of its quote.
        language: which of the translations to keep.

    >>> from graph_service.terms import Literal, record_iri
    >>> gap, page = record_iri("gap", "pe-gender"), record_iri("source", "page")
    >>> row = {"record": gap, "evidence": Iri("e:1"), "source": page, "certainty": Iri("c:checked")}
    >>> [citation.title for citation in citations([row, row])[gap]]
    ['page']
    """
    return {record: cited_by(rows, language) for record, rows in grouped(bindings, "record").items()}


def sources_of(cited: Iterable[Citation]) -> tuple[Citation, ...]:
    """List every source and sentence once, those with a sentence first, else in order of first use.

    A source that is quoted with three sentences stands there three times, so that a footnote leads to the
    words that carry the statement. Certainty belongs to the statement: take it from there, not from here.
    """
    once: dict[tuple[Iri, Literal | None], Citation] = {}
    for citation in cited:
        once.setdefault((citation.source, citation.quote), citation)
    return tuple(sorted(once.values(), key=lambda citation: citation.quote is None))


def cited_by(rows: Rows, language: str = "") -> tuple[Citation, ...]:
    """Citations of one record, from rows that name evidence and source; of translations, the one in a language.

    Rows of releases that know no translations have no such column.
    """
    found: dict[Citation, Literal | None] = {}
    for row in rows:
        if "evidence" in row:
            citation, translation = _citation(row), literal_in(row, "translation")
            found.setdefault(citation, None)
            if translation and translation.language == language:
                found[citation] = translation
    return tuple(replace(citation, translation=translation) for citation, translation in found.items())


def _citation(row: Binding) -> Citation:
    source = iri_in(row, "source")
    return Citation(
        evidence=iri_in(row, "evidence"),
        source=source,
        title=text_in(row, "title") or text_in(row, "source_title") or compact(source),
        publisher=text_in(row, "publisher"),
        url=text_in(row, "url") or text_in(row, "source_url"),
        language=text_in(row, "language"),
        date=literal_in(row, "date"),
        quote=literal_in(row, "quote"),
        translation=None,
        certainty=iri_in(row, "certainty"),
        supports=tuple(Iri(iri) for iri in (text_in(row, "supports") or "").split()),
    )


def citations_in(
    *sections: Iterable[Institution | Mandate | Event | Membership | Gap | Statement],
) -> Iterable[Citation]:
    return (citation for section in sections for record in section for citation in record.citations)
