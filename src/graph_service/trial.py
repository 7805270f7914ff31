"""Trial: what the shapes would say of some statements, were they published. Nothing is stored, nothing fetched."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from graph_service import staging
from graph_service.asking import once_per_release
from graph_service.errors import DataRefused, QueryRefused
from graph_service.release import Release
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.tokens import mentions
from graph_service.terms import SH, Iri, Literal, Triple, graph_iri, ntriple
from graph_service.validation import Finding, ValidationReport, check_shapes, validate

UPLOAD = graph_iri("upload")  # where statements go that name no graph
SPARQL_OF_SHAPES = {f"{SH}{name}" for name in ("select", "ask", "construct", "update")}


def with_release(release: Release, graphs: Mapping[Iri, set[Triple]]) -> ValidationReport:
    """Validate graphs together with a release, as a load would: each stands in the place of the graph of its name.

    Findings that the release has anyway are left out: the report is about what was sent.

    Raises:
        DataRefused: a triple term, which the shapes cannot see.
    """
    for triples in graphs.values():
        _refuse_triple_terms(triples)
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedStore.create(_copied(release, Path(folder) / "store"))
        for graph, triples in graphs.items():
            store.replace_graph(graph, triples)
        staging.derive(store, release.project, datetime.datetime.now(datetime.UTC).date())
        kept = {(s, p, o) for s, p, o, graph in store.quads() if graph not in graphs}
        store.close()
    sent = set[Triple]().union(*graphs.values())
    report = validate(kept | sent, _shapes(release))  # what was sent as it was written, not as the store keeps it
    known = _known(release)
    return ValidationReport(tuple(finding for finding in report.findings if finding not in known))


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


@once_per_release
def _known(release: Release) -> frozenset[Finding]:
    """What the shapes say of the release itself."""
    return frozenset(validate(_triples(release), _shapes(release)).findings)


def _triples(release: Release) -> set[Triple]:
    return {(s, p, o) for s, p, o, _ in release.store.quads()}


def _shapes(release: Release) -> str:
    return release.file(staging.SHAPES).decode()


def _copied(release: Release, folder: Path) -> Path:
    """The release as a store that can be written to; checkpoints share their files."""
    if isinstance(release.store, EmbeddedStore):
        release.store.checkpoint(folder)
    return folder


def _refuse_triple_terms(triples: Iterable[Triple]) -> None:
    for subject, predicate, value in triples:
        if any(isinstance(part, Iri) and part.startswith("<<") for part in (subject, value)):
            raise DataRefused(f"A triple term stands at {predicate}: shapes cannot see into it, so it is not read.")
