"""Front: the protocol of one connection. Heads of requests that came whole are shown to `express`; what that does not
answer goes on to uvicorn's own class, with what was begun for it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from graph_service.errors import GraphServiceError
from graph_service.web.express import Begun, Express
from graph_service.web.kept import ANSWER, HEAD

log = logging.getLogger(__name__)

END = b"\r\n\r\n"
MAX_HEAD_BYTES = 65_536
COPIED_BYTES = 16_384  # a shorter answer is sent in one piece with its head
_START = re.compile(rb"[A-Z]+ [^ \r\n]+ HTTP/1\.[01]\r?\n?")
_LAST = re.compile(rb"\r\nconnection:[ \t]*close[ \t]*\r\n", re.IGNORECASE)
_OFFER = re.compile(rb"\r\nupgrade:", re.IGNORECASE)


def _is_last(head: bytes) -> bool:
    """Whether a request's head says that its connection ends with the answer."""
    return _LAST.search(head) is not None


class Front(HttpToolsProtocol):
    """A connection. Its parser sees heads of requests that are whole, and those alone that are not answered before."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._express: Express = config.app.state.express  # type: ignore[union-attr]  # the application itself
        self._amid = False  # the parser has seen a part of a message
        self._partial = b""  # of a head
        self._streaming: asyncio.Task[None] | None = None  # sends its answer
        self._begun: Begun | None = None  # a query on its way, of whose request the parser knows nothing
        self._behind = b""  # what came after that request
        self._stopping = False
        self._answered_at = 0.0  # of the loop's clock
        self._extensions: dict[str, object] = {}  # of the request that the parser sees next

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return self._begun is None and not self._amid and (self.cycle is None or self.cycle.response_complete)

    @property
    def partial_bytes(self) -> int:
        """How much there is of a head that is not whole yet."""
        return len(self._partial)

    def data_received(self, data: bytes) -> None:
        """Read on: a head, what follows it, or what comes before its turn."""
        if self._begun is not None:
            self._behind += data
            if len(self._behind) > MAX_HEAD_BYTES:
                self.flow.pause_reading()
        elif self._amid:
            super().data_received(data)
        else:
            self._head(self._partial + data if self._partial else data)

    def _head(self, data: bytes) -> None:
        end = data.find(END)
        if end < 0 and len(data) < MAX_HEAD_BYTES and (b"\n" not in data or _START.match(data)):
            self._partial = data
            return
        self._partial = b""
        if end >= 0 and end == len(data) - len(END) and data.startswith(b"GET "):
            if self.is_idle and not self.flow.write_paused and self._is_answered(data):
                return
            self._extensions = {HEAD: data}
        elif end >= 0 and _OFFER.search(data, 0, end):
            # clients in Java offer another protocol with a request, whose body the parser would take for the next one
            data = _OFFER.sub(b"\r\nx-not-upgrade:", data[:end]) + data[end:]
        super().data_received(data)

    def _is_answered(self, head: bytes) -> bool:
        """Whether a request is answered, or about to be, without the parser."""
        answer = self._express.kept(head)
        asked = self._express.read(head) if answer is None else None
        if asked is not None:
            answer = self._express.at_once(asked)
        if answer is not None:
            self._send(head, *answer)
            return True
        if asked is not None:
            self._begun = self._express.begin(asked, self.client[0] if self.client else "")
        if self._begun is None:
            return False
        self._begun.answer.spool.tell(self._come)
        return True

    def _come(self) -> None:
        """The answer of the query on its way begins to come."""
        begun, self._begun = self._begun, None
        if begun is None:
            return
        if (answer := self._express.response(begun)) is not None:
            self._send(begun.asked.head, *answer)
        elif (lines := self._express.stream(begun)) is not None:
            self._begun = begun
            self._streaming = self.loop.create_task(self._stream(begun, lines))
            return
        else:
            self._extensions = {HEAD: begun.asked.head, ANSWER: begun.answer}
            super().data_received(begun.asked.head)
        self._go_on()

    async def _stream(self, begun: Begun, lines: bytes) -> None:
        """Pass an answer on as it comes. Where it breaks off, so does the connection: a client must not take a part
        for the whole."""
        size, whole, is_last = 0, False, _is_last(begun.asked.head)
        self.transport.write(b"".join((lines, self._added(is_last), b"\r\n")))
        try:
            async for part in begun.answer.spool:
                if part:
                    self.transport.writelines((b"%x\r\n" % len(part), part, b"\r\n"))
                size += len(part)
                await self.flow.drain()
                await asyncio.sleep(0)  # others may go first
            self.transport.write(b"0\r\n\r\n")
            whole = True
        except GraphServiceError as error:
            log.warning("an answer broke off: %s", error)
            return self.transport.abort()
        finally:
            self._begun = None
            self._express.streamed(begun, size, whole=whole)
        self._end(is_last)
        self._go_on()

    def _go_on(self) -> None:
        """Turn to what came behind a request that is answered, or handed on."""
        if self._stopping:
            return self.shutdown()
        if self._behind and not self.transport.is_closing():
            behind, self._behind = self._behind, b""
            self.flow.resume_reading()
            self.data_received(behind)

    def _send(self, head: bytes, lines: bytes, body: bytes) -> None:
        """Answer the request of a head."""
        is_last = _is_last(head)
        added = self._added(is_last)
        if len(body) < COPIED_BYTES:
            self.transport.write(b"".join((lines, added, b"\r\n", body)))
        else:
            self.transport.write(b"".join((lines, added, b"\r\n")))
            self.transport.write(body)
        self._end(is_last)

    def _added(self, is_last: bool) -> bytes:
        """The header lines that the server adds."""
        lines = b"".join([b"%b: %b\r\n" % each for each in self.server_state.default_headers])
        return lines + b"connection: close\r\n" if is_last else lines

    def _end(self, is_last: bool) -> None:
        """A request is answered."""
        self.server_state.total_requests += 1
        if is_last:
            return self.transport.close()
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._hang_up_after(self.timeout_keep_alive)

    def _hang_up_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Nobody asked for some time: hang up, unless something was answered here meanwhile."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if self._begun is not None or left > 0:
            self._hang_up_after(max(left, 1))
        else:
            super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        """A message begins, as far as the parser sees."""
        self._amid = True
        super().on_message_begin()
        self.scope["extensions"] = cast("Any", self._extensions)
        self._extensions = {}

    def on_message_complete(self) -> None:
        """It is whole."""
        self._amid = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone, and so goes its query."""
        begun, self._begun = self._begun, None
        if self._streaming is not None:
            self._streaming.cancel()
        if begun is not None:
            self._express.close(begun)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Hang up once what is under way is answered."""
        self._stopping = True
        if self._begun is None:
            super().shutdown()
