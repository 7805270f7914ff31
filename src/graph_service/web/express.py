"""Express: answers to whole heads of requests, without the web framework: what is kept, and plain queries by GET.

A query in the address and nothing else (SPARQL 1.1 Protocol, 2.1.1) takes most of its time in the framework around it.
Here its head is read at once. Whatever is not plain goes the way of all requests, and so does an answer that is not
short and whole: with what was begun for it. Both ways give the same bytes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from starlette.responses import Response

from graph_service.errors import GraphServiceError
from graph_service.home import Home
from graph_service.readers.answers import Answer
from graph_service.readers.lanes import Readers
from graph_service.readers.near import Near
from graph_service.release import Release, utc_today
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.store.tokens import mentions, query_form
from graph_service.web import bodies, memento, protocol, respond
from graph_service.web.compression import IN_THREAD_BYTES, PACKED, SMALLEST_BYTES, pack, takes_gzip
from graph_service.web.envelope import HEADERS
from graph_service.web.kept import APART, HEAD_BYTES, LARGEST_BYTES, Answers
from graph_service.web.media import HTML, Format, NotAcceptable, negotiate, tabular
from graph_service.web.metrics import Metrics
from graph_service.web.protocol import Operation
from graph_service.web.wanted import LINKED_LENGTH

PLAIN = b"/sparql?query="
SHORT = 256  # characters of a query that cannot be too deep or too long
BLOCKS, ASKED = 1000, 50_000  # blocks of header lines, and heads, that are remembered
# headers that make more of a request than its head says, or something else of it than it seems
_NOT_PLAIN = APART | {
    *(b"if-none-match", b"if-match", b"if-range", b"if-unmodified-since", b"x-request-id", b"forwarded"),
    *(b"upgrade", b"expect", b"content-length", b"transfer-encoding", b"te", b"trailer"),
}
_PLAIN_CONNECTIONS = (b"", b"keep-alive", b"close")
_CHUNKED = "transfer-encoding: chunked\r\n"
_GZIP = "content-encoding: gzip\r\n"
_ENDPOINT = {"path": "/sparql", "method": "GET"}  # what metrics read of a scope
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*")


@dataclass(frozen=True, slots=True)
class Client:
    """What a block of header lines says of the one who sent it."""

    accept: str
    origin: str
    gzip: bool
    table: Format | None  # in which tables are wanted; None: not in one that is written here
    graph: Format | None


@dataclass(slots=True, eq=False)
class Asked:
    """A plain query."""

    head: bytes
    client: Client
    text: str
    chosen: Format
    release: Release
    since: float

    @property
    def media_type(self) -> str:
        """Of the answer: what was asked for may be another name of it."""
        return protocol.ALIASES.get(self.chosen, self.chosen).media_type


@dataclass(slots=True, eq=False)
class Begun:
    """A query on its way."""

    asked: Asked
    answer: Answer
    name: str = ""  # of the request, where it was given one


class Express:
    """For one event loop, as `Readers` is. Without readers of our own only what is kept is answered."""

    def __init__(
        self, releases: Releases, readers: Readers | None, answers: Answers, settings: Settings, metrics: Metrics
    ) -> None:
        self._releases, self._readers, self._answers = releases, readers, answers
        self._settings, self._metrics = settings, metrics
        # beside the copy that readers share; both together hold no more than they may
        self._near = Near(Home(settings.home), settings.memory_mb // 2, union=settings.default_graph == "union")
        self._blocks: dict[bytes, Client | None] = {}
        self._asked: set[int] = set()  # what was asked once; asked again, it is made to be kept

    def kept(self, head: bytes) -> tuple[bytes, bytes] | None:
        """Status line with header lines, and body, of an answer that is kept for a request of this head."""
        if not self._answers.may_know(head):
            return None
        began = time.perf_counter()
        found = self._answers.known(head, self._releases.number, utc_today())
        if found is not None:
            seconds = time.perf_counter() - began
            self._metrics.seen({"path": _path(head), "method": "GET"}, int(found[0][9:12]), seconds)
        return found

    def read(self, head: bytes) -> Asked | None:
        """Read the head of a request for a plain query; None where it is of another kind."""
        target, version, block = head[4:].partition(b" HTTP/1.1\r\n")
        if not target.startswith(PLAIN) or not version or b"&" in target or b"#" in target or not target.isascii():
            return None
        if self._readers is None or (asked := hash(head)) in self._asked or len(head) > HEAD_BYTES:
            return None
        client = self._client(block)
        if client is None:
            return None
        try:
            text = _unescaped(target[len(PLAIN) :])
            if len(text) > SHORT:
                bodies.refuse_deep_query(text)
                bodies.refuse_long_query(text)
            chosen = client.table if query_form(text) in ("SELECT", "ASK") else client.graph
            if chosen is None or mentions(text, protocol.CHANGEABLE):
                return None
            release = self._releases.current()
        except (GraphServiceError, ValueError):
            return None  # it is told why where all are told
        if len(self._asked) >= ASKED:
            self._asked.clear()
        self._asked.add(asked)
        return Asked(head, client, text, chosen, release, time.perf_counter())

    def at_once(self, asked: Asked) -> tuple[bytes, bytes] | None:
        """As `kept`, of a query whose answer is small for certain; None where it may not be."""
        body = self._near.brief(asked.release).answer(asked.text, asked.media_type, f"{asked.client.origin}/sparql")
        return None if body is None or _is_long(asked, len(body)) else self._seen(asked, body)

    def begin(self, asked: Asked, host: str) -> Begun | None:
        """Have a query run for a client's host; None where that is refused."""
        assert self._readers is not None
        operation = Operation(asked.text, (), (), (("query", asked.text),))
        written = protocol.ALIASES.get(asked.chosen, asked.chosen)
        query = protocol.query(operation, written, asked.client.origin, self._settings)
        try:
            return Begun(asked, self._readers.begin(asked.release.number, query, host))
        except GraphServiceError:
            return None  # it is told why where all are told

    def response(self, begun: Begun) -> tuple[bytes, bytes] | None:
        """As `kept`, once an answer has begun to come; None where it is not whole, or long to pack, or an error."""
        size = begun.answer.spool.size_bytes
        if size is None or _is_long(begun.asked, size):
            return None
        body = begun.answer.spool.whole()
        if body is None:
            return None
        self.close(begun)
        return self._seen(begun.asked, body)

    def stream(self, begun: Begun) -> bytes | None:
        """Status line with header lines of an answer that comes by and by; None where it is to be packed, or an error.

        `streamed` is to be told of its end.
        """
        if begun.asked.client.gzip or not begun.answer.spool.started:
            return None
        return _lines(begun.asked, _CHUNKED)

    def streamed(self, begun: Begun, size_bytes: int, *, whole: bool) -> None:
        """An answer went to its client, or a part of it."""
        self.close(begun)
        if size_bytes > LARGEST_BYTES:
            self._asked.discard(hash(begun.asked.head))  # it cannot be kept
        self._metrics.seen(_ENDPOINT, 200, time.perf_counter() - begun.asked.since)

    def _seen(self, asked: Asked, body: bytes) -> tuple[bytes, bytes]:
        packed = asked.client.gzip and len(body) >= SMALLEST_BYTES
        if packed:
            body = pack(body)
        self._metrics.seen(_ENDPOINT, 200, time.perf_counter() - asked.since)
        return _lines(asked, f"{_GZIP * packed}content-length: {len(body)}\r\n"), body

    def close(self, begun: Begun) -> None:
        """Let go of a query that is answered, or whose client has gone."""
        if self._readers is not None:
            self._readers.close(begun.answer)

    def _client(self, block: bytes) -> Client | None:
        if block not in self._blocks:
            if len(self._blocks) >= BLOCKS:
                self._blocks.clear()
            self._blocks[block] = self._read(block)
        return self._blocks[block]

    def _read(self, block: bytes) -> Client | None:
        headers: dict[bytes, bytes] = {}
        for line in block.removesuffix(b"\r\n\r\n").split(b"\r\n"):
            match = _LINE.fullmatch(line)
            name = match[1].lower() if match else b""
            if match is None or name in headers or name in _NOT_PLAIN or name.startswith(b"x-forwarded-"):
                return None
            headers[name] = match[2]
        if not headers.get(b"host") or headers.get(b"connection", b"").lower() not in _PLAIN_CONNECTIONS:
            return None
        accept = headers.get(b"accept", b"").decode()
        return Client(
            accept,
            self._settings.base_url or f"http://{headers[b'host'].decode()}",
            takes_gzip(headers.get(b"accept-encoding", b"").decode()),
            _chosen(accept, protocol.TABLE_FORMATS),
            _chosen(accept, protocol.GRAPH_FORMATS),
        )


