"""Gating: whether what is staged may be published: the shapes find no violation, no statement stands twice."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from graph_service.errors import DataRefused, DoesNotConform
from graph_service.looking import look_in
from graph_service.reach import reach_of
from graph_service.store.embedded import EmbeddedStore, parse_rdf
from graph_service.terms import DEFAULT_GRAPH, Quad, Triple, compact
from graph_service.validation import ValidationReport, validate, validate_file

SHAPES = "ontology/shapes.ttl"
_BITS = 64  # of the filter, for each triple


def gate(store: EmbeddedStore, project: Path, *, union: bool = True, folder: Path | None = None) -> ValidationReport:
    """Let through only what conforms.

    Args:
        union: whether queries see all graphs as one, so that a triple may stand in one of them only.
        folder: where to put a file with all triples meanwhile; the system's own for such files by default.

    Raises:
        DataRefused: a triple stands in two graphs.
        DoesNotConform: the shapes find violations.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="gate-") as made:
        triples = Path(made) / "data.nt"
        with triples.open("wb") as out:
            for graph in (*store.graphs(), DEFAULT_GRAPH):
                store.dump_graph(graph, out)
        if union:
            refuse_doubles(store, _perhaps_twice(triples, len(store)))
        report = validate_file(triples, shapes_text(project))
    if not report.conforms:
        raise DoesNotConform(report)
    return report


def gate_where_reached(
    store: EmbeddedStore,
    before: EmbeddedStore,
    project: Path,
    changes: Iterable[tuple[bool, Quad]],
    counts: Mapping[str, int],
    *,
    union: bool = True,
) -> Mapping[str, int]:
    """Let through only what conforms, where what it was made from does and was let through by the same shapes.

    Only what the change can reach is validated: as it was, and as it is.

    Args:
        store, before: with what follows by rule.
        changes: what was added, and removed.
        counts: how many findings of each severity there were before.

    Returns:
        how many there are.

    Raises:
        DataRefused, DoesNotConform: as `gate`; the report tells of what was reached.
        Unanalysable, TooMany: the whole has to be validated.
    """
    changed = [(added, quad[:3]) for added, quad in changes]
    if union:
        refuse_doubles(store, (triple for added, triple in changed if added))
    shapes = shapes_text(project)
    reach, looks = reach_of(shapes), (look_in(before), look_in(store))
    reached = reach.reached(changed, *looks)
    if not reached:
        return counts
    graphs = (reach.neighbourhood(reached, look) for look in looks)
    was, now = (reach.of_reached(validate(graph, shapes).findings, reached) for graph in graphs)
    report = ValidationReport(now)
    if not report.conforms:
        raise DoesNotConform(report)
    there = Counter(counts)
    there.subtract(ValidationReport(was).counts)
    there.update(report.counts)
    return dict(there)


def shapes_text(project: Path) -> str:
    """The shapes of a project."""
    return (project / SHAPES).read_text(encoding="utf-8")


def refuse_doubles(store: EmbeddedStore, triples: Iterable[Triple]) -> None:
    """Refuse a triple that stands in two graphs: the engine would count it twice; DataRefused names both."""
    for triple in triples:
        graphs = sorted(compact(quad[3]) for quad in store.match(*triple))
        if len(graphs) > 1:
            statement = " ".join(compact(str(part)) for part in triple)
            first, second = graphs[:2]
            raise DataRefused(f"The statement {statement} stands in two graphs, {first} and {second}: remove one.")


def _perhaps_twice(triples: Path, count: int) -> Iterable[Triple]:
    """The triples of a file that may stand in it twice: a few too many, none too few, in flat memory (Bloom, 1970)."""
    size = 1 << max(16, (count * _BITS).bit_length())
    seen = bytearray(size >> 3)
    with triples.open("rb") as file:
        for line in file:
            place = hash(line) % size
            byte, bit = place >> 3, 1 << (place & 7)
            if seen[byte] & bit:
                yield from parse_rdf(line, "data.nt", "nt")
            seen[byte] |= bit
