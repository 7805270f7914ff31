"""Process: what runs on the far side. `python -m graph_service.readers.process FD` is a nursery.

A nursery has one thread and opens no store of the engine's on disk, so that it can fork at any time. It forks readers,
each for one socket that comes with the order: readers of a release's folder, or, in a nursery that holds a release in
memory, readers that share that memory. A nursery of the next release is a fork of that of the last one, with what
changed put in.

A reader answers one query after the other. The kernel is its judge: a timer kills it at its deadline, a limit on its
address space when a query takes too much memory; whoever waits for the answer sees the socket end, and the nursery
tells by which signal.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from graph_service.errors import AnswerTooLarge, GraphServiceError
from graph_service.home import read_delta
from graph_service.limits import SHORTEST_S, limit_memory, one_arena
from graph_service.readers.frames import LENGTH_BYTES, Kind, Query, decoded, error_bytes, frame, length
from graph_service.store.embedded import EmbeddedStore, parse_quads
from graph_service.store.protocol import Dataset
from graph_service.terms import Iri

FIRST_BYTES, PART_BYTES = 16_384, 65_536  # of the parts of an answer: the first one is soon on its way
RECEIVED_BYTES = 65_536
WARMING = "SELECT * { ?s ?p ?o } LIMIT 100"  # brings the pages of the engine in, which the first query would wait for
ORDER_BYTES = 65_536
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def main() -> None:
    """Be a nursery until the web process goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the web process ends us in order
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    one_arena()
    _Nursery(socket.socket(fileno=int(sys.argv[1])), None).run()


class _Nursery:
    """Forks what it is told to, and tells what became of it."""

    def __init__(self, control: socket.socket, store: EmbeddedStore | None) -> None:
        self._control, self._store = control, store

    def run(self) -> None:
        woken, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker)
        with selectors.DefaultSelector() as ready:
            ready.register(self._control, selectors.EVENT_READ)
            ready.register(woken, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is self._control:
                        if not self._order(woken, waker):
                            return
                    else:
                        os.read(woken, 4096)
                        self._reap()

    def _order(self, woken: int, waker: int) -> bool:
        """Follow one order; false when nobody is left to give any."""
        try:
            data, handles, *_ = socket.recv_fds(self._control, ORDER_BYTES, 1)
        except ConnectionResetError:  # they went without having read all that they were told
            return False
        if not data:
            return False
        order = json.loads(data)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._control.close()
            os.close(woken)
            os.close(waker)
            try:
                self._become(order, socket.socket(fileno=handles[0]))
            except (BrokenPipeError, ConnectionResetError, NotTheSame):
                pass
            finally:
                os._exit(0)
        os.close(handles[0])
        self._tell({"born": pid, "order": order["order"]})
        return True

    def _become(self, order: dict[str, Any], channel: socket.socket) -> None:
        if order["be"] == "nursery":
            limit_memory(order["memory_bytes"])
            held, folder = self._store, Path(order["folder"])
            store = _loaded(folder) if held is None else next_release(held, order["deltas"])
            store.keep_empty(order["empty"])
            if len(store) != order["quads"]:
                raise NotTheSame
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            channel.send(json.dumps({"ready": True}).encode())
            return _Nursery(channel, store).run()
        _die_with_parent()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os.nice(order["nice"])
        # not `or`: whether a store holds anything is found out by counting all that it holds
        store = EmbeddedStore.open(Path(order["folder"])) if self._store is None else self._store
        limit_memory(order["memory_bytes"])
        store.write(WARMING, "text/csv", Dataset(union=True), "", io.BytesIO())
        _read(channel, store)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._tell({"ended": pid, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0})

    def _tell(self, what: dict[str, object]) -> None:
        try:
            self._control.send(json.dumps(what).encode())
        except OSError:
            os._exit(0)


class NotTheSame(Exception):
    """What was put together in memory is not the release."""


def _loaded(folder: Path) -> EmbeddedStore:
    """A release in memory. Another process reads the folder: the engine's threads on disk would forbid to fork."""
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(source)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        with os.fdopen(sink, "wb") as out:
            EmbeddedStore.open(folder).dump(out)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as quads:
        store = EmbeddedStore.in_memory_from(quads)
    if os.waitpid(pid, 0)[1] != 0:
        raise NotTheSame
    return store


def next_release(store: EmbeddedStore, deltas: Sequence[str]) -> EmbeddedStore:
    """A release in memory, from an earlier one and what each since then added and removed."""
    for path in deltas:
        lines: dict[str, list[str]] = {"+": [], "-": []}
        for sign, line in read_delta(Path(path)):
            lines[sign].append(line)
        removed, added = (list(parse_quads("".join(lines[sign]).encode(), path)) for sign in "-+")
        if any(_is_blank(part) for quad in (*removed, *added) for part in quad):
            raise NotTheSame  # a blank node has another name in each store
        store.replace_quads(removed, added)
    return store


def _is_blank(part: object) -> bool:
    return isinstance(part, Iri) and part.startswith("_:")


def _read(channel: socket.socket, store: EmbeddedStore) -> None:
    """Answer queries until the web process goes."""
    for number, query in _asked(channel):
        out = _Out(channel, number, query.max_answer_mb)
        signal.setitimer(signal.ITIMER_REAL, max(query.timeout_s, SHORTEST_S))
        try:
            dataset = Dataset(query.default_graphs, query.named_graphs, query.union)
            store.write(query.text, query.accept, dataset, query.base, cast("IO[bytes]", out))
        except GraphServiceError as error:
            channel.sendall(frame(Kind.ERROR, number, error_bytes(out.refused or error)))
        else:
            out.end()


def _asked(channel: socket.socket) -> Iterator[tuple[int, Query]]:
    """Queries as they come. Where none has come yet, the timer of the last one is stopped."""
    held = bytearray()
    while True:
        start = 0
        while len(held) - start >= LENGTH_BYTES:
            end = start + LENGTH_BYTES + length(held[start : start + LENGTH_BYTES])
            if len(held) < end:
                break
            yield decoded(held[start + LENGTH_BYTES : end])
            start = end
        del held[:start]
        signal.setitimer(signal.ITIMER_REAL, 0)
        received = channel.recv(RECEIVED_BYTES)
        if not received:
            return
        held += received


class _Out(io.BufferedIOBase):
    """Where the engine writes an answer: parts of some size on their way as soon as they are full."""

    def __init__(self, channel: socket.socket, number: int, max_answer_mb: int) -> None:
        self._channel, self._number, self._left = channel, number, max_answer_mb * 1_000_000
        self._held, self._part_bytes = bytearray(), FIRST_BYTES
        self._max_answer_mb = max_answer_mb
        self.refused: GraphServiceError | None = None

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # the engine writes bytes
        """Take some bytes."""
        self._left -= len(data)
        if self._left < 0:
            self.refused = AnswerTooLarge(self._max_answer_mb)
            raise OSError(str(self.refused))
        self._held += data
        if len(self._held) >= self._part_bytes:
            self._channel.sendall(frame(Kind.PART, self._number, bytes(self._held)))
            self._held.clear()
            self._part_bytes = PART_BYTES
        return len(data)

    def end(self) -> None:
        """Send what is left."""
        self._channel.sendall(frame(Kind.LAST, self._number, bytes(self._held)))


def _die_with_parent() -> None:
    """A reader in the middle of a query hears nothing: the kernel ends it when its nursery goes (Linux)."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
