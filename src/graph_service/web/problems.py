"""Problems: errors become RFC 9457 problem details, or a page for people. The only place that gives an error a status.

An error class without a row in STATUS fails a test. Nothing here shows a stack trace.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from graph_service import errors, formats
from graph_service.errors import GraphServiceError, NoRelease, UnknownTerm, nearest
from graph_service.release import Release
from graph_service.store.embedded import serialize
from graph_service.terms import PROBLEMS
from graph_service.web import addresses, bodies, media, memento, respond
from graph_service.web.language import later, preferred
from graph_service.web.logs import REQUEST
from graph_service.web.media import HTML, Format, NotAcceptable
from graph_service.web.wanted import MalformedRequest, Wanted, read, release_of

log = logging.getLogger(__name__)

PROBLEM = Format("json", "application/problem+json", "Problem details")
PLAIN_JSON = Format("json", "application/json", "JSON")

# an UnknownTerm is 404 where it came from the path, 422 where it came from a parameter: see `status_of`
STATUS: Mapping[type[GraphServiceError], int] = {
    GraphServiceError: 500,
    errors.UnknownTerm: 404,
    errors.MalformedValue: 422,
    errors.ParameterError: 422,
    errors.SparqlSyntaxError: 400,
    errors.QueryRefused: 403,
    errors.QueryFailed: 422,
    errors.QueryStopped: 503,
    errors.ReadersBusy: 503,
    errors.ReadersDown: 503,
    errors.QueryTimeout: 504,
    errors.WorkTimeout: 504,
    errors.QueryTooLarge: 507,
    errors.WorkTooLarge: 507,
    errors.AnswerTooLarge: 507,
    errors.WriteStopped: 503,
    errors.WriteTimeout: 504,
    errors.WriteTooLarge: 507,
    errors.EngineUnavailable: 503,
    errors.EngineRefused: 503,
    errors.EngineMissing: 503,
    errors.EngineMoved: 503,
    errors.RdfSyntaxError: 400,
    errors.DataRefused: 422,
    errors.GraphRefused: 409,
    errors.DatasetConflict: 400,
    errors.LostUpdate: 412,
    errors.Unauthorised: 401,
    errors.Forbidden: 403,
    errors.DoesNotConform: 422,
    errors.ShapesError: 422,
    errors.TablesRefused: 422,
    errors.CatalogueError: 500,
    errors.SettingError: 500,
    errors.RangeNotSatisfiable: 416,
    errors.UnknownRelease: 404,
    errors.ReleasePruned: 410,
    errors.RecordWithdrawn: 410,
    errors.NoRelease: 503,
    errors.HomeError: 503,
    errors.DiskFull: 507,
    errors.BackupDamaged: 500,
    errors.WriterBusy: 503,
    errors.ServeError: 500,
    media.NotAcceptable: 406,
    media.UnknownFormat: 404,
    MalformedRequest: 400,
    bodies.UnsupportedMediaType: 415,
    bodies.BodyTooLarge: 413,
}
RETRY_AFTER_S = 5

# the titles of problems, marked for translation; they are translated where a page shows them
TITLES = (
    later("The answer is too large"),
    later("The query takes too much memory"),
    later("The query took too long"),
    later("The query was broken off"),
    later("The query was stopped"),
    later("The work takes too much memory"),
    later("The work took too long"),
    later("The write takes too much memory"),
    later("The write took too long"),
    later("The write was stopped"),
    later("Too many queries are running"),
    later("Another write is under way"),
    later("The graph store is away"),
    later("The service is not ready"),
    later("A query file is not sound"),
    later("A setting cannot be used"),
    later("The backup cannot be used"),
    later("A token is needed"),
    later("Bad request"),
    later("Error"),
    later("Internal error"),
    later("Method not allowed"),
    later("No acceptable format"),
    later("Nothing is published yet"),
    later("Parameter missing or not known"),
    later("The RDF cannot be read"),
    later("The data does not conform to the shapes"),
    later("The data has changed in the meantime"),
    later("The data is refused"),
    later("The data of this release is no longer kept"),
    later("The graphs to use are given twice"),
    later("The home folder cannot be used"),
    later("The query cannot be evaluated"),
    later("The query has a syntax error"),
    later("The query is refused"),
    later("The range lies beyond the end of the file"),
    later("The request cannot be read"),
    later("The request is too large"),
    later("The server cannot start"),
    later("The shapes are not valid"),
    later("The tables are refused"),
    later("This graph cannot be written"),
    later("This record was withdrawn"),
    later("This write is not allowed"),
    later("Unknown address"),
    later("Unknown format"),
    later("Unknown name"),
    later("Unknown release"),
    later("Unsupported media type"),
    later("Value cannot be read"),
)

# what an error tells beside its sentence; these become members of the problem details
_MEMBERS = (
    "parameter", "near", "offered", "line", "column", "source_line", "declarations", "file",
    "record", "last_release", "kept", "withdrawn", "replaced_by", "reason",
    "timeout_s", "memory_mb", "max_answer_mb",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A near name, with the address where it would have led."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, in the members of RFC 9457."""

    slug: str
    title: str
    status: int
    detail: str
    instance: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    suggestions: tuple[Suggestion, ...] = ()
    template: str = "problem.html"

    def to_json(self) -> str:
        """Write the problem as `application/problem+json`."""
        body = {
            "type": PROBLEMS + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": self.instance,
            **self.members,
        }
        return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


