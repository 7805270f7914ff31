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
from graph_service.readers.answers import Answer
from graph_service.readers.lanes import Readers
from graph_service.release import Release, utc_today
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.store.tokens import mentions, query_form
from graph_service.web import bodies, memento, protocol, respond
from graph_service.web.compression import PACKED, SMALLEST_BYTES, takes_gzip
from graph_service.web.envelope import HEADERS
from graph_service.web.kept import APART, HEAD_BYTES, Answers
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
    *(b"connection", b"upgrade", b"expect", b"content-length", b"transfer-encoding", b"te", b"trailer"),
}
_ESCAPES = {b"%02X" % code: bytes((code,)) for code in range(256)}
_ESCAPES |= {name.lower(): code for name, code in _ESCAPES.items()}
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*")


@dataclass(frozen=True, slots=True)
class Client:
    """What a block of header lines says of the one who sent it."""

    accept: str
    origin: str
    gzip: bool
    table: Format | None  # in which tables are wanted; None: not in one that is written here
    graph: Format | None


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A query on its way."""

    head: bytes
    answer: Answer
    client: Client
    text: str
    chosen: Format
    release: Release
    since: float


class Express:
    """For one event loop, as `Readers` is. Without readers of our own only what is kept is answered."""

    def __init__(
        self, releases: Releases, readers: Readers | None, answers: Answers, settings: Settings, metrics: Metrics
    ) -> None:
        self._releases, self._readers, self._answers = releases, readers, answers
        self._settings, self._metrics = settings, metrics
        self._blocks: dict[bytes, Client | None] = {}
        self._asked: set[int] = set()  # what was asked once; asked again, it is made to be kept

    def kept(self, head: bytes) -> tuple[bytes, bytes] | None:
        """Status line with header lines, and body, of an answer that is kept for a request of this head."""
        found = self._answers.known(head, self._releases.number, utc_today())
        if found is not None:
            self._metrics.seen({"path": _path(head), "method": "GET"}, int(found[0][9:12]), 0.0)
        return found

    def begin(self, head: bytes, host: str) -> Begun | None:
        """Have a plain query run for a client's host; None where the request is of another kind."""
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
            operation = Operation(text, (), (), (("query", text),))
            query = protocol.query(operation, protocol.ALIASES.get(chosen, chosen), client.origin, self._settings)
            release = self._releases.current()
            answer = self._readers.begin(release.number, query, host)
        except (GraphServiceError, KeyError, UnicodeDecodeError):
            return None  # it is told why where all are told
        if len(self._asked) >= ASKED:
            self._asked.clear()
        self._asked.add(asked)
        return Begun(head, answer, client, text, chosen, release, time.perf_counter())

    def response(self, begun: Begun) -> tuple[bytes, bytes] | None:
        """As `kept`, once an answer has begun to come; None where it is not whole, or is to be packed, or an error."""
        size = begun.answer.spool.size_bytes
        if size is None or (begun.client.gzip and size >= SMALLEST_BYTES):
            return None
        body = begun.answer.spool.whole()
        if body is None:
            return None
        self.close(begun)
        self._metrics.seen({"path": "/sparql", "method": "GET"}, 200, time.perf_counter() - begun.since)
        return _lines(begun, size), body

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
        if not headers.get(b"host"):
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
    """A value of a form, without its escapes; KeyError where one is none."""
    first, *others = value.replace(b"+", b" ").split(b"%")
    return b"".join([first, *[_ESCAPES[each[:2]] + each[2:] for each in others]]).decode()


def _lines(begun: Begun, size: int) -> bytes:
    """Status line and header lines, as all handlers and the envelope around them write them."""
    given = (("query", begun.text),)
    tag = respond.tag(begun.release, begun.client.origin, "/sparql", given, begun.chosen.name)
    before_length, before_link = _fixed(protocol.ALIASES.get(begun.chosen, begun.chosen).media_type)
    target = begun.head[4 : begun.head.index(b" ", 4)].decode()
    link = f"link: {memento.links(target)}\r\n" if len(target) <= LINKED_LENGTH else ""
    own = f"etag: W/{tag}\r\ncontent-length: {size}\r\n"
    return b"".join((before_length, own.encode(), before_link, link.encode()))


@cache
def _fixed(media_type: str) -> tuple[bytes, bytes]:
    """The lines that all answers of a media type have, before and behind their tag and length."""
    packable = "Accept-Encoding, " if PACKED.match(media_type) else ""
    before = f"HTTP/1.1 200 OK\r\nvary: Accept, {packable}Accept-Datetime\r\ncache-control: no-cache\r\n"
    headers = {"content-type": Response(media_type=media_type).headers["content-type"], **HEADERS}
    return before.encode(), "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items()).encode()
