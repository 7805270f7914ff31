"""Releases: the history of the graph. What changed, as quads and in words; each address at other times (Memento)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import formats
from graph_service.describing import provenance
from graph_service.errors import MalformedValue, ParameterError, UnknownRelease
from graph_service.following import Counts
from graph_service.formats.json_schema import COUNT, LINKS, array, closed, object_schema
from graph_service.history import Changes, Difference, History, release_number
from graph_service.home import ReleaseRecord
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.terms import Iri, Literal, choose, compact, record_iri
from graph_service.web import addresses, memento, respond
from graph_service.web.language import translations, write_number
from graph_service.web.media import ATOM, CSV, HTML, JSON, LINK_FORMAT, NQ, RDF_FORMATS
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, MalformedRequest, Wanted

router = APIRouter(tags=["data"])

PARTS = ("added", "removed")
FEED_ENTRIES = 50
CHANGE_PARAMETERS = tuple(
    {"name": name, "in": "query", "description": words, "allowEmptyValue": True, "schema": schema}
    for name, words, schema in (
        ("since", "the release to start from; 0 for the empty graph; the one before `until` when left out",
         {"type": "integer", "minimum": 0}),
        ("until", "the release to arrive at; the one that is read when left out", {"type": "integer", "minimum": 0}),
        ("part", "the lines of one side alone", {"type": "string", "enum": list(PARTS)}),
    )
)  # fmt: skip
MAP_PARAMETERS = (
    {
        "name": "uri",
        "in": "query",
        "description": "an address of this service, whole or from its path on; the start page when left out",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
        "example": "/releases",
    },
)

TOPICS = {"country": "elp:Country", "axis": "elp:TransversalAxis"}  # what can be followed: parameter → class
TOPIC_PARAMETERS = tuple(
    {
        "name": name,
        "in": "query",
        "description": f"only releases that changed something of this {name}",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
    }
    for name in TOPICS
)

# the JSON of these addresses
ONE = object_schema(
    ReleaseRecord,
    last={
        "counts": object_schema(Counts),
        "kept": {"type": "boolean"},
        "links": LINKS,
    },
)
ALL = closed({"current": {"type": "integer", "minimum": 1}, "releases": array(ONE)})
_LINES = {"description": "lines of N-Quads, sorted", **array({"type": "string"})}
CHANGES = closed(
    {
        "since": COUNT,
        "until": COUNT,
        "count": closed({"added": COUNT, "removed": COUNT}),
        "added": _LINES,
        "removed": _LINES,
        "links": LINKS,
    },
    optional=PARTS,
)
_MEMENTO = closed(
    {
        "uri": {"type": "string"},
        "release": {"type": "integer", "minimum": 1},
        "datetime": {"type": "string", "format": "date-time"},
    }
)
MAP = closed(
    {
        "original": {"type": "string"},
        "timegate": {"type": "string"},
        "timemap": {"type": "string"},
        "mementos": array(_MEMENTO),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """A release with what it changed."""

    record: ReleaseRecord
    topics: frozenset[Iri]  # the countries and axes of which it changed something
    words: Sequence[str]  # what changed, in the language of the page


@router.get(
    "/releases{suffix:suffix}",
    openapi_extra=about(
        *(HTML, JSON, CSV, ATOM, *RDF_FORMATS),
        description="As RDF: the provenance of the releases listed (PROV-O).",
        parameters=TOPIC_PARAMETERS,
        answer=ALL,
    ),
)
def releases(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """All releases, newest first, or those that changed something of a country or an axis; also as a feed."""
    followed = _releases(request)
    topics = _topics(release, wanted.parameters(tuple(TOPICS)))
    known = (_line(each, wanted.language) for each in followed.records() if each.number <= release.number)
    lines = [each for each in known if topics <= each.topics]
    kept = set(followed.kept())
    writers: Writers = {
        HTML: lambda: _releases_page(wanted, release, lines, topics),
        JSON: lambda: formats.to_json(
            {
                "current": release.number,
                "releases": [_told(wanted, each, kept=each.record.number in kept) for each in lines],
            }
        ),
        CSV: lambda: formats.releases_csv([each.record for each in lines]),
        ATOM: lambda: _feed(wanted, release, lines[:FEED_ENTRIES], topics),
        **respond.rdf_writers(release, lambda: [said for each in lines for said in provenance(each.record)]),
    }
    return respond.respond(wanted, release, writers)


@router.get("/releases/{number:slug}{suffix:suffix}", openapi_extra=about(HTML, JSON, *RDF_FORMATS, answer=ONE))
def one(number: str, request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """What is kept of a release for ever: when, who, why, how much changed. As RDF: its provenance (PROV-O)."""
    wanted.parameters(())
    followed = _releases(request)
    record = followed.record(_number_in_path(number))
    iri = record_iri("release", str(record.number))
    kept = record.number in followed.kept()
    line = _line(record, wanted.language)
    writers: Writers = {
        HTML: lambda: wanted.page(release, "release.html", record=record, line=line, kept=kept, last=release.number),
        JSON: lambda: formats.to_json(_told(wanted, line, kept=kept)),
        **respond.rdf_writers(release, lambda: provenance(record), iri),
    }
    return respond.respond(wanted, release, writers)


@router.get("/releases/{first:slug}..{last:slug}{suffix:suffix}", openapi_extra=about(HTML, JSON, answer=Difference))
def between(first: str, last: str, request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """Two releases compared in words: mandates that came and went, names that changed, new and withdrawn records."""
    wanted.parameters(())
    since, until = _number_in_path(first), _number_in_path(last)
    found = partial(_history(request).difference, since, until)
    for each in {since, until} - {0}:
        _releases(request).record(each)
    writers: Writers = {
        HTML: lambda: _difference_page(wanted, release, found()),
        JSON: lambda: formats.view_json(
            found(), release.number, _links(wanted, since, until), respond.names(release), language=wanted.language
        ),
    }
    return respond.respond(wanted, release, writers)


@router.get(
    "/changes{suffix:suffix}", openapi_extra=about(JSON, HTML, NQ, parameters=CHANGE_PARAMETERS, answer=CHANGES)
)
def changes(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The quads that were added and removed since a release, net; one side alone as N-Quads, by subject as a page."""
    given = wanted.parameters(("since", "until", "part"))
    until = release_number("until", given.get("until", str(release.number)))
    since = release_number("since", given.get("since", str(max(until - 1, 0))))
    part = given.get("part", "")
    if since > until:
        expected = f"the changes go forward, to release {until} at most"
        raise MalformedValue("since", given=str(since), expected=expected)
    if part not in ("", *PARTS):
        raise MalformedValue("part", given=part, expected=f"write {' or '.join(PARTS)}")
    for each in {since, until} - {0}:
        _releases(request).record(each)
    found = partial(_history(request).changes, since, until)
    writers: Writers = {
        JSON: lambda: _changes_json(wanted, found(), part),
        HTML: lambda: _changes_page(wanted, release, found()),
        NQ: lambda: _lines(found(), part),
    }
    return respond.respond(wanted, release, {NQ: writers[NQ], **writers} if part else writers)


