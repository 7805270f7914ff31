"""Trial: what the shapes would say of some statements, were they published. Nothing is stored, nothing fetched."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from graph_service.asking import once_per_release
from graph_service.deriving import derive
from graph_service.errors import DataRefused, QueryRefused
from graph_service.gating import SHAPES
from graph_service.release import Release
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.tokens import mentions
from graph_service.terms import SH, Iri, Literal, Triple, graph_iri, ntriple
from graph_service.validation import Finding, ValidationReport, check_shapes, validate

UPLOAD = graph_iri("upload")  # where statements go that name no graph
SPARQL_OF_SHAPES = {f"{SH}{name}" for name in ("select", "ask", "construct", "update")}


def with_release(checkpoint: Path, project: Path, graphs: Mapping[Iri, set[Triple]]) -> ValidationReport:
    """Validate graphs together with a release, as a load would: each stands in the place of the graph of its name.

    Args:
        checkpoint, project: the folders of the release.

    Raises:
        DataRefused: a triple term, which the shapes cannot see.
    """
    for triples in graphs.values():
        _refuse_triple_terms(triples)
    with tempfile.TemporaryDirectory() as folder:
        EmbeddedStore.open(checkpoint).checkpoint(Path(folder) / "store")  # checkpoints share their files
        store = EmbeddedStore.create(Path(folder) / "store")
        for graph, triples in graphs.items():
            store.replace_graph(graph, triples)
        derive(store, project, datetime.datetime.now(datetime.UTC).date())
        kept = {(s, p, o) for s, p, o, graph in store.quads() if graph not in graphs}
        store.close()
    sent = set[Triple]().union(*graphs.values())
    # what was sent as it was written, not as the store keeps it
    return validate(kept | sent, (project / SHAPES).read_text(encoding="utf-8"))


@once_per_release
def known(release: Release) -> frozenset[Finding]:
    """What the shapes say of the release itself, whatever was sent."""
    triples = ((s, p, o) for s, p, o, _ in release.store.quads())
    return frozenset(validate(triples, release.file(SHAPES).decode()).findings)


def with_shapes(triples: Iterable[Triple], shapes: Iterable[Triple]) -> ValidationReport:
    """Validate statements against shapes that came with them, and nothing else.

    Raises:
        ShapesError: the shapes are not valid SHACL.
        QueryRefused: a query in them would fetch from elsewhere.
        DataRefused: a triple term, which shapes cannot see.
    """
    data, rules = set(triples), set(shapes)
    _refuse_triple_terms(data | rules)
    for _, predicate, value in rules:
        is_query = predicate in SPARQL_OF_SHAPES and isinstance(value, Literal)
        if is_query and mentions(str(value), ("SERVICE", "LOAD")):
            raise QueryRefused("SERVICE and LOAD are refused in shapes: this service fetches nothing.")
    text = "".join(sorted(map(ntriple, rules)))
    check_shapes(text, "shapes")
    return validate(data, text)


def _refuse_triple_terms(triples: Iterable[Triple]) -> None:
    for subject, predicate, value in triples:
        if any(isinstance(part, Iri) and part.startswith("<<") for part in (subject, value)):
            raise DataRefused(f"A triple term stands at {predicate}: shapes cannot see into it, so it is not read.")
