"""Memento: an address at another time (RFC 7089). Dates, headers and the list of mementos; pure, no request, no graph.

Each address is its own TimeGate: asked with `Accept-Datetime`, it answers as it was then. `?release=n` is the
address of one memento. `/timemap?uri=` lists those of an address.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from graph_service.home import ReleaseRecord

PARAMETER = "release"
# what has no past: files of the pages, and what tells of the service itself
_TIMELESS = re.compile(r"/(static|timemap|health|metrics)(/|$|\?)")
_FEW = re.compile(r"[A-Za-z0-9_.~/%?=+&-]*")
_LINK = re.compile(r'(?<!rel="original" )href="(?P<path>/(?!/)[^"?#]*)(?P<query>\?[^"#]*)?(?P<rest>[^"]*)"')
_FORM = re.compile(r'<form\b(?![^>]*method="post")[^>]*>')


@dataclass(frozen=True, slots=True)
class Memento:
    """One version of an address: the release that it reads, and when that was made."""

    address: str
    number: int
    moment: datetime.datetime


@dataclass(frozen=True, slots=True)
class TimeMap:
    """All versions of an address that are kept, oldest first (RFC 7089, 5)."""

    original: str
    address: str
    mementos: tuple[Memento, ...]

    def link_format(self) -> str:
        """Write it as `application/link-format` (RFC 6690)."""
        first, last = self.mementos[0], self.mementos[-1]
        span = f'from="{write(first.moment)}"; until="{write(last.moment)}"'
        lines = [
            f'<{self.original}>; rel="original timegate"',
            f'<{self.address}>; rel="self"; type="application/link-format"; {span}',
        ]
        for each in self.mementos:
            ends = [word for word, end in (("first", first), ("last", last)) if each is end]
            lines.append(f'<{each.address}>; rel="{" ".join([*ends, "memento"])}"; datetime="{write(each.moment)}"')
        return ",\n".join(lines) + "\n"

    def told(self) -> Mapping[str, object]:
        """The same for JSON."""
        return {
            "original": self.original,
            "timegate": self.original,
            "timemap": self.address,
            "mementos": [
                {"uri": each.address, "release": each.number, "datetime": each.moment.isoformat()}
                for each in self.mementos
            ],
        }


def read(text: str) -> datetime.datetime:
    """Read the date of Accept-Datetime: an HTTP date, of old or new form (RFC 7089, 2.1.1; RFC 9110, 5.6.7).

    Raises:
        ValueError: it is none.

    >>> read("Thu, 31 May 2018 20:35:00 GMT").isoformat()
    '2018-05-31T20:35:00+00:00'
    """
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)
    except (IndexError, OverflowError, TypeError) as error:
        raise ValueError(str(error)) from None


def write(moment: datetime.datetime) -> str:
    """Write a date as HTTP does."""
    return format_datetime(moment.astimezone(datetime.UTC), usegmt=True)


def original(address: str) -> str:
    """The address without the release that it asks for.

    >>> original("/store?default&release=3"), original("/axes?release=3")
    ('/store?default', '/axes')
    """
    path, _, query = address.partition("?")
    given = [each for each in query.split("&") if each and each.partition("=")[0] != PARAMETER]
    return f"{path}?{'&'.join(given)}" if given else path


def version(address: str, number: int) -> str:
    """The address of a memento: the same address, asking for a release.

    >>> version("/matrix?lang=es", 3)
    '/matrix?lang=es&release=3'
    """
    plain = original(address)
    return f"{plain}{'&' if '?' in plain else '?'}{PARAMETER}={number}"


def timemap_address(address: str) -> str:
    """Where the mementos of an address are listed."""
    return _listed(original(address))


def _listed(plain: str) -> str:
    return f"/timemap?uri={_escaped(plain)}"


def _escaped(address: str) -> str:
    """As `quote` does, which takes long where many characters of an address are escapes already.

    >>> address = "/a?b=%20c+d"
    >>> _escaped(address) == quote(address, safe="/")
    True
    """
    if _FEW.fullmatch(address) is None:
        return quote(address, safe="/")
    return address.replace("%", "%25").replace("?", "%3F").replace("=", "%3D").replace("+", "%2B").replace("&", "%26")


def links(address: str) -> str:
    """The links that every answer gives: the address now, which is also its TimeGate, and its TimeMap."""
    now = original(address)
    return f'<{now}>; rel="original timegate", <{_listed(now)}>; rel="timemap"; type="application/link-format"'


def headers(address: str, record: ReleaseRecord) -> dict[str, str]:
    """What the answer of a memento says of its time (RFC 7089, 4.1 and 4.2)."""
    moment = write(record.moment)
    own = version(address, record.number)
    memento = f'<{own}>; rel="memento"; datetime="{moment}"'
    return {"Memento-Datetime": moment, "Content-Location": own, "Link": memento}


def timemap(address: str, origin: str, records: Iterable[ReleaseRecord]) -> TimeMap:
    """List the mementos of an address that the records of the kept releases make."""
    plain = origin + original(address)
    mementos = tuple(Memento(version(plain, each.number), each.number, each.moment) for each in records)
    return TimeMap(plain, origin + timemap_address(address), mementos)


def has_past(address: str) -> bool:
    """Whether an address of this service reads releases.

    >>> has_past("/roadmaps/PE"), has_past("/static/style.css")
    (True, False)
    """
    return _TIMELESS.match(address) is None


def keep(page: str, number: str) -> str:
    """Have all links and forms of a page ask for the same release; those marked `rel="original"` lead to now.

    >>> keep('<a href="/axes?lang=es">', "3"), keep('<a rel="original" href="/axes">', "3")
    ('<a href="/axes?lang=es&amp;release=3">', '<a rel="original" href="/axes">')
    """
    asked = f"{PARAMETER}={quote(number)}"

    def linked(match: re.Match[str]) -> str:
        path, query = match["path"], match["query"] or ""
        if not has_past(path) or re.search(rf"[?&;]{PARAMETER}=", query):
            return match[0]
        return f'href="{path}{query + "&amp;" if query else "?"}{asked}{match["rest"]}"'

    hidden = f'<input type="hidden" name="{PARAMETER}" value="{quote(number)}">'
    return _FORM.sub(lambda match: match[0] + hidden, _LINK.sub(linked, page))
