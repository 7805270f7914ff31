"""Respond: the one place that reads what is wanted and writes ETag, Vary, Link and 304. Asks nothing of the graph.

A handler names the formats that it can write, each with a function that writes it; only the chosen one runs,
and none at all where the client already has the answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from urllib.parse import quote, urlencode

from fastapi import Depends
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from graph_service import formats
from graph_service.errors import GraphServiceError, ParameterError, UnknownTerm, nearest
from graph_service.history import release_number
from graph_service.release import Release, Result
from graph_service.releases import Releases
from graph_service.terms import LANGUAGES, Iri, Triple, choose
from graph_service.web import addresses, memento, render, taking
from graph_service.web.language import DEFAULT, preferred
from graph_service.web.media import CSV, HTML, JSONLD, NT, RDF, TTL, Format, UnknownFormat, negotiate, tabular

Body: TypeAlias = bytes | str | Iterator[bytes]
Writer: TypeAlias = Callable[[], Body]
Writers: TypeAlias = Mapping[Format, Writer]

LINKED_LENGTH = 1000  # longer addresses, such as those of long queries, are not repeated in the headers
PERIOD = r"^\d{4}(-\d{2}(-\d{2})?)?$"  # a day, month or year, as a pattern of JSON Schema
EVERYWHERE = ("lang", memento.PARAMETER)  # parameters that every address takes: in which language, as of which release


class MalformedRequest(GraphServiceError):
    """The request is not what the address takes: a part is missing, doubled or unreadable."""

    slug, title = "malformed-request", "The request cannot be read"


class UnsupportedMediaType(GraphServiceError):
    """The body has a media type that is not read here; `taken` lists those that are (RFC 9110, 15.5.16)."""

    slug, title = "unsupported-media-type", "Unsupported media type"

    def __init__(self, given: str, taken: Sequence[str]) -> None:
        super().__init__(f"The body is {given or 'without a Content-Type'}; this address reads {' or '.join(taken)}.")
        self.taken = tuple(taken)


class BodyTooLarge(GraphServiceError):
    """The body is larger than the setting `max_body_bytes` allows."""

    slug, title = "body-too-large", "The request is too large"

    def __init__(self, max_body_bytes: int) -> None:
        super().__init__(f"The body may have up to {max_body_bytes} bytes (setting max_body_bytes).")


class _Suffix(Convertor[str]):
    """An optional suffix at the end of an address: `{suffix:suffix}` is `.json` or nothing."""

    regex = r"(?:\.[a-z0-9]+)?"

    def convert(self, value: str) -> str:
        return value.removeprefix(".")

    def to_string(self, value: str) -> str:
        return f".{value}" if value else ""


class _Slug(Convertor[str]):
    """One segment of an address without a dot, so that a suffix can follow."""

    regex = r"[^/.]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("suffix", _Suffix())
register_url_convertor("slug", _Slug())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the client asks for, apart from the thing itself: format, language, and what it already has."""

    path: str  # of the address, without its suffix
    suffix: str = ""  # "" where Accept decides
    accept: str = ""
    language: str = DEFAULT
    given: tuple[tuple[str, str], ...] = ()  # query parameters in the order given, empty ones left out
    if_none_match: str = ""
    front: str = ""  # of the paths of pages: the language that was chosen, such as "/es"
    origin: str = ""  # scheme and host, for addresses that leave this service

    def parameters(self, known: Sequence[str]) -> dict[str, str]:
        """Return the query parameters; `lang` and `release` apart, only the known ones may stand, each once.

        Raises:
            ParameterError: one is not known (with near names) or stands twice.
        """
        found: dict[str, str] = {}
        for name, value in self.given:
            if name in EVERYWHERE:
                continue
            if name not in known:
                raise unknown_parameter(name, known)
            if name in found:
                raise ParameterError(f"The parameter {name!r} is given more than once.", parameter=name)
            found[name] = value
        return found

    def values(self, release: Release, name: str) -> Mapping[str, str]:
        """Return the values given for a query, as they are understood: slugs and codes; no `as_of` is today.

        Raises:
            ParameterError, MalformedValue, UnknownTerm: a value is missing, cannot be read, or is not in the graph.
        """
        query = release.question(name)
        given = self.parameters([parameter.name for parameter in query.parameters])
        return release.understood(name, given)

    def value(self, name: str) -> str:
        """The value of a query parameter as it was written; empty where it was not."""
        return dict(self.given).get(name, "")

    def choose(self, offered: Sequence[Format]) -> Format:
        """Return the format to write: the suffix decides, else Accept (see `negotiate`)."""
        formats = tabular(offered)
        if not self.suffix:
            return negotiate(self.accept, formats)
        for each in formats:
            if each.name == self.suffix:
                return each
        raise UnknownFormat(self.suffix, formats)

    def address(self, suffix: str = "", **changed: str) -> str:
        """Return the address of this view in another format, or with some parameters changed."""
        given = {**dict(self.given), **changed}
        path = quote(self.path) + (f".{suffix}" if suffix else "")
        return f"{path}?{urlencode(given)}" if given else path

    def moved(self, path: str) -> str:
        """Return another path with this one's language, suffix and parameters."""
        front = "" if self.value("lang") else self.front  # the parameter goes along, and is choice enough
        return front + replace(self, path=path).address(self.suffix)

    def in_language(self, language: str) -> str:
        """Return the address of this page in a language; an empty one leaves it to the client's preference."""
        given = tuple((name, value) for name, value in self.given if name != "lang")
        return addresses.prefix(language) + replace(self, given=given).address()

    def pinned(self, release: Release) -> str:
        """Return the whole address of this view as of a release, in whatever format is asked for there."""
        return self.origin + self.front + self.address(**{memento.PARAMETER: str(release.number)})

    def citation(self, release: Release, title: str) -> str:
        """Return how to cite this view, given what it shows."""
        return taking.citation(release, title, self.pinned(release), self.language)

    def kept(self, address: str) -> str:
        """Return another address of ours, asking for the same release if this one asks for one."""
        number = self.value(memento.PARAMETER)
        return memento.version(address, int(number)) if number else address

    def now(self) -> str:
        """Return this address without the release that it asks for."""
        return memento.original(self.address(self.suffix))

    def page(self, release: Release | None, template: str, **context: Any) -> str:
        """Fill a template for this address, in the language asked for; its links keep the release asked for."""
        filled = render.page(template, release=release, wanted=self, language=self.language, **context)
        number = self.value(memento.PARAMETER)
        return addresses.lead_on(memento.keep(filled, number) if number else filled, self.front)


