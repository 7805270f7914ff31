"""Exports: the graph and its tables as files to take away, each with its size, rows and digest."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from graph_service import exporting, formats
from graph_service.errors import RangeNotSatisfiable
from graph_service.exporting import STEM, Export, ExportFolder, Written
from graph_service.formats.json_schema import array, closed
from graph_service.release import Release
from graph_service.terms import Iri
from graph_service.web import respond
from graph_service.web.addresses import origin
from graph_service.web.media import CSVS, HTML, JSON, JSONLD, NQ, NT, RDF, TRIG, TTL, XLSX, Format
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["data"])

DUMPS = (TTL, NQ, TRIG, JSONLD, NT, RDF, CSVS, XLSX)
FORMAT_OF = {each.name: each for each in DUMPS}
PLAIN = Format("sha256", "text/plain", "SHA-256")
RANGES = tuple(
    {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}
    for name, words in (
        ("Range", "the bytes that are wanted, such as `bytes=0-99` (RFC 9110, 14.2)"),
        ("If-Range", "only if the file is still the one with this ETag or date"),
    )
)
_FILE = {
    "file": {"type": "string"},
    "address": {"type": "string"},
    "media_type": {"type": "string"},
    "graph": {"type": ["string", "null"]},
    "size": {
        "description": "in bytes; null before a long file is first asked for",
        "type": ["integer", "null"],
        "minimum": 0,
    },
    "sha256": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
    "rows": {"description": "statements of a graph, rows of tables", "type": ["integer", "null"], "minimum": 0},
}
FILES = closed({"release": {"type": "integer", "minimum": 1}, "files": array(closed(_FILE))})


@router.get("/exports{suffix:suffix}", openapi_extra=about(HTML, JSON, answer=FILES))
def list_exports(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """What can be taken away: the whole graph in each format and graph by graph, the vocabulary, the API."""
    wanted.parameters(())
    writers: Writers = {
        HTML: lambda: _exports_page(request, wanted, release),
        JSON: lambda: formats.to_json({"release": release.number, "files": _listed(request, wanted, release)}),
    }
    answer = respond.respond(wanted, release, writers, values={"origin": origin(request)})
    if not exporting.is_soon_written(release):  # then files come while the release stays
        answer.headers["Cache-Control"] = "no-store"
        del answer.headers["ETag"]
    return answer


@router.get("/exports/{file}", openapi_extra=about(*DUMPS, PLAIN, parameters=RANGES, statuses=(200, 206, 416)))
def export(file: str, request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """One file, whole or in ranges (RFC 9110, 14); without a suffix, the format that the client prefers.

    `.sha256` behind the name gives the digest as `sha256sum --check` reads it.
    """
    wanted.parameters(())
    if "." not in file:
        stems = {each.name.partition(".")[0] for each in exporting.exports(release)}
        offered = [each for each in DUMPS if each.name in exporting.ONE_GRAPH or file == STEM]
        file = f"{file}.{wanted.choose(offered).name}" if file in stems else file
    digest = file.endswith(".sha256")
    written = _folder(request).get(release, exporting.find_export(release, file.removesuffix(".sha256")))
    if digest:
        text = f"{written.sha256}  {written.export.name}\n"
        return respond.respond(replace(wanted, suffix=PLAIN.name), release, {PLAIN: lambda: text})
    return _file(request, wanted, release, written)


def _file(request: Request, wanted: Wanted, release: Release, written: Written) -> Response:
    """Answer with a file on disk; 304 where the client has it."""
    tag = f'"{release.number}-{written.sha256[:32]}"'
    headers = {
        "ETag": tag,
        "Last-Modified": formatdate(written.path.stat().st_mtime, usegmt=True),
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(written.sha256)).decode()}:",
        "Cache-Control": "no-cache",
        "Vary": "Accept",
        "Link": f'<{wanted.kept(f"/exports/{written.export.name}.sha256")}>; rel="describedby"; type="text/plain"',
    }
    media_type = FORMAT_OF[written.export.suffix].media_type
    if _has_it(request, wanted, tag, written):
        return respond.not_modified(media_type, headers)
    ranges = _ranges(request.headers, written.size_bytes, (tag, headers["Last-Modified"]))
    answer = _Ranges(
        written.path,
        headers=headers,
        media_type=media_type,
        filename=written.export.name,
        stat_result=written.path.stat(),
    )
    answer.ranges = ranges
    return answer


class _Ranges(FileResponse):
    """A file, or the ranges of it that were found to make sense."""

    ranges = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with these ranges, whatever the request says."""
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"if-range")]
        headers += [(b"range", self.ranges.encode())] if self.ranges else []
        await super().__call__({**scope, "headers": headers}, receive, send)


_RANGE = re.compile(r"bytes=(\s*(\d{1,18}-\d{0,18}|-\d{1,18})\s*(,|$))+", re.ASCII)


def _ranges(headers: Headers, size_bytes: int, validators: Sequence[str]) -> str:
    """The ranges to send; none where the header cannot be read, or is of another copy (RFC 9110, 13.1.5 and 14.2).

    Raises:
        RangeNotSatisfiable: all of them begin beyond the end.
    """
    given = headers.get("range", "")
    if not _RANGE.fullmatch(given) or headers.get("if-range", validators[0]) not in validators:
        return ""
    pairs = [part.strip().split("-") for part in given.removeprefix("bytes=").split(",") if part.strip()]
    if any(first and last and int(first) > int(last) for first, last in pairs):
        return ""
    kept = [f"{first}-{last}" for first, last in pairs if (int(first) < size_bytes if first else int(last) > 0)]
    if not kept:
        raise RangeNotSatisfiable(given, size_bytes)
    return f"bytes={','.join(kept)}"


def _has_it(request: Request, wanted: Wanted, tag: str, written: Written) -> bool:
    """Whether the client's copy is this one (RFC 9110, 13.2.2: the tag decides, the date only without one)."""
    if wanted.if_none_match:
        return respond.has_tag(wanted.if_none_match, tag)
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.tzinfo is not None and int(written.path.stat().st_mtime) <= since.timestamp()


def _folder(request: Request) -> ExportFolder:
    return ExportFolder.of(request.app.state.settings.home, respond.build())


def _listed(request: Request, wanted: Wanted, release: Release) -> list[dict[str, object]]:
    """Each file with what a program needs to fetch and check it."""
    found = ((each, _folder(request).listed(release, each)) for each in exporting.exports(release))
    return [
        {
            "file": export.name,
            "address": wanted.kept(f"/exports/{export.name}"),
            "media_type": FORMAT_OF[export.suffix].media_type,
            "graph": export.graph,
            "size": written and written.size_bytes,
            "sha256": written and written.sha256,
            "rows": written and written.rows,
        }
        for export, written in found
    ]


def _exports_page(request: Request, wanted: Wanted, release: Release) -> str:
    known = exporting.exports(release)
    folder = _folder(request)
    whole = (each for each in known if each.graph is None)
    files = [(each.name, folder.listed(release, each), FORMAT_OF[each.suffix]) for each in whole]
    graphs: dict[Iri, list[Export]] = {}
    for each in known:
        if each.graph is not None:
            graphs.setdefault(each.graph, []).append(each)
    return wanted.page(
        release,
        "exports.html",
        files=files,
        graphs=graphs,
        tables=exporting.tables(release) if exporting.is_soon_written(release) else (),
        package=f"{STEM}.csv.zip",
        origin=origin(request),
    )
