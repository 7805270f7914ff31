"""Releases: their history. What changed as quads (/changes) comes with a later issue."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import formats
from graph_service.errors import UnknownRelease
from graph_service.release import ReleaseRecord, Releases
from graph_service.web import respond
from graph_service.web.media import HTML, JSON
from graph_service.web.respond import Asked, CurrentRelease, Writers, about

router = APIRouter(tags=["data"])


@router.get("/releases{suffix:suffix}", openapi_extra=about(HTML, JSON))
def releases(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """All releases, newest first."""
    wanted.parameters(())
    records = _releases(request).records()
    writers: Writers = {
        HTML: lambda: wanted.page(release, "releases.html", records=records),
        JSON: lambda: formats.to_json({"current": release.number, "releases": [asdict(each) for each in records]}),
    }
    return respond.respond(wanted, release, writers)


@router.get("/releases/{number:slug}{suffix:suffix}", openapi_extra=about(HTML, JSON))
def one(number: str, request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """What is kept of a release for ever: when, who, why, how much changed."""
    wanted.parameters(())
    record = _record(_releases(request), number)
    writers: Writers = {
        HTML: lambda: wanted.page(release, "release.html", record=record),
        JSON: lambda: formats.to_json(asdict(record)),
    }
    return respond.respond(wanted, release, writers)


def _releases(request: Request) -> Releases:
    releases: Releases = request.app.state.releases
    return releases


def _record(releases: Releases, number: str) -> ReleaseRecord:
    if not (number.isascii() and number.isdigit()):
        raise UnknownRelease(f"There is no release {number!r}: releases have numbers.")
    return releases.record(int(number))
