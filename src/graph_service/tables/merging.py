"""Merging: drafts take the place of what a table said before; everything else on a record stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from graph_service.errors import TableFinding, TablesRefused
from graph_service.tables.description import Description
from graph_service.tables.drafting import EVIDENCE, Draft, evidence_name, slug_of
from graph_service.tables.records import Graph
from graph_service.tables.sheets import Sheet
from graph_service.terms import (
    ELP,
    Iri,
)
from graph_service.turtle import Fact


@dataclass(frozen=True, slots=True)
class TableCount:
    """What one table did; `gone` are records of its class that no table of the folder holds any more."""

    table: str
    rows: int
    added: int
    changed: int
    unchanged: int
    gone: tuple[str, ...] = ()


def merge(
    graph: Graph, drafts: Sequence[Draft], sheets: Sequence[Sheet], description: Description, *, prune: bool = False
) -> list[TableCount]:
    """Put the drafts into the graph and count what changed.

    Raises:
        TablesRefused: with `prune`, a record that would be removed is still referred to.
    """
    effects: dict[str, list[str]] = {sheet.table.url: [] for sheet in sheets}
    for each in drafts:
        effects[each.table.url].append(_apply(graph, each))
    gone = _gone(graph, {each.subject for each in drafts}, effects.keys(), description)
    if prune:
        _prune(graph, gone)
    return [
        TableCount(
            url,
            len(found),
            found.count("added"),
            found.count("changed"),
            found.count("unchanged"),
            tuple(slug_of(subject) for subject in gone.get(url, ())),
        )
        for url, found in effects.items()
    ]


def _apply(graph: Graph, each: Draft) -> str:
    place, unchanged = graph.place.get(each.subject), leaves_unchanged(graph, each)
    stale, facts = _stale(graph, each), _facts(graph, each)
    for name in stale - each.evidence.keys():
        graph.remove(name)
    graph.put(each.subject, facts, each.file)
    for name, said in each.evidence.items():
        graph.put(name, said, each.file)
    if place is None:
        return "added"
    return "unchanged" if unchanged and each.file == place else "changed"


def leaves_unchanged(graph: Graph, each: Draft) -> bool:
    """Tell whether the graph says already, and no more than, what a draft would put there; files apart."""
    before = {name: graph.facts(name) for name in _stale(graph, each)}
    return (_facts(graph, each), each.evidence) == (graph.facts(each.subject), before)


def _stale(graph: Graph, each: Draft) -> set[Iri]:
    """Find the evidence that the draft replaces."""
    return {name for name in _evidence_names(graph.facts(each.subject)) if _is_owned(name, each, graph)}


def _facts(graph: Graph, each: Draft) -> frozenset[Fact]:
    """Return what will be said of the record: the draft's facts, and those that its table does not own."""
    old, stale = graph.facts(each.subject), _stale(graph, each)
    return frozenset(fact for fact in old if not each.table.owns(fact) and fact[1] not in stale) | each.facts


def _evidence_names(facts: Iterable[Fact]) -> Iterator[Iri]:
    return (value for name, value in facts if name == EVIDENCE and isinstance(value, Iri))


def _is_owned(name: Iri, each: Draft, graph: Graph) -> bool:
    """Tell whether evidence bears a name that the table gives; evidence under another name was added by hand."""
    suffixes = [rule.suffix for rule in each.table.evidence if rule.suffix]
    if any(not rule.suffix for rule in each.table.evidence):
        suffixes += [slug_of(v) for p, v in graph.facts(name) if p == ELP + "source" and isinstance(v, Iri)]
    return any(name == evidence_name(each.subject, suffix) for suffix in suffixes)


def _gone(graph: Graph, held: Set[Iri], present: Set[str], description: Description) -> dict[str, list[Iri]]:
    """Find the records that no row holds any more, under the last table of their class.

    A class that several tables share is looked at only when all of them are there.
    """
    homes: dict[Iri, list[str]] = {}
    for table in description.values():
        if table.types:
            homes.setdefault(table.types[0], []).append(table.url)
    whole = {kind: urls[-1] for kind, urls in homes.items() if present >= set(urls)}
    gone: dict[str, list[Iri]] = {}
    for subject in sorted(graph.place.keys() - held):
        for kind in graph.belongs(subject) & whole.keys():
            gone.setdefault(whole[kind], []).append(subject)
    return gone


def _prune(graph: Graph, gone: Mapping[str, Sequence[Iri]]) -> None:
    removed = frozenset(subject for subjects in gone.values() for subject in subjects)
    for subject in removed:
        for name in list(_evidence_names(graph.facts(subject))):
            graph.remove(name)
        graph.remove(subject)
    tables = {subject: url for url, subjects in gone.items() for subject in subjects}
    findings = [
        TableFinding(tables[lost], 1, "(removed row)", f"{slug_of(lost)} is still referred to by {slug_of(subject)}.")
        for subject, lost in sorted(graph.referring(removed))
    ]
    if findings:
        raise TablesRefused(findings)
