"""Nursery: the web process's hold on the process that forks readers, and on each reader. For one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from graph_service.readers.frames import Frames, Kind, Query

TOLD_BYTES = 4096
RECEIVED_BYTES = 262_144
LAST_WORDS_S = 1.0  # how long after a reader's socket ended its nursery may take to tell how


class NurseryGone(Exception):
    """The nursery ended, or what it was to make ended before it was ready."""


class Reader(asyncio.Protocol):
    """One reader process. `heard` is called with each frame, `lost` when there will be no more, and `ended` once, with
    the signal that ended it (0: none)."""

    def __init__(self, nursery: Nursery) -> None:
        self.nursery = nursery
        self.pid = 0
        self.heard: Callable[[Kind, int, bytes], None] = lambda *_: None
        self.lost: Callable[[], None] = lambda: None
        self.ended: Callable[[int], None] = lambda _: None
        self._frames = Frames()
        self._transport: asyncio.WriteTransport | None = None
        self._asked: list[bytes] = []
        self._signal: int | None = None
        self._lost = self._told = False

    def ask(self, number: int, query: Query) -> None:
        """Send a query; answers come in the order of the queries."""
        if not self._asked:  # all that is asked in one turn of the loop goes in one piece
            asyncio.get_running_loop().call_soon(self._send)
        self._asked.append(query.encoded(number))

    def _send(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._asked))
        self._asked.clear()

    def kill(self) -> None:
        """End it, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    @property
    def gone(self) -> bool:
        """Whether nothing can be asked of it any more."""
        return self._transport is None

    def hang_up(self) -> None:
        """Hear nothing more of it."""
        if self._transport is not None:
            self._transport.abort()

    def cpu_s(self) -> float:
        """How much it has used of the processor so far; on a busy machine that says more than the time that passed."""
        try:
            return time.clock_gettime(_cpu_clock(self.pid))
        except OSError:  # it is gone
            return 0.0

    def yield_to_others(self, nice: int) -> None:
        """Have it run only where nobody else wants to."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, nice)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        for each in self._frames.feed(data):
            self.heard(*each)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport, self._lost = None, True
        self.lost()
        if self._signal is None:
            asyncio.get_running_loop().call_later(LAST_WORDS_S, self._tell)
        else:
            self._tell()

    def waited_for(self, number: int) -> None:
        """The nursery tells by which signal it ended."""
        self._signal = number
        if self._lost:
            self._tell()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self.ended(self._signal or 0)


class Nursery:
    """One process that forks others. Made by `start`, or by another nursery."""

    def __init__(self, control: socket.socket) -> None:
        control.setblocking(False)
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._orders = itertools.count()
        self._births: dict[int, asyncio.Future[int]] = {}
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._process: subprocess.Popen[bytes] | None = None
        self.readers: dict[int, Reader] = {}  # by process
        self.closed = False
        self._closing = False
        self._loop.add_reader(control, self._hear)

    @classmethod
    def start(cls) -> Nursery:
        """Start the first nursery, which holds nothing in memory."""
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with there:
            handle = there.fileno()
            command = [sys.executable, "-m", "graph_service.readers.process", str(handle)]
            process = subprocess.Popen(command, pass_fds=[handle], stdin=subprocess.DEVNULL)
        made = cls(here)
        made._process = process
        return made

    async def reader(self, folder: Path, *, memory_bytes: int, nice: int) -> Reader:
        """Fork a reader of a release's folder, or of what this nursery holds in memory.

        Raises:
            NurseryGone.
        """
        here, there = socket.socketpair()
        here.setblocking(False)
        order = {"be": "reader", "folder": str(folder), "memory_bytes": memory_bytes, "nice": nice}
        reader = Reader(self)
        try:
            reader.pid = await self._fork(order, there)
            self.readers[reader.pid] = reader
            await self._loop.create_connection(lambda: reader, sock=here)
            if reader.gone:
                raise NurseryGone
        except BaseException:
            here.close()  # the end of its socket ends the reader
            raise
        return reader

    async def nursery(
        self, folder: Path, deltas: Sequence[Path], empty: Sequence[str], quads: int, memory_bytes: int
    ) -> Nursery:
        """Fork a nursery that holds a release in memory: read from its folder, or what this one holds and the deltas.

        Args:
            deltas: of the releases since the one that this nursery holds.
            empty: the named graphs that hold nothing.
            quads: how many there must be in the end.
            memory_bytes: what it may take.

        Raises:
            NurseryGone: also where the memory does not suffice, or the copy is not the release.
        """
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = {
            "be": "nursery",
            "folder": str(folder),
            "deltas": [str(each) for each in deltas],
            "empty": list(empty),
            "quads": quads,
            "memory_bytes": memory_bytes,
        }
        made = None
        try:
            await self._fork(order, there)
            made = Nursery(here)
            await made._ready
        except BaseException:
            here.close() if made is None else made.kill()
            raise
        return made

    def close(self) -> None:
        """End it as soon as none of its readers runs; those that it forked as nurseries live on."""
        self._closing = True
        if not self.readers:
            self._end()

    def kill(self) -> None:
        """End it and all its readers now."""
        for reader in self.readers.values():
            reader.kill()
        self._end()

    async def _fork(self, order: Mapping[str, object], there: socket.socket) -> int:
        """Send an order with the socket that the new process gets; its process number once it lives."""
        number = next(self._orders)
        self._births[number] = self._loop.create_future()
        try:
            with there:
                data = json.dumps({"order": number, **order}).encode()
                socket.send_fds(self._control, [data], [there.fileno()])
            return await self._births[number]
        except OSError as error:
            self._end()  # it is gone, though its own socket has not yet said so
            raise NurseryGone from error
        finally:
            self._births.pop(number, None)

    def _hear(self) -> None:
        try:
            data = self._control.recv(TOLD_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            return self._end()
        told = json.loads(data)
        if "born" in told:
            birth = self._births.get(told["order"])
            if birth is not None and not birth.done():
                birth.set_result(told["born"])
        elif "ended" in told:
            reader = self.readers.pop(told["ended"], None)
            if reader is not None:
                reader.waited_for(told["signal"])
            if self._closing and not self.readers:
                self._end()
        elif not self._ready.done():
            self._ready.set_result(None)

    def _end(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._control)
        self._control.close()
        awaited: list[asyncio.Future[Any]] = [*self._births.values(), self._ready]
        for future in awaited:
            if not future.done():
                future.set_exception(NurseryGone())
                future.exception()  # seen: nobody may be waiting for it
        for reader in self.readers.values():
            reader.waited_for(signal.SIGKILL)
        self.readers.clear()
        if self._process is not None:
            self._process.wait()


def _cpu_clock(pid: int) -> int:
    """The clock of a process's own processor time (Linux: clock_getcpuclockid(3))."""
    return (~pid << 3) | 2
