"""Search: /search. Records by any of their names, in any language, the best first, by kind."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import formats, searching
from graph_service.formats.table import csv_bytes
from graph_service.release import Release
from graph_service.searching import NAMES
from graph_service.views.words import Found
from graph_service.web import respond
from graph_service.web.language import later, translations
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["pages"])

QUESTION = "q"
PARAMETERS = (
    {
        "name": QUESTION,
        "in": "query",
        "description": "a name, an acronym, or the beginning of one, in any language; accents and case do not matter",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
    },
)
KINDS = {
    "axis": later("Axes"),
    "component": later("Components"),
    "concept": later("Concepts"),
    "country": later("Countries"),
    "event": later("Activities"),
    "institution": later("Institutions"),
    "organisation": later("Regional organisations"),
    "partner": later("Partners"),
    "plan": later("Action plans"),
    "programme": later("Programmes"),
    "roadmap": later("Roadmaps"),
    "source": later("Sources"),
}


OFFERED = (HTML, JSON, CSV, *RDF_FORMATS)


@router.get(
    "/search{suffix:suffix}",
    openapi_extra=about(
        *OFFERED,
        description="As RDF: the statements of the records found, with their evidence and its sources.",
        parameters=PARAMETERS,
        answer=Found,
    ),
)
def search(wanted: Asked, release: CurrentRelease) -> Response:
    """Records by name: exact ones first, then those that begin so, then near ones; each says which name fits."""
    question = wanted.parameters((QUESTION,)).get(QUESTION, "")

    def found() -> Found:
        return searching.search(release, question)

    writers: Writers = {
        HTML: lambda: _page(wanted, release, found()),
        JSON: lambda: respond.view_json(release, wanted, found(), OFFERED, NAMES),
        CSV: lambda: csv_bytes(COLUMNS, _rows(found())),
        **respond.record_writers(release, lambda: (hit.iri for group in found().groups for hit in group.hits)),
    }
    return respond.respond(wanted, release, writers, query=NAMES)


COLUMNS = ("record", "kind", "name", "language", "how", "country")


def _rows(found: Found) -> list[tuple[str, ...]]:
    """One row for each hit: the record, its kind, the name that fits with its language, and how it fits."""
    return [
        (hit.iri, group.kind, hit.matched.value, hit.matched.language or "", hit.how,
         formats.slug_of(hit.country) if hit.country else "")
        for group in found.groups
        for hit in group.hits
    ]  # fmt: skip


def _page(wanted: Wanted, release: Release, found: Found) -> str:
    near = any(hit.how == "near" for group in found.groups for hit in group.hits)
    title = f"{translations(wanted.language).gettext('Search')}: {found.question}"
    rows, behind = len(_rows(found)), respond.behind(release, NAMES, {})
    return wanted.page(
        release, "search.html", found=found, near=near, kinds=KINDS, rows=rows, title=title, behind=behind
    )