@contextmanager
def named_in_path() -> Iterator[None]:
    """Within this block an unknown name stands in the path, so it is a 404 whatever parameter it filled."""
    try:
        yield
    except UnknownTerm as error:
        raise UnknownTerm(error.kind, given=error.given, near=error.near) from None


def status_of(error: GraphServiceError) -> int:
    """Return the status of an error: that of its class, or of the nearest base that has one."""
    if isinstance(error, UnknownTerm) and error.parameter:
        return 422
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def describe(error: GraphServiceError, request: Request) -> Problem:
    """Put an error into the members of RFC 9457."""
    members = {name: value for name in _MEMBERS if (value := getattr(error, name, None))}
    if isinstance(error, errors.DoesNotConform):
        chosen = request.query_params.get("lang") or addresses.language_of(request)
        language = chosen or preferred(request.headers.get("accept-language", ""))
        members["violations"] = [formats.finding_members(each, language) for each in error.report.violations]
    status = status_of(error)
    return Problem(
        slug=error.slug,
        title=error.title,
        status=status,
        detail=str(error),
        instance=request.url.path,
        members=members,
        headers=_headers(error, status, request.url.path),
        suggestions=tuple(_suggestions(error, request)),
        template="withdrawn.html" if isinstance(error, errors.RecordWithdrawn) else "problem.html",
    )


def _headers(error: GraphServiceError, status: int, path: str) -> Mapping[str, str]:
    if isinstance(error, errors.Unauthorised):
        return {"WWW-Authenticate": error.challenge}
    if isinstance(error, errors.RangeNotSatisfiable):
        return {"Content-Range": f"bytes */{error.size_bytes}"}
    if isinstance(error, errors.RecordWithdrawn):
        links = [f'<{iri}>; rel="successor-version"' for iri in error.replaced_by]  # RFC 5829
        if error.last_release and error.kept:
            links.append(f'<{memento.version(path, error.last_release)}>; rel="predecessor-version"')
        return {"Link": ", ".join(links)} if links else {}
    return {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}


def on_error(request: Request, error: Exception) -> Response:
    """Answer an error that a client or an operator can mend."""
    assert isinstance(error, GraphServiceError)
    if isinstance(error, errors.DoesNotConform) and (chosen := _report_format(request)):
        report = serialize(error.report.triples(), chosen.name)
        return respond.send(report, chosen.media_type, {"Vary": "Accept", "Cache-Control": "no-store"}, 422)
    if isinstance(error, errors.RecordWithdrawn) and error.statements and (chosen := _report_format(request)):
        headers = {"Vary": "Accept", "Cache-Control": "no-store", **_headers(error, 410, request.url.path)}
        return respond.send(serialize(error.statements, chosen.name), chosen.media_type, headers, 410)
    return answer(describe(error, request), request)


def answer_error(request: Request, error: GraphServiceError) -> Response:
    """Answer an error that was found around the handlers."""
    return answer(describe(error, request), request)


def _report_format(request: Request) -> Format | None:
    """The RDF format in which a client would rather have what is told; None where problem details will do."""
    offered = (PROBLEM, PLAIN_JSON, HTML, *media.RDF_FORMATS)
    try:
        chosen = media.negotiate(request.headers.get("accept", ""), offered)
    except NotAcceptable:
        return None
    return chosen if chosen in media.RDF_FORMATS else None


