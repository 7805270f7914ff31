"""Spool: an answer on its way from a reader to a client. A slow client holds no reader: what it has not taken waits
here, the first megabyte in memory, the rest in a file without a name. Where the disk has no room for it, or all spools
together hold as much as they may, the answer is broken off.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import IO

from graph_service.errors import GraphServiceError, QueryStopped

MEMORY_BYTES = 1_000_000
READ_BYTES = 262_144
DISK_BYTES = 8_000_000_000  # what all spools of a process may hold on the disk


class Spool:
    """Bytes that one side puts in as they come and the other takes out as it can. For one event loop."""

    on_disk_bytes = 0  # of all spools

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self._held_bytes = 0
        self._file: IO[bytes] | None = None
        self._written_bytes = self._read_bytes = 0  # of the file
        self._waiting: asyncio.Future[None] | None = None
        self._told: Callable[[], None] | None = None
        self._ended = False
        self._error: GraphServiceError | None = None
        self.started = False  # something came: the query cannot be asked again without the client seeing it

    def put(self, data: bytes, *, last: bool = False) -> None:
        """Take some bytes in; the last ones end the answer. What comes after its end is dropped."""
        if self._ended:
            return
        self.started, self._ended = True, last
        if self._file is None and self._held_bytes + len(data) <= MEMORY_BYTES:
            self._parts.append(data)
            self._held_bytes += len(data)
            return self._wake()
        try:
            self._to_file(data)
        except OSError as error:
            return self.end(QueryStopped(f"There is no room for what a slow client has not taken yet: {error}."))
        self._wake()

    def end(self, error: GraphServiceError | None = None) -> None:
        """Nothing more comes; an error says why it ends before its time."""
        self._ended, self._error = True, error
        self._wake()

    def tell(self, whom: Callable[[], None]) -> None:
        """Call somebody once, as soon as `ready` would return or raise."""
        self._told = whom

    async def ready(self) -> None:
        """Wait for the first bytes, or for the end of an answer without any.

        Raises:
            GraphServiceError: there is no answer.
        """
        while not self.started and not self._ended:
            await self._wait()
        if self._error is not None and not self.started:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The bytes, each part once.

        Raises:
            GraphServiceError: it ended before its time.
        """
        while True:
            if self._parts:
                part = self._parts.popleft()
                self._held_bytes -= len(part)
                yield part
            elif self._file is not None:
                yield self._from_file(self._file)
            elif self._ended:
                break
            else:
                await self._wait()
        if self._error is not None:
            raise self._error

    @property
    def size_bytes(self) -> int | None:
        """How long the whole answer is, where `whole` would give it."""
        return self._held_bytes if self._ended and self._error is None and self._file is None else None

    def whole(self) -> bytes | None:
        """The whole answer where it has come already and is in memory; then nothing is left to take."""
        if not self._ended or self._error is not None or self._file is not None:
            return None
        data = b"".join(self._parts)
        self._parts.clear()
        return data

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # there was no room for the last of it
                self._file.close()
            self._file = None
            Spool.on_disk_bytes -= self._written_bytes
            self._written_bytes = self._read_bytes = 0

    def _to_file(self, data: bytes) -> None:
        """Write some bytes to the disk; OSError where there is no room."""
        if Spool.on_disk_bytes + len(data) > DISK_BYTES:
            raise OSError(f"{DISK_BYTES // 1_000_000} MB wait already")
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by `close`
        self._file.seek(self._written_bytes)
        if self._file.write(data) < len(data):
            raise OSError("the disk is full")
        self._written_bytes += len(data)
        Spool.on_disk_bytes += len(data)

    def _from_file(self, file: IO[bytes]) -> bytes:
        """The next bytes of the file, which goes once all of it is taken."""
        file.seek(self._read_bytes)
        data = file.read(READ_BYTES)
        self._read_bytes += len(data)
        if self._read_bytes == self._written_bytes:
            self.close()
        return data

    def _wake(self) -> None:
        if self._told is not None:
            told, self._told = self._told, None
            told()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting
