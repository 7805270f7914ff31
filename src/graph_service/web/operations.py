"""Operations: is it alive, is it ready, what can it do. Health, API description, static files."""

from __future__ import annotations

import mimetypes
from functools import cache

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from graph_service import formats
from graph_service.errors import UnknownTerm, nearest
from graph_service.formats.json_schema import closed
from graph_service.web import openapi, problems, respond
from graph_service.web.health import READY, health
from graph_service.web.media import HTML, JSON, Format
from graph_service.web.metrics import Metrics
from graph_service.web.problems import Problem
from graph_service.web.render import STATIC_FOLDER, static_address
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease

router = APIRouter(tags=["operations"])

METRICS = Format("txt", "text/plain; version=0.0.4", "Prometheus")
RETRY_LATER = {"Retry-After": str(problems.RETRY_AFTER_S)}
DOCUMENT = {"type": "object", "required": ["openapi", "info", "paths"]}


@router.get("/health/live", openapi_extra=about(JSON, answer=closed({"status": {"const": "live"}})))
def live() -> Response:
    """Whether the process answers at all."""
    return JSONResponse({"status": "live"}, headers={"Cache-Control": "no-store"})


@router.get("/health/ready", openapi_extra=about(JSON, answer=READY, statuses=(200, 503)))
def ready(request: Request) -> Response:
    """Whether all can be read and written: 503 with the reasons while there is no release, the folder of the releases
    is full or read-only, the engine is away, or the server stops."""
    state = request.app.state
    found = health(
        state.releases,
        in_memory=state.readers.state().in_memory,
        stopping=state.stopping.is_set(),
        min_free_mb=state.settings.min_free_mb,
    )
    if not found.reasons:
        return JSONResponse({"status": "ready", **found.told}, headers={"Cache-Control": "no-store"})
    members = {"reasons": list(found.reasons), "state": found.told}
    problem = Problem(
        "not-ready", "The service is not ready", 503, " ".join(found.reasons), request.url.path, members, RETRY_LATER
    )
    return problems.answer(problem, request)


@router.get("/metrics", openapi_extra=about(METRICS))
async def metrics(request: Request) -> Response:
    """What happened so far and how long it took, for Prometheus."""
    found: Metrics = request.app.state.metrics
    return Response(found.text(), headers={"Cache-Control": "no-store"}, media_type=METRICS.media_type)


@router.get("/openapi.json", openapi_extra=about(JSON, answer=DOCUMENT))
def description(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The description of every address (OpenAPI 3.1)."""
    wanted.parameters(())
    writers: Writers = {JSON: lambda: formats.to_json(openapi.document(request.app.state.routes, release))}
    return respond.respond(wanted, release, writers)


@router.get("/docs{suffix:suffix}", openapi_extra=about(HTML))
def docs(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The same description as a page."""
    wanted.parameters(())

    def page() -> str:
        described = openapi.document(request.app.state.routes, release, everywhere=False)
        return wanted.page(release, "docs.html", document=described)

    return respond.respond(wanted, release, {HTML: page})


@router.get("/static/{file:path}", include_in_schema=False)
def static(file: str, request: Request) -> Response:
    """A file of the pages; its address holds a digest of its content, so it can be kept for ever."""
    known = _static_files()
    if file not in known:
        raise UnknownTerm("file", given=file, near=nearest(file, list(known)))
    tag = f'"{static_address(file).partition("=")[2]}"'
    current = request.url.query == static_address(file).partition("?")[2]
    headers = {"ETag": tag, "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache"}
    media_type = mimetypes.guess_type(file)[0] or "application/octet-stream"
    if respond.has_tag(request.headers.get("if-none-match", ""), tag):
        return respond.not_modified(media_type, headers)
    return Response(known[file], headers=headers, media_type=media_type)


@cache
def _static_files() -> dict[str, bytes]:
    files = (path for path in STATIC_FOLDER.rglob("*") if path.is_file())
    return {path.relative_to(STATIC_FOLDER).as_posix(): path.read_bytes() for path in files}
