"""Validating: what the shapes say of data that is not published, over HTTP. Nothing is stored, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import formats, trial
from graph_service.apart import Workshop
from graph_service.errors import GraphServiceError, RdfSyntaxError, ShapesError, UnknownTerm, nearest
from graph_service.formats.json_schema import COUNT, PLACE, array, closed
from graph_service.release import Release
from graph_service.store.embedded import parse_quads
from graph_service.terms import LANGUAGES, Iri, Literal, Triple, graph_iri
from graph_service.validation import SEVERITIES, Finding, ValidationReport
from graph_service.web import bodies, problems, respond
from graph_service.web.bodies import SentBody, UnsupportedMediaType
from graph_service.web.media import HTML, JSON, JSONLD, NQ, NT, RDF, TRIG, TTL
from graph_service.web.multipart import MULTIPART, Part, parts
from graph_service.web.places import Place, Places
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, MalformedRequest, Wanted

router = APIRouter(tags=["data"])

READ = {each.media_type: each.name for each in (TTL, NT, NQ, TRIG, RDF, JSONLD)}
# how browsers and tools label files whose media type they do not know: the suffix tells, else it is Turtle
UNNAMED = ("", "text/plain", "application/octet-stream", "application/xml", "text/xml", "application/json")
SHOWN_FINDINGS = 200  # of each severity, on the page; all of them are in the other formats
SUFFIXES = {"ttl", "nt", "nq", "trig", "rdf", "jsonld"}
GUESSES = {"application/xml": "rdf", "text/xml": "rdf", "application/json": "jsonld"}
OFFERED = (JSON, TTL, JSONLD, NT, RDF, HTML)
PARAMETERS = (
    {
        "name": "language",
        "in": "query",
        "description": "the language of the messages",
        "allowEmptyValue": True,
        "schema": {"type": "string", "enum": list(LANGUAGES)},
    },
)
REPORT = closed(
    {
        "conforms": {"type": "boolean"},
        "shapes": {"enum": ["own", "release"]},
        "release": {"type": ["integer", "null"]},
        "counts": {"description": "findings by severity", "type": "object", "additionalProperties": COUNT},
        "findings": array({"$ref": f"{PLACE}Finding"}),
    }
)
_RDF = {"type": "string", "format": "binary"}
BODY = {
    **{media_type: {} for media_type in (*READ, *GUESSES)},
    MULTIPART: closed({"data": _RDF, "shapes": _RDF}, optional=["shapes"]),
}
ABOUT = about(*OFFERED, parameters=PARAMETERS, answer=REPORT, body=BODY, statuses=(200, 403, 503, 504, 507))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a validation found, and against which shapes."""

    report: ValidationReport
    own_shapes: bool
    release: int

    @property
    def conforms(self) -> bool:
        """With shapes of the caller's own: no finding at all (SHACL, 3.6.1). With ours: none that stops a release."""
        return not self.report.findings if self.own_shapes else self.report.conforms


@router.get("/validate{suffix:suffix}", openapi_extra=about(HTML, parameters=PARAMETERS))
def form(wanted: Asked, release: CurrentRelease) -> Response:
    """A page from which data can be validated."""
    _language(wanted)
    return respond.respond(wanted, release, {HTML: lambda: _page(wanted, release)})


@router.post("/validate{suffix:suffix}", openapi_extra=ABOUT)
def validate(request: Request, wanted: Asked, release: CurrentRelease, sent: SentBody) -> Response:
    """The SHACL report of the data that is sent: with the shapes of this service, or with those sent beside it."""
    language = _language(wanted)
    chosen = wanted.choose((HTML, *OFFERED) if problems.prefers_html(wanted) else OFFERED)
    try:
        given = _parts(request, sent)
        verdict = _verdict(release, given, request.app.state.workshop)
    except (MalformedRequest, UnsupportedMediaType, RdfSyntaxError, ShapesError) as error:
        if chosen is not HTML:
            raise
        return _refused(wanted, release, error, _pasted(request, sent))
    writers: Writers = {
        JSON: lambda: formats.to_json(_told(verdict, language)),
        **respond.rdf_writers(release, lambda: _statements(verdict)),
        HTML: lambda: _page(wanted, release, **_read(verdict, given, language), text=_pasted(request, sent)),
    }
    headers = {"Vary": "Accept", "Cache-Control": "no-store"}
    if chosen is HTML:
        headers["Content-Language"] = wanted.language
    return respond.send(writers[chosen](), chosen.media_type, headers)


def _page(wanted: Wanted, release: Release, **told: Any) -> str:
    """The form, with what was found of data that was sent, and with its text: nothing that was typed is lost."""
    empty = {"verdict": None, "groups": (), "message_language": wanted.language, "text": "", "error": None, "bad": None}
    return wanted.page(release, "validate.html", **{**empty, **told})


def _refused(wanted: Wanted, release: Release, error: GraphServiceError, text: str) -> Response:
    """The form again, with what is wrong with the data and where."""
    line = error.line if isinstance(error, RdfSyntaxError) else None
    lines = text.splitlines()
    bad = Place("", line, lines[line - 1]) if line and line <= len(lines) else None
    page = _page(wanted, release, error=error, bad=bad, text=text)
    headers = {"Vary": "Accept", "Cache-Control": "no-store", "Content-Language": wanted.language}
    return respond.send(page, HTML.media_type, headers, problems.status_of(error))


