"""Compression: answers packed with gzip for clients that take it (RFC 9110, 8.4 and 12.5.3). Knows no address.

A strong ETag names one encoding of one representation, so a packed answer has a tag of its own; both are known
again when they come back in If-None-Match or If-Match.
"""

from __future__ import annotations

import re
import zlib

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST_BYTES = 1000  # below this, packing saves nothing
IN_THREAD_BYTES = 100_000  # above this, packing would keep other requests waiting
PACKED = re.compile(
    r"text/|application/([\w.-]+\+)?(json|xml)\b|application/(n-triples|n-quads|trig|javascript|sparql-query)|image/svg"
)
TAG = "-gzip"


class Compression:
    """ASGI middleware around all addresses."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back, packed where that helps."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        wanted = takes_gzip(headers.get("accept-encoding", "")) and "range" not in headers
        inner = {**scope, "headers": [_plain(*pair) for pair in scope["headers"]]}
        came_packed = any(TAG.encode() + b'"' in value for name, value in scope["headers"] if name == b"if-none-match")
        await self.app(inner, receive, _Packing(send, wanted=wanted, came_packed=came_packed).send)


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a client takes gzip.

    >>> takes_gzip("br, gzip;q=0.5"), takes_gzip("gzip;q=0"), takes_gzip("identity")
    (True, False, False)
    """
    for part in accept_encoding.lower().split(","):
        name, *parameters = [piece.strip() for piece in part.split(";")]
        if name in ("gzip", "x-gzip", "*"):
            return not any(re.fullmatch(r"q=0(\.0*)?", each) for each in parameters)
    return False


def pack(body: bytes) -> bytes:
    """A whole answer, packed with gzip."""
    packer = _packer()
    return packer.compress(body) + packer.flush()


def _packer() -> zlib._Compress:
    return zlib.compressobj(wbits=31)


class _Packing:
    """One answer on its way out."""

    def __init__(self, send: Send, *, wanted: bool, came_packed: bool) -> None:
        self._send, self._wanted, self._came_packed = send, wanted, came_packed
        self._packer: zlib._Compress | None = None

    async def send(self, message: Message) -> None:
        """Pass one part of the answer on."""
        if message["type"] == "http.response.start":
            self._start(MutableHeaders(scope=message), message["status"])
        elif message["type"] == "http.response.body" and self._packer:
            message = {**message, "body": await self._packed(message)}
        await self._send(message)

    def _start(self, headers: MutableHeaders, status: int) -> None:
        packable = PACKED.match(headers.get("content-type", "")) is not None
        if status == 304:
            del headers["content-type"]  # told by the handler for what is decided here (RFC 9110, 15.4.5)
        if packable:
            headers.add_vary_header("Accept-Encoding")
        if status == 304 and packable and self._came_packed:
            _tag(headers)
        if not packable or not self._wanted or status in (204, 206, 304):
            return
        if "content-encoding" in headers or int(headers.get("content-length", SMALLEST_BYTES)) < SMALLEST_BYTES:
            return
        self._packer = _packer()
        headers["Content-Encoding"] = "gzip"
        del headers["Content-Length"]
        del headers["Repr-Digest"]  # it was of the bytes before packing (RFC 9530, 3)
        _tag(headers)

    async def _packed(self, message: Message) -> bytes:
        body, last = message.get("body", b""), not message.get("more_body", False)
        if len(body) > IN_THREAD_BYTES:
            return await run_in_threadpool(self._pack, body, last)
        return self._pack(body, last)

    def _pack(self, body: bytes, last: bool) -> bytes:
        assert self._packer is not None
        return self._packer.compress(body) + (self._packer.flush() if last else b"")


def _tag(headers: MutableHeaders) -> None:
    """Name the packed representation; a weak tag stands for all encodings already."""
    tag = headers.get("etag", "")
    if tag.startswith('"') and not tag.endswith(f'{TAG}"'):
        headers["ETag"] = f'{tag[:-1]}{TAG}"'


def _plain(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A request header whose tags are those of the answers before packing."""
    if name in (b"if-none-match", b"if-match"):
        return name, value.replace(TAG.encode() + b'"', b'"')
    return name, value
