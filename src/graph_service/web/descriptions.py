"""Descriptions: what programs read to find the data: VoID, DCAT, the columns of a question's CSV."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import describing, exporting, formats
from graph_service.errors import UnknownTerm
from graph_service.exporting import ExportFolder
from graph_service.release import Release
from graph_service.statements import Triples
from graph_service.web import memento, respond
from graph_service.web.addresses import origin
from graph_service.web.media import CSVM, HTML, RDF_FORMATS
from graph_service.web.problems import named_in_path
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["data"])

ABOUT = about(
    CSVM,
    answer={  # Metadata Vocabulary for Tabular Data, 5.3
        "type": "object",
        "required": ["@context", "url", "tableSchema"],
        "properties": {"@context": {}, "url": {"type": "string"}, "tableSchema": {"type": "object"}},
    },
)


@router.get("/.well-known/void{suffix:suffix}", openapi_extra=about(*RDF_FORMATS, statuses=(200, 303)))
def void(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The dataset by its numbers: classes, properties, named graphs, dumps (VoID); people see them as a table."""
    wanted.parameters(())
    if wanted.choose((*RDF_FORMATS, HTML)) is HTML:
        return respond.see_other(wanted.moved("/queries/statistics/class-properties"))
    place = _place(request, wanted, release)
    triples = partial(describing.void, release, **place)
    return respond.respond(wanted, release, respond.rdf_writers(release, triples), values=place)


@router.get("/catalog{suffix:suffix}", openapi_extra=about(*RDF_FORMATS, statuses=(200, 303)))
def catalog(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The dataset as data portals want it, each file with its size and checksum (DCAT-AP); people see the files."""
    wanted.parameters(())
    if wanted.choose((*RDF_FORMATS, HTML)) is HTML:
        return respond.see_other(wanted.moved("/exports"))
    place = _place(request, wanted, release)
    folder = ExportFolder.of(request.app.state.settings.home, respond.build())

    def triples() -> Triples:
        files = [folder.get(release, each) for each in exporting.exports(release) if each.graph is None]
        return describing.catalog(release, files=files, **place)

    writers = respond.rdf_writers(release, triples, describing.CATALOG)
    return respond.respond(wanted, release, writers, values=place)


@router.get("/queries/{group:slug}/{name:slug}.csv-metadata.json", openapi_extra=ABOUT)
def columns(group: str, name: str, wanted: Asked, release: CurrentRelease) -> Response:
    """What the columns of a question's CSV mean (CSV on the Web); with the question's parameters, of that CSV."""
    with named_in_path():
        query = release.catalogue.get(f"{group}/{name}")
        if query.form == "CONSTRUCT":
            raise UnknownTerm("table", given=query.name)
    wanted.parameters([each.name for each in query.parameters])
    address = replace(wanted, path=f"/queries/{query.name}").address("csv")
    return respond.respond(wanted, release, {CSVM: lambda: formats.to_json(describing.csv_metadata(query, address))})


def _place(request: Request, wanted: Wanted, release: Release) -> dict[str, str]:
    """Where the addresses of a description lead: it is another one elsewhere, and at another time."""
    past = wanted.value(memento.PARAMETER) or "accept-datetime" in request.headers
    return {"base": origin(request), "at": f"?{memento.PARAMETER}={release.number}" if past else ""}