def _read(verdict: Verdict, given: Sequence[Part], language: str) -> dict[str, Any]:
    """The findings as people read them: by severity, each with its place in what was sent."""
    texts = [Places(each.data.decode("utf-8", "replace"), each.file) for each in given if each.name == "data"]

    def place(finding: Finding) -> Place | None:
        return next((found for text in texts if (found := text.find(finding.focus_node, finding.path))), None)

    groups = [(severity, verdict.report.of(severity)) for severity in SEVERITIES]
    return {
        "verdict": verdict,
        "groups": [
            (severity, len(found), [(each, place(each)) for each in found[:SHOWN_FINDINGS]])
            for severity, found in groups
            if found
        ],
        "message_language": language,
    }


def _pasted(request: Request, sent: bytes) -> str:
    """The text that was typed into the form; empty where a file was sent instead."""
    if bodies.media_type(request) != MULTIPART:
        return sent.decode("utf-8", "replace")
    try:
        found = [each for each in parts(request, sent) if each.name == "data" and not each.file]
    except MalformedRequest:
        return ""
    return found[0].data.decode("utf-8", "replace") if found else ""


def _language(wanted: Wanted) -> str:
    """The language of the messages: `language`, else `lang`."""
    language = wanted.parameters(("language",)).get("language", wanted.language)
    if language not in LANGUAGES:
        raise UnknownTerm("language", given=language, near=nearest(language, LANGUAGES), parameter="language")
    return language


def _parts(request: Request, sent: bytes) -> Sequence[Part]:
    """What was sent: parts named `data` and `shapes`; a plain body is data.

    Raises:
        UnsupportedMediaType, MalformedRequest: it is no RDF; a part has another name, or there is no data.
    """
    found = parts(request, sent)
    media_type = bodies.media_type(request)
    if media_type not in (*READ, *GUESSES, MULTIPART):
        raise UnsupportedMediaType(media_type, (*READ, MULTIPART))
    named = [each if each.name else Part(each.media_type, each.data, "data") for each in found]
    for each in named:
        if each.name not in ("data", "shapes"):
            raise MalformedRequest(f"There is a part {each.name!r}: the parts are called `data` and `shapes`.")
    given = [each for each in named if each.data.strip()]  # an empty field of the form was not filled in
    if not any(each.name == "data" for each in given):
        raise MalformedRequest("There is no data: send RDF, or a form with a part `data`.")
    return given


def _verdict(release: Release, given: Sequence[Part], workshop: Workshop) -> Verdict:
    """The verdict over what was sent, and not over what the release has anyway."""
    shapes = [_triples(each, f"shapes{index}") for index, each in enumerate(given) if each.name == "shapes"]
    data = [(each, _triples(each, f"data{index}")) for index, each in enumerate(given) if each.name == "data"]
    if shapes:
        every = {triple for _, triples in data for triple in triples}
        report = workshop.do(trial.with_shapes, every, set[Triple]().union(*shapes))
        return Verdict(report, True, release.number)
    graphs: dict[Iri, set[Triple]] = {}
    for part, triples in data:
        graphs.setdefault(_graph(part), set()).update(triples)
    assert release.checkpoint is not None  # of a home, as all that are served
    report = workshop.do(trial.with_release, release.checkpoint, release.project, graphs)
    known = trial.known(release)
    found = tuple(finding for finding in report.findings if finding not in known)
    return Verdict(ValidationReport(found), False, release.number)


def _graph(part: Part) -> Iri:
    """The graph that a part is to be: that of the file's name, as with the command."""
    stem = part.file.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    return graph_iri(stem) if stem and stem.replace("-", "").replace("_", "").isalnum() else trial.UPLOAD


def _triples(part: Part, number: str) -> set[Triple]:
    """Read RDF; the blank nodes of each part are its own.

    Raises:
        UnsupportedMediaType, RdfSyntaxError.
    """
    suffix = _suffix(part)
    if suffix == JSONLD.name:
        bodies.refuse_deep_json(part.data)
    quads = parse_quads(part.data, part.file or part.name, suffix)
    return {(_own(s, number), p, _own(o, number) if isinstance(o, Iri) else o) for s, p, o, _ in quads}


def _suffix(part: Part) -> str:
    if part.media_type in READ:
        return READ[part.media_type]
    end = part.file.rpartition(".")[2].lower()
    if part.media_type in UNNAMED and end in SUFFIXES:
        return end
    if part.media_type in GUESSES:
        return GUESSES[part.media_type]
    if part.name and part.media_type in UNNAMED and (part.file or part.media_type == "text/plain"):
        return TTL.name
    raise UnsupportedMediaType(part.media_type, (*READ, MULTIPART))


def _own(node: Iri, number: str) -> Iri:
    return Iri(f"_:{number}{node[2:]}") if node.startswith("_:") else node


def _told(verdict: Verdict, language: str) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "conforms": verdict.conforms,
        "shapes": "own" if verdict.own_shapes else "release",
        "release": None if verdict.own_shapes else verdict.release,
        "counts": dict(verdict.report.counts),
        "findings": [_finding(finding, language) for finding in verdict.report.findings],
    }


def _finding(finding: Finding, language: str) -> dict[str, Any]:
    messages = {each.language or "": each.value for each in finding.messages}
    return {**formats.finding_members(finding, language), "messages": messages}


def _statements(verdict: Verdict) -> Sequence[Triple]:
    """The report as RDF (SHACL, 3.6), its answer being that of all other formats."""
    truth = "true" if verdict.conforms else "false"
    return [
        (s, p, Literal(truth, datatype=o.datatype)) if p.endswith("#conforms") and isinstance(o, Literal) else (s, p, o)
        for s, p, o in verdict.report.triples()
    ]
