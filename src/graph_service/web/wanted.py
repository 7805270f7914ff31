"""Wanted: what a request asks for, apart from the thing itself: format, language, release, parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Depends
from starlette.requests import Request

from graph_service.catalogue import Parameter
from graph_service.errors import GraphServiceError, ParameterError, UnknownTerm, nearest
from graph_service.history import release_number
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.terms import LANGUAGES
from graph_service.understanding import AS_OF
from graph_service.web import addresses, memento, render, taking
from graph_service.web.language import DEFAULT, preferred
from graph_service.web.media import Format, UnknownFormat, negotiate, tabular

LINKED_LENGTH = 1000  # longer addresses, such as those of long queries, are not repeated in the headers
EVERYWHERE = ("lang", memento.PARAMETER)  # parameters that every address takes: in which language, as of which release


class MalformedRequest(GraphServiceError):
    """The request is not what the address takes: a part is missing, doubled or unreadable."""

    slug, title = "malformed-request", "The request cannot be read"


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
    question: str = ""  # the query whose parameters the address takes
    fields: tuple[str, ...] = ()  # parameters that it takes beside those

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
        """Return the whole address of this view as of a release, in whatever format is asked for there.

        What is as of today stays as of this day: there "today" would be the day of the release.
        """
        taken = {*self.fields, *(each.name for each in self._parameters(release))}
        open_day = AS_OF in taken and not (self.value(AS_OF) or self.value(memento.PARAMETER))
        day = {AS_OF: release.today.isoformat()} if open_day else {}
        return self.origin + self.front + self.address(**day, **{memento.PARAMETER: str(release.number)})

    def _parameters(self, release: Release) -> Sequence[Parameter]:
        return release.question(self.question).parameters if self.question else ()

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


def read(request: Request) -> Wanted:
    """Read what the client asks for from its request."""
    suffix = request.path_params.get("suffix") or ""
    told: Mapping[str, Any] = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    named = [request.path_params[part] for part in ("group", "name") if part in request.path_params]  # of a query
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
        question=told.get("query") or (f"{named[0]}/{named[1]}" if len(named) == 2 else ""),
        fields=tuple(str(each["name"]) for each in told.get("parameters", ())),
    )


def release_of(request: Request) -> Release:
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


# neither waits for anything, and a thread of their own would cost more than they do
async def wanted(request: Request) -> Wanted:
    """As `read`, for what handlers depend on."""
    return read(request)


async def current_release(request: Request) -> Release:
    """As `release_of`, for what handlers depend on."""
    return release_of(request)


Asked = Annotated[Wanted, Depends(wanted)]
CurrentRelease = Annotated[Release, Depends(current_release)]


def unknown_parameter(name: str, known: Sequence[str]) -> ParameterError:
    """The error for a parameter that the address does not take, with near names."""
    near = nearest(name, known)
    hint = f" Did you mean {' or '.join(near)}?" if near else f" It takes {', '.join(known) or 'none'}."
    return ParameterError(f"There is no parameter {name!r} here.{hint}", parameter=name)


def _language(code: str) -> str:
    if code and code not in LANGUAGES:
        raise UnknownTerm("language", given=code, near=LANGUAGES, parameter="lang")
    return code