@router.get(
    "/timemap{suffix:suffix}",
    openapi_extra=about(LINK_FORMAT, JSON, parameters=MAP_PARAMETERS, answer=MAP, statuses=(200, 400)),
)
def timemap(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
    """The versions of an address: one for each release that is kept (a TimeMap; RFC 7089, 5)."""
    address = wanted.parameters(("uri",)).get("uri", "/").removeprefix(addresses.origin(request))
    if not address.startswith("/") or address.startswith("//") or not memento.has_past(address):
        raise MalformedRequest(f"{address!r} is no address of this service that has a past.")
    followed = _releases(request)
    found = memento.timemap(address, addresses.origin(request), [followed.record(number) for number in followed.kept()])
    writers: Writers = {LINK_FORMAT: found.link_format, JSON: lambda: formats.to_json(found.told())}
    return respond.respond(wanted, release, writers)


def _number_in_path(given: str) -> int:
    """The number of a release that stands in a path; what is no number is an address that does not exist."""
    try:
        return release_number("release", given)
    except MalformedValue:
        raise UnknownRelease(f"There is no release {given!r}: releases have numbers.") from None


def _releases(request: Request) -> Releases:
    followed: Releases = request.app.state.releases
    return followed


def _history(request: Request) -> History:
    return History(_releases(request))


def _topics(release: Release, given: Mapping[str, str]) -> frozenset[Iri]:
    """The countries and axes that are asked for; UnknownTerm, with near names, for what is none."""
    return frozenset(release.find(TOPICS[name], value, kind=name, parameter=name).iri for name, value in given.items())


def _line(record: ReleaseRecord, language: str) -> Line:
    slugs = {"country": record.countries, "axis": record.axes}
    topics = frozenset(record_iri(name, slug) for name in TOPICS for slug in slugs[name])
    return Line(record, topics, _in_words(Counts(**record.counts), language))


def _in_words(counts: Counts, language: str) -> Sequence[str]:
    """What changed, the weightiest first; empty where nothing did that people wrote."""
    known = translations(language)
    named = (
        (
            counts.mandates_added,
            known.ngettext("%(num)s mandate added", "%(num)s mandates added", counts.mandates_added),
        ),
        (
            counts.mandates_removed,
            known.ngettext("%(num)s mandate withdrawn", "%(num)s mandates withdrawn", counts.mandates_removed),
        ),
        (counts.new, known.ngettext("%(num)s new record", "%(num)s new records", counts.new)),
        (counts.withdrawn, known.ngettext("%(num)s record withdrawn", "%(num)s records withdrawn", counts.withdrawn)),
        (counts.names, known.ngettext("%(num)s name changed", "%(num)s names changed", counts.names)),
        (counts.values, known.ngettext("%(num)s property changed", "%(num)s properties changed", counts.values)),
    )
    return [words % {"num": write_number(count, language)} for count, words in named if count]


def _told(wanted: Wanted, line: Line, *, kept: bool) -> Mapping[str, object]:
    """A release as JSON: its record, what it changed, whether its data is kept, and where it leads."""
    number, base = line.record.number, line.record.base
    since = base if base is not None else 0
    return {
        **asdict(line.record),
        "counts": asdict(Counts(**line.record.counts)),
        "kept": kept,
        "links": {
            "self": wanted.kept(f"/releases/{number}"),
            "changes": wanted.kept(f"/changes?since={since}&until={number}"),
            **({"difference": wanted.kept(f"/releases/{base}..{number}")} if base else {}),
        },
    }


def _releases_page(wanted: Wanted, release: Release, lines: Sequence[Line], topics: frozenset[Iri]) -> str:
    return wanted.page(
        release,
        "releases.html",
        lines=lines,
        topics=sorted(topics),
        choices=[(name, release.members(scheme), wanted.value(name)) for name, scheme in TOPICS.items()],
    )


def _links(wanted: Wanted, since: int, until: int) -> Mapping[str, str]:
    return {
        "html": wanted.address("html"),
        "json": wanted.address("json"),
        "changes": wanted.kept(f"/changes?since={min(since, until)}&until={max(since, until)}"),
        "releases": wanted.kept("/releases"),
    }


def _feed(wanted: Wanted, release: Release, lines: Sequence[Line], topics: frozenset[Iri]) -> bytes:
    say = translations(wanted.language).gettext
    entries = [
        formats.Entry(
            each.record,
            say("Release %(number)s") % {"number": each.record.number},
            _summary(each, wanted.language),
            f"{wanted.origin}/releases/{_compared(each.record)}",
        )
        for each in lines
    ]
    title = ": ".join([say("Releases"), *(_name(release, iri, wanted.language) for iri in sorted(topics))])
    page = replace(wanted, given=tuple((name, value) for name, value in wanted.given if name in TOPICS))
    return formats.atom(
        title,
        wanted.origin + page.address("atom"),
        wanted.origin + page.address(),
        entries,
        wanted.language,
        release.record.moment,
    )


def _summary(line: Line, language: str) -> str:
    """A release in a sentence or two: why, what changed, how many statements."""
    say = translations(language).gettext
    counted = say("%(reason)s (statements: %(added)s added, %(removed)s removed)") % {
        "reason": line.record.reason,
        "added": line.record.added,
        "removed": line.record.removed,
    }
    return ". ".join([counted, ", ".join(line.words)]) if line.words else counted


def _compared(record: ReleaseRecord) -> str:
    return f"{record.base}..{record.number}" if record.base else str(record.number)


def _name(release: Release, iri: Iri, language: str) -> str:
    return str(choose(release.labels(iri), language) or compact(iri))


def _changes_json(wanted: Wanted, found: Changes, part: str) -> bytes:
    sides = {
        "added": [line.rstrip("\n") for line in found.added],
        "removed": [line.rstrip("\n") for line in found.removed],
    }
    shown = {name: lines for name, lines in sides.items() if part in ("", name)}
    counts = {"added": len(found.added), "removed": len(found.removed)}
    return formats.to_json(
        {"since": found.since, "until": found.until, "count": counts, **shown,
         "links": {"difference": wanted.kept(f"/releases/{found.since}..{found.until}")}}
    )  # fmt: skip


def _changes_page(wanted: Wanted, release: Release, found: Changes) -> str:
    return wanted.page(release, "changes.html", changes=found, subjects=found.subjects())


def _lines(found: Changes, part: str) -> bytes:
    if not part:
        raise ParameterError("N-Quads hold one side: say part=added or part=removed.", parameter="part")
    return "".join(found.added if part == "added" else found.removed).encode()


def _difference_page(wanted: Wanted, release: Release, found: Difference) -> str:
    return wanted.page(
        release,
        "difference.html",
        difference=found,
        named=_naming(release, found, wanted.language),
        graph_changes={"since": min(found.since, found.until), "until": max(found.since, found.until)},
    )


def _naming(release: Release, found: Difference, language: str) -> Callable[[Iri], Literal | None]:
    """What names a record on the page: the release that is read, else the changes themselves."""
    known = {each.record: each.names for each in (*found.new, *found.withdrawn)}

    def named(iri: Iri) -> Literal | None:
        return choose(release.labels(iri) or known.get(iri, ()), language)

    return named