def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the router refuses: an unknown address (404) or method (405)."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        near = nearest(path, _addresses(request))
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        problem = Problem(
            slug="unknown-address",
            title="Unknown address",
            status=404,
            detail=f"There is nothing at {path}.{hint}",
            instance=path,
            members={"near": near} if near else {},
            suggestions=tuple(Suggestion(each, each) for each in near),
        )
    elif error.status_code == 405:
        allowed = sorted({*_methods(request), "HEAD", "OPTIONS"})
        problem = Problem(
            slug="method",
            title="Method not allowed",
            status=405,
            detail=f"{path} takes {', '.join(allowed)}, not {request.method}.",
            instance=path,
            headers={"Allow": ", ".join(allowed)},
        )
    else:
        problem = Problem("request", "Bad request", error.status_code, str(error.detail), path)
    return answer(problem, request)


def on_failure(request: Request, error: Exception) -> Response:
    """Answer a fault of ours: the log gets the trace, the client one sentence."""
    log.exception("request failed: %s %s", request.method, request.url.path, exc_info=error)
    detail = "The server could not answer this request. The fault is ours and has been logged."
    problem = Problem("failure", "Internal error", 500, detail, request.url.path)
    try:
        return answer(problem, request)
    except Exception:  # the page itself is at fault
        log.exception("the page of a problem failed")
        return respond.send(problem.to_json(), PROBLEM.media_type, {}, problem.status)


def answer(problem: Problem, request: Request) -> Response:
    """Send a problem as a page to those who prefer HTML, else as problem details."""
    wanted = _wanted(request)
    headers = {"Vary": "Accept", "Cache-Control": "no-store", **problem.headers}
    if name := REQUEST.get():
        problem = replace(problem, members={**problem.members, "request_id": name})
    if prefers_html(wanted):
        release, wanted = _release(request, wanted)
        headers["Content-Language"] = wanted.language
        page = wanted.page(release, problem.template, problem=problem)
        return respond.send(page, HTML.media_type, headers, problem.status)
    return respond.send(problem.to_json(), PROBLEM.media_type, headers, problem.status)


def prefers_html(wanted: Wanted) -> bool:
    """Whether a problem should be a page: asked by suffix, or HTML ranks above JSON in Accept."""
    if wanted.suffix:
        return wanted.suffix == HTML.name
    try:
        return media.negotiate(wanted.accept, (PROBLEM, PLAIN_JSON, HTML)) is HTML
    except NotAcceptable:
        return False


def _wanted(request: Request) -> Wanted:
    try:
        return read(request)
    except GraphServiceError:  # an unknown language: the problem itself is told in English
        plain = Request({**request.scope, "query_string": b""})
        return read(plain)


def _release(request: Request, wanted: Wanted) -> tuple[Release | None, Wanted]:
    """The release for the page around the problem, and what is wanted of it.

    Where the one asked for cannot be had, the page and its links are those of the current one; a page can do
    without any.
    """
    try:
        return release_of(request), wanted
    except (NoRelease, errors.HomeError, errors.EngineUnavailable):
        return None, wanted
    except GraphServiceError:
        given = tuple((name, value) for name, value in wanted.given if name != memento.PARAMETER)
        current: Release = request.app.state.releases.current()
        return current, replace(wanted, given=given)


def _suggestions(error: GraphServiceError, request: Request) -> Iterator[Suggestion]:
    """Turn near names into addresses: in place of the parameter's value, or of the last segment of the path."""
    near = getattr(error, "near", ())
    parameter = getattr(error, "parameter", None)
    for name in near:
        if parameter:
            corrected = request.url.include_query_params(**{parameter: name})
            yield Suggestion(name, f"{corrected.path}?{corrected.query}")
        else:
            parent = request.url.path.rstrip("/").rpartition("/")[0]
            yield Suggestion(name, f"{parent}/{quote(name)}")


def _methods(request: Request) -> set[str]:
    """The methods that an address takes, over all its routes; the router tells those of the first alone."""
    routes = [route for route in request.app.state.routes if isinstance(route, Route)]
    return {
        method for route in routes if route.matches(request.scope)[0] != Match.NONE for method in route.methods or ()
    }


def _addresses(request: Request) -> list[str]:
    """The addresses without variable parts, for near names."""
    routes = request.app.state.routes
    paths = {route.path.partition("{")[0].rstrip("/") for route in routes if isinstance(route, Route)}
    return sorted(path for path in paths if path)