def about(
    *offered: Format,
    query: str = "",
    summary: str = "",
    parameters: Sequence[Mapping[str, Any]] = (),
    answer: type | str | Mapping[str, Any] | None = None,
    body: Mapping[str, Mapping[str, Any]] | None = None,
    statuses: Sequence[int] = (),
) -> dict[str, Any]:
    """What a route tells of itself for the description of the API.

    Args:
        offered: its formats.
        query: the query whose parameters it takes, and whose table it answers with where `answer` is not told.
        answer: what its JSON is: a view, the table of a query, or a JSON Schema.
        body: what it reads: media type → JSON Schema.
        statuses: those that do not follow from what its handler depends on.
    """
    return {
        "media_types": [each.media_type for each in tabular(offered)],
        "query": query,
        "summary": summary,
        "parameters": list(parameters),
        "answer": answer,
        "body": body,
        "statuses": tuple(statuses),
    }


def in_query(fields: Mapping[str, Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Fields that can also stand in the address, as parameters of the description: name → JSON Schema.

    >>> in_query({"uri": {"description": "which one", "type": "string"}})
    ({'name': 'uri', 'in': 'query', 'description': 'which one', 'schema': {'type': 'string'}},)
    """
    return tuple(
        {
            "name": name,
            "in": "query",
            "description": schema["description"],
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in fields.items()
    )


def wanted(request: Request) -> Wanted:
    """Read what the client asks for from its request."""
    suffix = request.path_params.get("suffix") or ""
    path = str(request.scope["path"])  # decoded: `address` encodes it again
    given = tuple((name, value) for name, value in request.query_params.multi_items() if value != "")
    chosen = _language(dict(given).get("lang", "")) or addresses.language_of(request)
    if not chosen and path == "/":  # the first visit
        chosen = preferred(request.headers.get("accept-language", "")).replace(DEFAULT, "")
    return Wanted(
        path=path.removesuffix(f".{suffix}") if suffix else path,
        suffix=suffix,
        accept=request.headers.get("accept", ""),
        language=chosen or DEFAULT,
        given=given,
        if_none_match=request.headers.get("if-none-match", ""),
        front=addresses.prefix(chosen),
        origin=addresses.origin(request),
    )


def current_release(request: Request) -> Release:
    """The release that this request reads, from its first byte to its last.

    The one that the parameter `release` names, else the one that was current at `Accept-Datetime` (RFC 7089; before
    the first one, the first), else the one that is current now. The envelope writes what is told of it here.

    Raises:
        MalformedValue, UnknownRelease, ReleasePruned: of the parameter.
        MalformedRequest: the date cannot be read.
    """
    releases: Releases = request.app.state.releases
    path = addresses.prefix(addresses.language_of(request)) + quote(str(request.scope["path"]))
    address = path + (f"?{request.url.query}" if request.url.query else "")
    if not memento.has_past(address):
        return releases.current()
    request.state.time = {"Vary": "Accept-Datetime"}
    release = _asked(request, releases)
    reading = request.method in ("GET", "HEAD") and len(address) <= LINKED_LENGTH
    if release is None:
        request.state.time |= {"Link": memento.links(address)} if reading else {}
        return releases.current()
    told = memento.headers(address, release.record)
    if reading:
        request.state.time |= told | {"Link": f"{memento.links(address)}, {told['Link']}"}
    else:
        request.state.time["Memento-Datetime"] = told["Memento-Datetime"]
    return release


def _asked(request: Request, releases: Releases) -> Release | None:
    """The release that a request asks for; None where it asks for no particular one."""
    given = [number for number in request.query_params.getlist(memento.PARAMETER) if number]
    if len(given) > 1:
        raise ParameterError("The parameter 'release' is given more than once.", parameter=memento.PARAMETER)
    if given:
        return releases.get(release_number(memento.PARAMETER, given[0]))
    date = request.headers.get("accept-datetime")
    if date is None:
        return None
    try:
        return releases.at(memento.read(date))
    except ValueError:
        example = "Thu, 31 May 2018 20:35:00 GMT"
        raise MalformedRequest(f"Accept-Datetime {date!r} is no HTTP date: write it like {example!r}.") from None


Asked = Annotated[Wanted, Depends(wanted)]
CurrentRelease = Annotated[Release, Depends(current_release)]


def respond(
    wanted: Wanted,
    release: Release,
    writers: Writers,
    *,
    query: str | None = None,
    values: Mapping[str, str] | None = None,
) -> Response:
    """Answer in the format that the client prefers among those that can be written.

    Args:
        writers: format → what writes it; the first is the one for clients without a preference. What is written as
            CSV can also be had as XLSX.
        query, values: the query behind this view and what it was asked, for Link and ETag.

    Raises:
        NotAcceptable, UnknownFormat: none of the formats is wanted.
    """
    offered = tabular(tuple(writers))
    chosen = wanted.choose(offered)
    headers = {
        "ETag": entity_tag(release, wanted, chosen, values or {}),
        "Vary": "Accept, Accept-Language" if wanted.path == "/" else "Accept",
        "Cache-Control": "no-cache",
        "Link": ", ".join(_links(wanted, offered, chosen, _behind(release, query, values or {}))),
    }
    if has_tag(wanted.if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if chosen is HTML:
        headers["Content-Language"] = wanted.language
    body = writers[chosen]() if chosen in writers else _workbook(wanted, release, writers[CSV](), query, values or {})
    return send(body, chosen.media_type, headers)


def _workbook(wanted: Wanted, release: Release, table: Body, query: str | None, values: Mapping[str, str]) -> bytes:
    """A table as a spreadsheet, with what it answers on its first sheet."""
    written = b"".join([table] if isinstance(table, bytes) else [table.encode()] if isinstance(table, str) else table)
    question = release.question(query) if query else None
    address = wanted.pinned(release)
    return formats.table_workbook(written, taking.cover(release, question, values, address, wanted.language))


def result_writers(release: Release, result: Callable[[], Result]) -> Writers:
    """What writes the rows of a question in each RDF format (csv2rdf)."""
    return rdf_writers(release, lambda: formats.table_statements(result()))


def rdf_writers(release: Release, triples: Callable[[], Iterable[Triple]], root: Iri | None = None) -> Writers:
    """What writes some statements in each RDF format; as JSON-LD they begin with the root."""
    return {
        TTL: lambda: formats.turtle(triples()),
        JSONLD: lambda: formats.jsonld(triples(), json_context(release), root),
        NT: lambda: formats.graph_bytes(triples(), "nt", {}),
        RDF: lambda: formats.graph_bytes(triples(), "rdf", {}),
    }


def json_context(release: Release) -> Mapping[str, Any]:
    """The JSON-LD context that came with the release."""
    context: Mapping[str, Any] = json.loads(release.file("ontology/context.jsonld"))
    return context


def view_json(release: Release, wanted: Wanted, view: object, offered: Sequence[Format], query: str) -> bytes:
    """Write a view as JSON, with links to its other formats and to the query behind it."""
    return formats.view_json(
        view, release.number, links(wanted, offered, query), names(release), language=wanted.language
    )


def view_csv(release: Release, wanted: Wanted, view: Any) -> bytes:
    """Write a view as one table."""
    return formats.view_csv(view, names(release), language=wanted.language)


def table_json(release: Release, wanted: Wanted, result: Result, offered: Sequence[Format]) -> bytes:
    """Write the answer of a query as JSON, with links to its other formats and to its own address."""
    as_of = result.parameters.get("as_of")
    return formats.table_json(result, release.number, as_of, links(wanted, offered, result.query.name))


def names(release: Release) -> Callable[[Iri, str], str]:
    """What gives the name of a record in a language; empty where it has none."""

    def name(iri: Iri, language: str) -> str:
        found = choose(release.labels(iri), language)
        return found.value if found else ""

    return name


def links(wanted: Wanted, offered: Sequence[Format], query: str) -> Mapping[str, str]:
    """Where to go from a JSON answer: the same in other formats, the query behind it, the release."""
    return {
        **{each.name: wanted.address(each.name) for each in tabular(offered)},
        "query": wanted.kept(f"/queries/{query}"),
        "releases": wanted.kept("/releases"),
    }


def send(body: Body, media_type: str, headers: Mapping[str, str], status: int = 200) -> Response:
    """Send a body whole, or as it comes where it is an iterator."""
    if isinstance(body, bytes | str):
        return Response(body, status, dict(headers), media_type)
    return StreamingResponse(body, status, dict(headers), media_type)


def see_other(address: str) -> Response:
    """Point to another address that describes the thing (303; RFC 9110, 15.4.4)."""
    return RedirectResponse(address, 303, {"Vary": "Accept", "Cache-Control": "no-cache"})


def entity_tag(release: Release, wanted: Wanted, chosen: Format, values: Mapping[str, str]) -> str:
    """Name a representation: the release, then a digest of all else that its bytes depend on.

    `values` hold the date that "today" stands for, so that an answer does not outlive its day.
    """
    language = wanted.language if chosen is HTML else ""
    parts = (
        build(),
        release.record.digest,
        wanted.origin,
        wanted.path,
        wanted.given,
        sorted(values.items()),
        chosen.name,
        language,
    )
    return f'"{release.number}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:20]}"'


def has_tag(if_none_match: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; compared weakly, as RFC 9110, 13.1.2 asks."""
    return tag in re.findall(r'"[^"]*"', if_none_match)


@cache
def build() -> str:
    """Name this version of the software: a digest of its own files, so that new templates make new tags."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent.parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".html", ".css", ".js", ".po"}:
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _links(wanted: Wanted, offered: Sequence[Format], chosen: Format, behind: str | None) -> Iterator[str]:
    for each in offered:
        if each is not chosen:
            yield f'<{wanted.address(each.name)}>; rel="alternate"; type="{each.media_type}"'
    if behind:
        yield f'<{wanted.kept(behind)}>; rel="describedby"'


def _behind(release: Release, query: str | None, values: Mapping[str, str]) -> str | None:
    """The address of the query behind a view, with those of its values that the query takes."""
    if query is None:
        return None
    taken = [each.name for each in release.question(query).parameters if each.name in values]
    asked = urlencode({name: values[name] for name in taken})
    return f"/queries/{query}?{asked}" if asked else f"/queries/{query}"


def unknown_parameter(name: str, known: Sequence[str]) -> ParameterError:
    """The error for a parameter that the address does not take, with near names."""
    near = nearest(name, known)
    hint = f" Did you mean {' or '.join(near)}?" if near else f" It takes {', '.join(known) or 'none'}."
    return ParameterError(f"There is no parameter {name!r} here.{hint}", parameter=name)


def _language(code: str) -> str:
    if code and code not in LANGUAGES:
        raise UnknownTerm("language", given=code, near=LANGUAGES, parameter="lang")
    return code
