"""Logs: messages, and a line for each request, as text or as JSON, on stderr. Who asked is not told, nor what in words:
no client's address, no parameters.

Lines of requests are written by a thread, some at a time, so that no request waits for whoever reads them; where that
one falls behind by more than HELD lines, the newest are dropped and their number is told.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import logging
import os
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from graph_service.settings import Settings

REQUEST: ContextVar[str] = ContextVar("request", default="")  # the id of the request that is being answered
HEADER = b"x-request-id"
HELD = 50_000  # lines
WRITE_S = 0.2
_GIVEN = re.compile(rb"[A-Za-z0-9_.:/+=@-]{1,128}")
_IN_HEAD = re.compile(rb"\r\nx-request-id:[ \t]*([A-Za-z0-9_.:/+=@-]{1,128})[ \t]*\r\n", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.:/+=@%~!$&'()*,;-]+", re.ASCII)

log = logging.getLogger(__name__)
_PROCESS, _NUMBERS = os.urandom(4).hex(), itertools.count()
_OPEN: list[Lines] = []


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The id that a proxy or a client gave a request, if it can stand in a header and in a log; else a new one.

    >>> request_id([(b"x-request-id", b"4bf92f35-77b3")])
    '4bf92f35-77b3'
    >>> len(request_id([(b"x-request-id", b"two words")]))
    16
    """
    for name, value in headers:
        if name == HEADER and _GIVEN.fullmatch(value):
            return value.decode()
    return _new_id()


def request_id_of(head: bytes) -> str:
    """The same, of a request's head as it came.

    >>> request_id_of(b"GET / HTTP/1.1\\r\\nX-Request-Id: abc\\r\\n\\r\\n")
    'abc'
    """
    found = _IN_HEAD.search(head)
    return found[1].decode() if found else _new_id()


def _new_id() -> str:
    """By chance for this process, then counted: asking the system each time takes longer."""
    return f"{_PROCESS}{next(_NUMBERS) % 16**8:08x}"


class Lines:
    """Lines on their way to a file. `close` writes what is left."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._closing = threading.Event()
        self._writing = threading.Lock()
        threading.Thread(target=self._write_on, name="log", daemon=True).start()
        _OPEN.append(self)

    def put(self, line: str) -> None:
        """Take a line, which ends with a line feed."""
        if len(self._lines) < HELD:
            self._lines.append(line)
        else:
            self._dropped += 1

    def close(self) -> None:
        """Write all that came."""
        self._closing.set()
        if self._writing.acquire(timeout=WRITE_S * 5):  # unless nobody takes what is being written
            self._writing.release()
            self._write()

    def _write_on(self) -> None:
        while not self._closing.wait(WRITE_S):
            self._write()

    def _write(self) -> None:
        with self._writing, contextlib.suppress(OSError, ValueError):  # nobody reads them any more
            count = len(self._lines)
            if count:
                self._out.write("".join(self._lines.popleft() for _ in range(count)))
                self._out.flush()
            if self._dropped:
                dropped, self._dropped = self._dropped, 0
                log.warning("%d lines of the log were dropped: they were not taken quickly enough", dropped)


class RequestLog:
    """A line for each request."""

    def __init__(self, form: str, lines: Lines) -> None:
        self._write = _as_json if form == "json" else _as_text
        self._lines = lines

    def tell(
        self,
        asked: tuple[str, str, str, str],
        done: tuple[int, float, int],
        *,
        whole: bool,
        kept: bool,
        release: int | None,
    ) -> None:
        """Tell of one request.

        Args:
            asked: its id, its method, its family of addresses, its path.
            done: the status, the seconds it took, the bytes of the body that were sent.
            whole: whether that was all of the body; kept: whether the answer was.
        """
        told = dict(zip(("request_id", "method", "route", "path"), asked, strict=True))
        status, seconds, size = done
        ended = {"status": status, "ms": round(seconds * 1000, 3), "bytes": size, "whole": whole}
        self._lines.put(self._write({"time": _now(), **told, **ended, "kept": kept, "release": release}))


class _Text(logging.Formatter):
    """One line for a message: when, how bad, of which request, what; the trace below."""

    def format(self, record: logging.LogRecord) -> str:
        request = REQUEST.get()
        line = f"{_at(record.created)} {record.levelname} {f'[{request}] ' if request else ''}{record.getMessage()}"
        return line + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class _Json(logging.Formatter):
    """One JSON object for a message."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": _at(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST.get():
            told["request_id"] = request
        if record.exc_info:
            told["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(told, ensure_ascii=False)


def configure(settings: Settings) -> None:
    """Have this process log as the settings say: all messages on stderr, in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.log == "json" else _Text())
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    logging.getLogger("uvicorn.error").addFilter(_is_news)


@atexit.register
def close() -> None:
    """Write all that is still to be written."""
    while _OPEN:
        _OPEN.pop().close()
    logging.shutdown()


def _is_news(record: logging.LogRecord) -> bool:
    """Not that some client offered another protocol, as those written in Java do with each request."""
    return not record.getMessage().startswith(("Unsupported upgrade request", "No supported WebSocket library"))


def request_log(settings: Settings) -> RequestLog | None:
    """Where requests are told; None where they are not."""
    return None if settings.log == "off" else RequestLog(settings.log, Lines(sys.stderr))


def _as_json(told: Mapping[str, Any]) -> str:
    return json.dumps(told) + "\n"


def _as_text(told: Mapping[str, Any]) -> str:
    """Names and values as `name=value` (logfmt).

    >>> _as_text({"time": "now", "path": "/a b", "kept": True})
    'time=now path="/a b" kept=true\\n'
    """
    return " ".join(f"{name}={_word(value)}" for name, value in told.items()) + "\n"


def _word(value: Any) -> str:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else json.dumps(value)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
