"""Checking: whether a project's files are in order, before anybody publishes them. Reads files, changes none
but by `fix_format`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from graph_service import turtle
from graph_service.errors import GraphServiceError, UnknownTerm, nearest
from graph_service.gating import gate
from graph_service.home import ReleaseRecord
from graph_service.release import Release
from graph_service.staging import check_project, preview
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import ELP, LANGUAGES, Iri, compact, record_iri

LABELS_MISSING = "quality/labels-missing"
UNPUBLISHED = ReleaseRecord(0, "1970-01-01T00:00:00+00:00", "", "", None, 0, 0, 0, "", "", {}, {}, "")


def check_project_files(project: Path, texts: Mapping[str, Path]) -> tuple[str, ...]:
    """List what is not in order, one sentence each: format, shapes, data, queries, quotes.

    Args:
        texts: source slug → file with its text; every quote of that source is looked for in it.
    """
    problems = [f"{name} is not in canonical form: run `graph-service check --fix`." for name in unformatted(project)]
    try:
        check_project(project)
        store = preview(project)
        gate(store, project)
    except GraphServiceError as error:
        return (*problems, str(error))
    release = Release(store, UNPUBLISHED, project)
    problems += idle_queries(release)
    problems += nameless_records(release)
    for source, file in texts.items():
        problems += missing_quotes(store, source, file.read_text(encoding="utf-8"))
    return tuple(problems)


def formatted_files(project: Path) -> tuple[Path, ...]:
    """The files that people write as data: all of `data/`, and the concepts."""
    return (*sorted((project / "data").glob("**/*.ttl")), project / "ontology" / "concepts.ttl")


def unformatted(project: Path) -> Iterator[str]:
    """Names of the data files that are not in canonical form, or cannot be read."""
    for path in formatted_files(project):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(project).as_posix()
        if turtle.canonical(text, name) != text:
            yield name


def fix_format(project: Path) -> tuple[str, ...]:
    """Bring the data files into canonical form; the names of those that changed.

    Raises:
        RdfSyntaxError: a file cannot be read; those before it are formatted.
    """
    names = tuple(unformatted(project))
    for name in names:
        path = project / name
        path.write_text(turtle.canonical(path.read_text(encoding="utf-8"), name), encoding="utf-8")
    return names


def idle_queries(release: Release) -> Iterator[str]:
    """Query files whose example does not give a single row."""
    for query in release.catalogue:
        try:
            values = query.example
            found = (
                release.construct(query.name, values)
                if query.form == "CONSTRUCT"
                else release.ask(query.name, values).rows
            )
        except GraphServiceError as error:
            yield f"The query {query.name} fails with its own example: {error}"
            continue
        if not found:
            yield f"The query {query.name} gives no row with its own example."


def nameless_records(release: Release) -> Iterator[str]:
    """Languages in which some records that have names have none; nothing if the project has no such query."""
    if LABELS_MISSING not in release.catalogue.queries:
        return
    for language in LANGUAGES:
        rows = release.ask(LABELS_MISSING, {"language": language}).rows
        if rows:
            example = compact(str(rows[0]["record"]))
            more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
            yield f"{example}{more} has no name in {language}: add rdfs:label."


def missing_quotes(store: EmbeddedStore, source: str, text: str) -> Iterator[str]:
    """Quotes of a source that are not found word for word in its text.

    Raises:
        UnknownTerm: there is no such source.
    """
    iri = record_iri("source", source)
    cited = {(quad[0], quad[2]) for quad in store.quads() if quad[1] in (ELP + "source", ELP + "quote")}
    evidence = {subject for subject, value in cited if value == iri}
    if not evidence:
        known = sorted({str(value).rsplit("/", 1)[-1] for _, value in cited if isinstance(value, Iri)})
        raise UnknownTerm("source", given=source, near=nearest(source, known))
    yield from _absent(cited, evidence, source, text)


def _absent(cited: Iterable[tuple[Iri, object]], evidence: set[Iri], source: str, text: str) -> Iterator[str]:
    for subject, value in sorted(cited, key=str):
        if subject in evidence and not isinstance(value, Iri) and str(value) not in text:
            yield f"{subject.rsplit('/', 1)[-1]}: the quote is not in the text of {source}: {value}"
