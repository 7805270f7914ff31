"""Questions: the catalogue in groups, as pages list it, and the search in it. Pure; no HTTP, no query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from graph_service.catalogue import QueryFile
from graph_service.terms import fold
from graph_service.web.language import later, translations

# folders of the queries as people read them; any other is shown as it is written
GROUPS: Mapping[str, str] = {
    "axes": later("Axes"),
    "countries": later("Countries"),
    "coverage": later("Coverage"),
    "events": later("Activities"),
    "evidence": later("Evidence"),
    "institutions": later("Institutions"),
    "network": later("Network"),
    "organisations": later("Regional organisations"),
    "partners": later("Partners"),
    "plan": later("Action plan"),
    "quality": later("Quality of the data"),
    "records": later("Records"),
    "roadmaps": later("Roadmaps"),
    "sources": later("Sources"),
    "statistics": later("Figures of the graph"),
    "vocabulary": later("Vocabulary"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of one folder."""

    name: str
    words: str
    queries: tuple[QueryFile, ...]


def groups(catalogue: Iterable[QueryFile], language: str, find: str = "") -> tuple[Group, ...]:
    """The questions in which all words that are looked for stand, by folder; all of them where none are."""
    say = translations(language).gettext
    found = [query for query in catalogue if _has(query, find)]
    return tuple(
        Group(name, say(GROUPS[name]) if name in GROUPS else name, tuple(queries))
        for name, queries in groupby(found, lambda query: query.name.split("/")[0])
    )


def _has(query: QueryFile, find: str) -> bool:
    """Whether a question has all words, in its name, its summary in any language, its tags or its parameters."""
    parameters = [each.name for each in query.parameters]
    text = fold(" ".join((query.name, *query.summary.values(), *query.tags, *parameters)))
    return all(word in text for word in fold(find).split())
