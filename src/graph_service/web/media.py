"""Media: the formats that addresses answer in, and the choice among them by Accept. Pure; no request, no graph."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from graph_service.errors import GraphServiceError


@dataclass(frozen=True, slots=True)
class Format:
    """A format that some address can answer in; its name is also its suffix."""

    name: str
    media_type: str
    title: str


HTML = Format("html", "text/html", "HTML")
JSON = Format("json", "application/json", "JSON")
CSV = Format("csv", "text/csv", "CSV")
TTL = Format("ttl", "text/turtle", "Turtle")
JSONLD = Format("jsonld", "application/ld+json", "JSON-LD")
NT = Format("nt", "application/n-triples", "N-Triples")
RDF = Format("rdf", "application/rdf+xml", "RDF/XML")
TRIG = Format("trig", "application/trig", "TriG")
NQ = Format("nq", "application/n-quads", "N-Quads")
ATOM = Format("atom", "application/atom+xml", "Atom")
SVG = Format("svg", "image/svg+xml", "SVG")
MD = Format("md", "text/markdown", "Markdown")
LINK_FORMAT = Format("link", "application/link-format", "Link format")
CSVS = Format("csv.zip", "application/zip", "CSV (zip)")
XLSX = Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX")
RQ = Format("rq", "application/sparql-query", "SPARQL")
CSVM = Format("json", "application/csvm+json", "CSV on the Web")
FORMATS = {
    each.name: each for each in (HTML, JSON, CSV, XLSX, TTL, JSONLD, NT, RDF, TRIG, NQ, ATOM, LINK_FORMAT, SVG, MD, RQ)
}
RDF_FORMATS = (TTL, JSONLD, NT, RDF)
# those of a question by what it answers: a table, or statements; the first is for clients without a preference
TABLE_OF_QUESTION = (JSON, CSV, HTML, *RDF_FORMATS, RQ)
GRAPH_OF_QUESTION = (*RDF_FORMATS, HTML, RQ)


class NotAcceptable(GraphServiceError):
    """Nothing that the client accepts is offered here; `offered` lists what is (RFC 9110, 15.5.7)."""

    slug, title = "not-acceptable", "No acceptable format"

    def __init__(self, offered: Sequence[Format]) -> None:
        types = ", ".join(each.media_type for each in offered)
        super().__init__(f"This address answers in {types}.")
        self.offered = tuple(each.media_type for each in offered)


class UnknownFormat(GraphServiceError):
    """The suffix of the address names a format that is not offered here."""

    slug, title = "unknown-format", "Unknown format"

    def __init__(self, suffix: str, offered: Sequence[Format]) -> None:
        suffixes = ", ".join(f".{each.name}" for each in offered)
        super().__init__(f"This address has no format .{suffix}. It has {suffixes}.")
        self.offered = tuple(each.media_type for each in offered)


def tabular(offered: Sequence[Format]) -> tuple[Format, ...]:
    """The formats of an address, with XLSX after CSV: each table of ours is also a spreadsheet.

    Results of the SPARQL protocol are not: they have the formats that it names.

    >>> [each.name for each in tabular([HTML, CSV, TTL])], [each.name for each in tabular([HTML, TTL])]
    (['html', 'csv', 'xlsx', 'ttl'], ['html', 'ttl'])
    """
    if XLSX in offered or any("sparql-results" in each.media_type for each in offered):
        return tuple(offered)
    return tuple(one for each in offered for one in ((CSV, XLSX) if each == CSV else (each,)))


def negotiate(accept: str, offered: Sequence[Format]) -> Format:
    """Choose a format by Accept (RFC 9110, 12.5.1): quality, then how closely it is named, then our order.

    >>> negotiate("text/turtle;q=0.5, application/*;q=0.8", [HTML, TTL, JSON]).name
    'json'
    """
    ranges = _ranges(accept) or [("*/*", 1.0)]
    best, best_rank = None, (0.0, 0)
    for each in offered:
        matching = [(_closeness(text, each.media_type), quality) for text, quality in ranges]
        closeness, quality = max(matching, key=lambda match: match[0])
        rank = (quality if closeness else 0.0, closeness)
        if rank > best_rank and rank[0] > 0:
            best, best_rank = each, rank
    if best is None:
        raise NotAcceptable(offered)
    return best


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Read the media ranges of an Accept header, without their parameters; unreadable ones are passed over."""
    found = []
    for part in re.findall(r'(?:[^,"]|"(?:\\.|[^"\\])*")+', accept):
        media_range, *parameters = [piece.strip() for piece in part.split(";")]
        weight = next((p[2:] for p in parameters if p.lower().startswith("q=")), "1")
        if "/" in media_range and re.fullmatch(r"[01](\.\d{0,3})?", weight):
            found.append((media_range.lower(), min(float(weight), 1.0)))
    return found


def _closeness(media_range: str, media_type: str) -> int:
    """3: the type itself, 2: its family, 1: anything, 0: no match."""
    if media_range == media_type:
        return 3
    if media_range == f"{media_type.partition('/')[0]}/*":
        return 2
    return 1 if media_range == "*/*" else 0
