"""Connections: how long a client may take to ask and to listen, and how many of them there may be. Knows no request.

A layer between the event loop and the protocol that reads requests. Between requests that one hangs up by itself.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass, field
from typing import Any, cast

from graph_service.terms import PROBLEMS
from graph_service.web.front import Front

AT_ONCE = struct.pack("ii", 1, 0)  # linger, for no time
LINGER_S = 1.0
LEAST_BYTES = 8192  # of an answer that a client has to take in the time it has, or it is taken to be gone


@dataclass(slots=True)
class Door:
    """The connections of one process, and what they may do."""

    request_wait_s: float  # for a request to arrive, headers and body
    answer_wait_s: float  # in which a client takes at least LEAST_BYTES of an answer that waits for it
    max_header_bytes: int
    max_connections: int
    open: int = 0
    asking: dict[Connection, None] = field(default_factory=dict)  # of which no whole request has come, oldest first

    def make_room(self) -> bool:
        """Whether one more may come in; where it is full, who has been asking for longest goes."""
        if self.open >= self.max_connections and self.asking:
            next(iter(self.asking)).refuse(BUSY)
        return self.open < self.max_connections


class Connection(asyncio.Protocol):
    """One connection, with the protocol behind it made from what the server gives."""

    def __init__(self, door: Door, **given: Any) -> None:
        self._door = door
        self._inner = Front(**given)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None  # for the request to arrive
        self._look: asyncio.TimerHandle | None = None  # at what the client took of its answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or hang up where there are too many."""
        made = cast("asyncio.Transport", transport)
        if not self._door.make_room():
            made.write(BUSY)
            return made.close()
        self._transport = made
        self._door.open += 1
        self._inner.connection_made(made)
        self._wait_for_request()

    def data_received(self, data: bytes) -> None:
        """Pass on what came, and see whether that was all of a request."""
        if self._transport is None:
            return
        if self._inner.partial_bytes + len(data) > self._door.max_header_bytes and self._is_too_long(data):
            return self.refuse(HEADERS)
        self._inner.data_received(data)
        if not self._inner.partial_bytes and not self._lacks_body():
            self._arrived()
        elif self._deadline is None:
            self._wait_for_request()

    def eof_received(self) -> None:
        """Pass it on."""
        if self._transport is not None:
            self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._transport is None:
            return
        self._leave()
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client has to take some of its answer first."""
        self._inner.pause_writing()
        if self._look is None and self._transport is not None:
            self._look_later(self._transport)

    def resume_writing(self) -> None:
        """It did."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self._inner.resume_writing()

    def refuse(self, answer: bytes) -> None:
        """Say why, where nothing was answered yet, and hang up: what still comes is read for a moment, and dropped,
        as the kernel would take the answer back otherwise."""
        transport = self._transport
        if transport is None:
            return
        if self._inner.is_idle or self._lacks_body():
            transport.write(answer)
        self._leave()
        self._inner.connection_lost(ConnectionAbortedError())
        if answer is BUSY or not transport.can_write_eof():
            return transport.close()
        transport.write_eof()
        self._loop.call_later(LINGER_S, transport.abort)

    def _lacks_body(self) -> bool:
        """Whether the body of a request is still to come, and nothing was answered yet."""
        cycle = self._inner.cycle
        return cycle is not None and cycle.more_body and not cycle.response_started

    def _is_too_long(self, data: bytes) -> bool:
        """Whether the head of a request is longer than it may be, with what came of it now."""
        end = data.find(b"\r\n\r\n")
        return self._inner.is_idle and (end < 0 or self._inner.partial_bytes + end > self._door.max_header_bytes)

    def _wait_for_request(self) -> None:
        self._deadline = self._loop.call_later(self._door.request_wait_s, self.refuse, LATE)
        self._door.asking[self] = None

    def _arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self._door.asking.pop(self, None)

    def _look_later(self, transport: asyncio.Transport) -> None:
        self._look = self._loop.call_later(
            self._door.answer_wait_s, self._see, transport, transport.get_write_buffer_size()
        )

    def _see(self, transport: asyncio.Transport, before: int) -> None:
        if before - transport.get_write_buffer_size() < LEAST_BYTES:
            # without this the kernel would keep what it was given to send, for minutes
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            transport.abort()
        else:
            self._look_later(transport)

    def _leave(self) -> None:
        self._transport = None
        self._door.open -= 1
        self._arrived()
        if self._look is not None:
            self._look.cancel()
            self._look = None


def _answer(status: str, slug: str, title: str, detail: str) -> bytes:
    """A whole answer with a problem (RFC 9457), for those who never came to ask anything."""
    about = {"type": PROBLEMS + slug, "title": title, "status": int(status[:3]), "detail": detail}
    body = json.dumps(about, indent=2).encode() + b"\n"
    headers = (
        f"HTTP/1.1 {status}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "access-control-allow-origin: *",
        "connection: close",
        *(("retry-after: 5",) if status.startswith("503") else ()),
    )
    return "\r\n".join((*headers, "", "")).encode() + body


LATE = _answer(
    "408 Request Timeout", "request-late", "The request came too slowly", "Send the whole request at once, then ask on."
)
HEADERS = _answer(
    "431 Request Header Fields Too Large",
    "request-headers",
    "The headers are too large",
    "The address and the headers are longer than they may be: send a long query as the body of a POST.",
)
BUSY = _answer(
    "503 Service Unavailable",
    "connections",
    "Too many connections",
    "As many clients are connected as may be: try again in a moment.",
)
