"""Kept: answers kept as bytes, ready to send. A release never changes, so neither does what was made of it.

What an answer depends on is its key: the current release, the day ("today" is asked for without saying so), the
address, and the headers that handlers read. Answers with an ETag are kept, up to a size each and all together; those
not asked for longest go first. A new release makes new keys, and what was asked for of the last one is asked again by
itself, so that the first visitor is not the slow one.

While a remote engine is away, release and day stand still: what is kept of the last release known is still answered,
and says so: with `Cache-Status` (RFC 9211), `Age` (RFC 9111, 5.1) and a link to the release.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.limits import give_back
from graph_service.release import utc_today
from graph_service.releases import Releases

LARGEST_BYTES = 2_000_000  # of one answer
HEADS, HEAD_BYTES = 10_000, 2_000  # heads of requests that are known whole, and how long each may be
HEAD, ANSWER = "graph_service.head", "graph_service.answer"  # extensions of ASGI: what `front` knows of a request
WARMED = 200  # addresses asked again after a new release, those asked for last first
READ = (b"host", b"accept", b"accept-encoding", b"accept-language", b"x-forwarded-proto", b"x-forwarded-host")
# headers with which an answer is made anew: parts, times, and those who say who they are
APART = frozenset((b"range", b"accept-datetime", b"authorization", b"if-modified-since"))
AWAY = b"graph-service; hit; detail=engine-away"
OF_BODIES = frozenset((b"content-length", b"content-type", b"content-encoding", b"content-language"))
_TAG = re.compile(rb'"[^"]*"')

_Part: TypeAlias = tuple[bytes, bytes, tuple[bytes, ...]]  # path, query, and the headers that are read
_Key: TypeAlias = tuple[int | None, date, bytes, bytes, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class _Answer:
    start: Message
    body: bytes
    tag: bytes
    unchanged: Message  # the start of a 304
    lines: bytes  # status and headers as they are sent, those apart that the server adds
    unchanged_lines: bytes
    made: float  # on the monotonic clock, in seconds

    @property
    def size(self) -> int:
        return len(self.body) + 1000  # headers and key, roughly


class Answers:
    """What is kept, up to a size all together; those not asked for longest go first."""

    def __init__(self, max_bytes: int, away: Callable[[], bool] = lambda: False) -> None:
        """`away`: whether what answers for the current release is away at this moment."""
        self._max_bytes, self.away = max_bytes, away
        self._kept: OrderedDict[_Key, _Answer] = OrderedDict()
        self._heads: dict[bytes, tuple[_Key, bool]] = {}  # head of a request → its key, and whether it has the answer
        self.size_bytes = self.hits = self.misses = 0

    def get(self, key: _Key) -> _Answer | None:
        """An answer, if it is kept."""
        answer = self._kept.get(key)
        if answer is None:
            self.misses += 1
        else:
            self.hits += 1
            self._kept.move_to_end(key)
        return answer

    def keep(self, key: _Key, start: Message, body: bytes) -> None:
        """Keep an answer."""
        headers = start["headers"]
        tag = next(value for name, value in headers if name == b"etag").removeprefix(b"W/")
        whole = [*(each for each in headers if each[0] != b"content-length"), (b"content-length", b"%d" % len(body))]
        unchanged = {**start, "status": 304, "headers": [each for each in headers if each[0] not in OF_BODIES]}
        lines, unchanged_lines = _lines(b"200 OK", whole), _lines(b"304 Not Modified", unchanged["headers"])
        whole_start, now = {**start, "headers": whole}, time.monotonic()
        answer = _Answer(whole_start, body, tag, unchanged, lines, unchanged_lines, now)
        self._let_go(key)  # it may have been made twice at the same time
        self._kept[key] = answer
        self.size_bytes += answer.size
        while self.size_bytes > self._max_bytes:
            self.size_bytes -= self._kept.popitem(last=False)[1].size

    def know(self, head: bytes, key: _Key, *, unchanged: bool) -> None:
        """Remember which answer the head of a request leads to, so that it need not be read again."""
        if len(head) <= HEAD_BYTES:
            if len(self._heads) >= HEADS:
                self._heads.clear()
            self._heads[head] = key, unchanged

    def may_know(self, head: bytes) -> bool:
        """Whether a head once led to an answer that was kept: quicker to tell than whether it still does."""
        return head in self._heads

    def known(self, head: bytes, release: int | None, day: date) -> tuple[bytes, bytes] | None:
        """Header lines and body of the answer that a head leads to, if both are known and no more is to be said."""
        found = self._heads.get(head)
        if found is None or found[0][:2] != (release, day) or (answer := self._kept.get(found[0])) is None:
            return None
        if self.away():
            return None
        self.hits += 1
        self._kept.move_to_end(found[0])
        return (answer.unchanged_lines, b"") if found[1] else (answer.lines, answer.body)

    def forget_all_but(self, release: int | None) -> None:
        """Let go of what was made of other releases."""
        for key in [each for each in self._kept if each[0] != release]:
            self._let_go(key)

    def _let_go(self, key: _Key) -> None:
        if answer := self._kept.pop(key, None):
            self.size_bytes -= answer.size


class Kept:
    """ASGI middleware around all others."""

    def __init__(
        self, app: ASGIApp, releases: Releases, answers: Answers, clock: Callable[[], date] = utc_today
    ) -> None:
        self.app, self._releases, self._answers, self._clock = app, releases, answers, clock
        self._asked: OrderedDict[_Part, Scope] = OrderedDict()  # of the current release, the last one at the end
        self._release: int | None = None
        self._day = clock()
        self._warming: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, from what is kept where it can be."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return await self.app(scope, receive, send)
        read: dict[bytes, bytes] = {}
        wished: list[bytes] = []
        for name, value in scope["headers"]:
            if name in APART or name in read:
                return await self.app(scope, receive, send)
            if name in READ:
                read[name] = value
            elif name == b"if-none-match":
                wished += _TAG.findall(value)
        part = (scope["raw_path"], scope["query_string"], tuple(read.get(name, b"") for name in READ))
        away = self._answers.away()
        key: _Key = (*self._now(away), *part)
        answer = self._answers.get(key)
        unchanged = answer is not None and answer.tag in wished
        if answer is None or (wished and not unchanged and not away):  # it may be the tag of another packing
            if await self._make(key, scope, receive, send):
                self._remember(part, scope)
            return
        if (head := scope.get("extensions", {}).get(HEAD)) and not away:
            self._answers.know(head, key, unchanged=unchanged)
        start = answer.unchanged if unchanged else answer.start
        await send(_marked(start, answer, key[0]) if away else start)
        body = b"" if unchanged or scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _make(self, key: _Key, scope: Scope, receive: Receive, send: Send) -> bool:
        """Have an answer made and sent, and keep it where that may be."""
        start: Message = {}
        body = bytearray()
        may = kept = False

        async def listen(message: Message) -> None:
            nonlocal start, may, kept
            if message["type"] == "http.response.start":
                start, may = message, scope["method"] == "GET" and _may_be_kept(message)
            elif may:
                body.extend(message.get("body", b""))
                if len(body) > LARGEST_BYTES:
                    may = False
                    body.clear()
                elif not message.get("more_body"):
                    self._answers.keep(key, start, bytes(body))
                    kept = True
            await send(message)

        await self.app(scope, receive, listen)
        return kept

    def _now(self, away: bool) -> tuple[int | None, date]:
        """The release and the day that answers are of."""
        if not (away and self._release):
            self._day = self._clock()
        return self._current(away), self._day

    def _current(self, away: bool) -> int | None:
        number = self._releases.number
        if number is None and away:  # it is being filled
            return self._release
        if number != self._release:
            self._answers.forget_all_but(number)
            if self._release is not None and (self._warming is None or self._warming.done()):
                self._warming = asyncio.ensure_future(self._warm())
            self._release = number
        return number

    def _remember(self, part: _Part, scope: Scope) -> None:
        headers = [each for each in scope["headers"] if each[0] in READ]
        self._asked[part] = {**scope, "headers": headers, "state": {}, "extensions": {}}
        self._asked.move_to_end(part)
        while len(self._asked) > WARMED:
            self._asked.popitem(last=False)

    async def _warm(self) -> None:
        """Ask again what was asked of the last release, one after the other; give back the memory that it had."""

        async def wait() -> Message:
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def drop(_: Message) -> None:
            pass

        for scope in list(reversed(self._asked.values())):
            with contextlib.suppress(Exception):  # whoever asks for it will hear of it
                await self({**scope, "state": {}}, wait, drop)
        await asyncio.to_thread(give_back)


def _marked(start: Message, answer: _Answer, release: int | None) -> Message:
    """The start of an answer that is kept, and cannot be made anew now."""
    age = int(time.monotonic() - answer.made)
    link = b'</releases/%d>; rel="describedby"' % (release or 0)
    return {**start, "headers": [*start["headers"], (b"age", b"%d" % age), (b"cache-status", AWAY), (b"link", link)]}


def _lines(status: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join((b"HTTP/1.1 ", status, b"\r\n", *(b"%b: %b\r\n" % each for each in headers)))


def _may_be_kept(start: Message) -> bool:
    """Whether an answer is whole, has a tag, and does not forbid it."""
    headers = dict(start["headers"])
    return start["status"] == 200 and b"etag" in headers and b"no-store" not in headers.get(b"cache-control", b"")
