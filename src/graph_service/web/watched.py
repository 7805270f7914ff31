"""Watched: the outermost layer. Each request gets an id, is timed and counted, and told in the log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.releases import Releases
from graph_service.web.envelope import SECURE
from graph_service.web.express import Asked, Begun, Express
from graph_service.web.logs import HEADER, REQUEST, RequestLog, request_id, request_id_of
from graph_service.web.metrics import Metrics


@dataclass(slots=True)
class Seen:
    """What the layers below tell of a request: `seen` in its state."""

    made: bool = False  # its answer was made; else it was kept


class Watched:
    """ASGI middleware around all others."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: RequestLog | None, releases: Releases) -> None:
        self.app, self._metrics, self._log, self._releases = app, metrics, log, releases

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back with the id."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began = time.perf_counter()
        name = request_id(scope["headers"])
        header = (HEADER, name.encode())
        seen = scope.setdefault("state", {})["seen"] = Seen()
        REQUEST.set(name)
        status, size, whole = 500, 0, False

        async def listen(message: Message) -> None:
            nonlocal status, size, whole
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], header]}
            else:
                size += len(message.get("body", b""))
                whole = not message.get("more_body", False)
            await send(message)

        try:
            await self.app(scope, receive, listen)
        finally:
            seconds = time.perf_counter() - began
            route = self._metrics.seen(scope, status, seconds)
            if self._log is not None:
                asked, done = (name, scope["method"], route, scope["path"]), (status, seconds, size)
                self._log.tell(asked, done, whole=whole, kept=not seen.made, release=self._releases.number)


class WatchedExpress(Express):
    """Answers before the framework: each gets an id and is told in the log, too."""

    def __init__(self, *given: Any, log: RequestLog | None, secure: bool) -> None:
        super().__init__(*given)
        self._log = log
        self._own = (
            "".join(f"{name.lower()}: {value}\r\n" for name, value in SECURE.items()).encode() if secure else b""
        )

    def kept(self, head: bytes) -> tuple[bytes, bytes] | None:
        """As Express."""
        began = time.perf_counter()
        found = super().kept(head)
        return found and self._whole(head, found, b"", time.perf_counter() - began, kept=True)

    def at_once(self, asked: Asked) -> tuple[bytes, bytes] | None:
        """As Express."""
        found = super().at_once(asked)
        return found and self._whole(asked.head, found, self._own, time.perf_counter() - asked.since, kept=False)

    def response(self, begun: Begun) -> tuple[bytes, bytes] | None:
        """As Express."""
        found, asked = super().response(begun), begun.asked
        return found and self._whole(asked.head, found, self._own, time.perf_counter() - asked.since, kept=False)

    def stream(self, begun: Begun) -> bytes | None:
        """As Express."""
        lines = super().stream(begun)
        if lines is not None:
            begun.name = request_id_of(begun.asked.head)
        return lines and _named(lines + self._own, begun.name)

    def streamed(self, begun: Begun, size_bytes: int, *, whole: bool) -> None:
        """As Express."""
        super().streamed(begun, size_bytes, whole=whole)
        done = 200, time.perf_counter() - begun.asked.since, size_bytes
        self._tell(begun.asked.head, begun.name, done, whole=whole, kept=False)

    def _whole(
        self, head: bytes, found: tuple[bytes, bytes], added: bytes, seconds: float, *, kept: bool
    ) -> tuple[bytes, bytes]:
        lines, body = found
        name = request_id_of(head)
        self._tell(head, name, (int(lines[9:12]), seconds, len(body)), whole=True, kept=kept)
        return _named(lines + added, name), body

    def _tell(self, head: bytes, name: str, done: tuple[int, float, int], *, whole: bool, kept: bool) -> None:
        if self._log is not None:
            path = head[4:].partition(b" ")[0].partition(b"?")[0].decode("latin-1")
            asked = name, "GET", self._metrics.route(path), unquote(path)
            self._log.tell(asked, done, whole=whole, kept=kept, release=self._releases.number)


def _named(lines: bytes, name: str) -> bytes:
    return b"%b%b: %b\r\n" % (lines, HEADER, name.encode())
