"""Workbench: what the page for SPARQL shows beside the form: examples, the answer as table or picture, code to paste.

It holds what templates need and what they cannot make; the protocol itself is spoken elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from graph_service.errors import GraphServiceError
from graph_service.filling import filled_query, without_header
from graph_service.release import Release
from graph_service.terms import RDF_LANG_STRING, XSD_STRING, Iri, Literal, Term, choose, compact
from graph_service.views.charts import Charts, charts
from graph_service.web.language import later

VIEWS: Mapping[str, str] = {  # the ways in which a table can be seen
    "table": later("Table"),
    "bar": later("Bars"),
    "matrix": later("Matrix"),
    "map": later("Map"),
    "raw": later("Raw"),
}
PAGE_FIELDS: Mapping[str, Mapping[str, str]] = {  # what the page alone takes, for the description of the API
    "example": {"description": "of the page: a question of /queries to start from", "type": "string"},
    "find": {"description": "of the page: only examples with all of these words", "type": "string"},
    "view": {"description": f"of the page: the answer as {', '.join(VIEWS)}, where that suits it", "type": "string"},
}
SHOWN_ROWS, SHOWN_BYTES = 1000, 200_000
_TOKEN = re.compile(r"[\w:?$<>/#.-]+|\S")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a SELECT that a page shows, how many there are, and the pictures that suit them."""

    variables: tuple[str, ...]
    rows: tuple[Mapping[str, Term], ...]
    count: int
    charts: Charts
    raw: str  # as the protocol sends it, to be looked at; its beginning, where it is long

    @property
    def views(self) -> tuple[str, ...]:
        """The ways in which it can be seen."""
        return ("table", *self.charts.names, "raw")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a query near an error; the place of the error is taken out of the line that has it."""

    number: int
    before: str
    bad: str
    after: str


def table(release: Release, results: bytes) -> Table:
    """Read a table from the SPARQL JSON results format (SPARQL 1.1 Query Results JSON Format, 3).

    Pictures are made of whole answers only.
    """
    found = json.loads(results)
    variables, bindings = tuple(found["head"]["vars"]), found["results"]["bindings"]
    rows = tuple({name: _term(value) for name, value in row.items()} for row in islice(bindings, SHOWN_ROWS))
    countries = {member.iri for member in release.members("elp:Country")}
    pictures = charts(variables, rows, countries) if len(bindings) <= SHOWN_ROWS else Charts()
    return Table(variables, rows, len(bindings), pictures, results[:SHOWN_BYTES].decode("utf-8", errors="ignore"))


def _term(value: Mapping[str, Any]) -> Term:
    """A term of the SPARQL JSON results format."""
    if value["type"] == "uri":
        return Iri(value["value"])
    if value["type"] == "literal":
        language = value.get("xml:lang")
        return Literal(value["value"], language, value.get("datatype", RDF_LANG_STRING if language else XSD_STRING))
    return Literal(f"_:{value['value']}" if value["type"] == "bnode" else json.dumps(value["value"]))


def caption(release: Release, language: str, terms: Sequence[Term], length: int) -> str:
    """Terms as the caption of a picture: plain words, cut where they are too long."""
    found = (choose(release.labels(each), language) if isinstance(each, Iri) else each for each in terms)
    words = " · ".join(name.value if name else compact(str(term)) for name, term in zip(found, terms, strict=True))
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def example_text(release: Release, name: str, language: str) -> str:
    """A question of the catalogue as it runs, what it asks as a comment before it: with the examples of the values that
    it needs, so far as they exist."""
    query = release.question(name)
    needed = {each.name: each.example for each in query.parameters if each.required}
    try:
        text = filled_query(release, name, needed)
    except GraphServiceError:
        text = without_header(query.text)
    return f"# {' '.join(query.summary[language].split())}\n{text}"


def marked(text: str, line: int | None, column: int | None, *, behind: bool = False) -> Sequence[Line]:
    """The lines around an error, with its place.

    Args:
        line, column: how far the engine came, counted from 1; the end of a line where it saw all of it.
        behind: it stopped behind what is wrong, as it does at a prefix that is not declared.

    >>> marked("SELECT *\\nWHERE { ?s ?p }", 2, 16)[1]
    Line(number=2, before='WHERE { ?s ?p ', bad='}', after='')
    """
    lines = list(enumerate(text.splitlines(), 1))
    if line is None or not lines:
        return ()
    wrong = min(line, len(lines))
    at = (column if column and line == wrong else len(lines[wrong - 1][1]) + 1) - 1
    return [
        _line(number, words, at, behind=behind) if number == wrong else Line(number, words, "", "")
        for number, words in lines
        if abs(number - wrong) < 3
    ]


def _line(number: int, words: str, at: int, *, behind: bool) -> Line:
    """The line of an error: marked is the word at the place or next behind it, else the last one of the line."""
    found = list(_TOKEN.finditer(words))
    if not found:
        return Line(number, "", words or " ", "")
    before = [each for each in found if each.end() <= at]
    following = [each for each in found if each.end() > at]
    token = before[-1] if before and (behind or not following) else following[0]
    return Line(number, words[: token.start()], token[0], words[token.end() :])