def _path(head: bytes) -> str:
    return head[4:].partition(b" ")[0].partition(b"?")[0].decode()


def _chosen(accept: str, offered: Sequence[Format]) -> Format | None:
    try:
        chosen = negotiate(accept, tabular(offered))
    except NotAcceptable:
        return None
    return None if chosen is HTML else chosen


def _unescaped(value: bytes) -> str:
    """A value of a form, without its escapes, by the codec that Python has for its own.

    Raises:
        ValueError: an escape is none, or what it stands for is no UTF-8.
    """
    if b"\\" in value:
        raise ValueError("a backslash is to be escaped")
    escaped = value.replace(b"+", b" ").replace(b"%", rb"\x")
    return escaped.decode("unicode_escape").encode("latin-1").decode()


def _is_long(asked: Asked, size: int) -> bool:
    """Whether packing it would keep other requests waiting."""
    return asked.client.gzip and size > IN_THREAD_BYTES


def _lines(asked: Asked, body: str) -> bytes:
    """Status line and header lines, with those of the body, as all handlers and the envelope around them write them."""
    given = (("query", asked.text),)
    tag = respond.tag(asked.release, asked.client.origin, "/sparql", given, asked.chosen.name)
    before_length, before_link = _fixed(asked.media_type)
    target = asked.head[4 : asked.head.index(b" ", 4)].decode()
    link = f"link: {memento.links(target)}\r\n" if len(target) <= LINKED_LENGTH else ""
    own = f"etag: W/{tag}\r\n{body}"
    return b"".join((before_length, own.encode(), before_link, link.encode()))


@cache
def _fixed(media_type: str) -> tuple[bytes, bytes]:
    """The lines that all answers of a media type have, before and behind their tag and length."""
    packable = "Accept-Encoding, " if PACKED.match(media_type) else ""
    before = f"HTTP/1.1 200 OK\r\nvary: Accept, {packable}Accept-Datetime\r\ncache-control: no-cache\r\n"
    headers = {"content-type": Response(media_type=media_type).headers["content-type"], **HEADERS}
    return before.encode(), "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items()).encode()
