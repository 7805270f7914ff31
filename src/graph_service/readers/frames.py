"""Frames: what a web process and its readers say to each other, over a pair of sockets.

A query is a length and JSON; what comes back are frames: a kind, the query's number, a length, bytes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from graph_service import errors
from graph_service.errors import GraphServiceError, SparqlSyntaxError

_LENGTH = struct.Struct("<I")
_FRAME = struct.Struct("<BII")


class Kind(IntEnum):
    """What a frame holds."""

    PART = 0  # bytes of an answer, and more follow
    LAST = 1  # the last bytes of an answer
    ERROR = 2  # why there is no answer, or no more of it


@dataclass(frozen=True, slots=True)
class Query:
    """Anybody's query (SPARQL 1.1 Protocol, 2.1) and what it may cost."""

    text: str
    accept: str  # the media type of the answer
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    union: bool = True
    base: str = ""  # what relative IRIs are relative to
    timeout_s: float = 30.0
    max_answer_mb: int = 4000

    def encoded(self, number: int) -> bytes:
        """The query as it is sent, under a number of the sender's."""
        cost = self.timeout_s, self.max_answer_mb
        told = number, self.text, self.accept, self.default_graphs, self.named_graphs, self.union, self.base, *cost
        data = json.dumps(told).encode()
        return _LENGTH.pack(len(data)) + data


def decoded(data: bytes | bytearray) -> tuple[int, Query]:
    """Read what `Query.encoded` wrote, without its length."""
    number, text, accept, default_graphs, named_graphs, *rest = json.loads(data)
    return number, Query(text, accept, tuple(default_graphs), tuple(named_graphs), *rest)


LENGTH_BYTES = _LENGTH.size


def length(data: bytes | bytearray) -> int:
    """How many bytes follow, from the first `LENGTH_BYTES` of a query."""
    return int(_LENGTH.unpack(data)[0])


def frame(kind: Kind, number: int, data: bytes) -> bytes:
    """One frame of an answer."""
    return _FRAME.pack(kind, number, len(data)) + data


class Frames:
    """Frames out of bytes that come in pieces of any size.

    >>> frames = Frames()
    >>> whole = frame(Kind.PART, 7, b"ab") + frame(Kind.LAST, 7, b"")
    >>> list(frames.feed(whole[:10])), list(frames.feed(whole[10:]))
    ([], [(<Kind.PART: 0>, 7, b'ab'), (<Kind.LAST: 1>, 7, b'')])
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, int, bytes]]:
        """Take some bytes; yields each frame that is now whole."""
        self._held += data
        start = 0
        while len(self._held) - start >= _FRAME.size:
            kind, number, size = _FRAME.unpack_from(self._held, start)
            end = start + _FRAME.size + size
            if len(self._held) < end:
                break
            yield Kind(kind), number, bytes(self._held[start + _FRAME.size : end])
            start = end
        del self._held[:start]


def error_bytes(error: GraphServiceError) -> bytes:
    """An error as it is sent: its class, its text, and the place in the query where it tells one."""
    told: dict[str, object] = {"kind": type(error).__name__, "text": str(error)}
    if isinstance(error, SparqlSyntaxError):
        told["members"] = {
            "line": error.line,
            "column": error.column,
            "source_line": error.source_line,
            "declarations": error.declarations,
        }
    return json.dumps(told).encode()


def read_error(data: bytes) -> GraphServiceError:
    """Read what `error_bytes` wrote: an error of the same class, text and place."""
    told = json.loads(data)
    kind: type[GraphServiceError] = getattr(errors, told["kind"])
    error = kind.__new__(kind)  # the constructors make texts from parts; here the text is made already
    Exception.__init__(error, told["text"])
    for name, value in told.get("members", {}).items():
        setattr(error, name, tuple(value) if isinstance(value, list) else value)
    return error
