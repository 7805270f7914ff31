"""Shelves: the readers of each release, the queries that wait for them, and the nursery that they come from.

A release is read from its folder at once, and from memory as soon as a copy of it is there: a copy of the release
before it with what changed, or of the folder, where that has been changed too much: the engine keeps room in memory
for every quad that was ever there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from graph_service.home import Home
from graph_service.readers.nursery import Nursery, NurseryGone, Reader
from graph_service.readers.turns import Turns

SHELVES = 3  # releases that have readers: the current one, and those asked for last
SETTLED_S = 0.3  # a release that is current for so long is worth a copy in memory
QUAD_BYTES = 600  # of memory for each, generously
MEGABYTE = 1_000_000
WORN = 0.25  # quads that were put into a copy in memory or taken out of it, for each one there, before it is made anew

T = TypeVar("T")
log = logging.getLogger(__name__)


class Jobs:
    """What goes on beside."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[None]] = set()
        self._over = False

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something, without waiting for it; nothing once they were stopped."""
        if self._over:
            return work.close()
        job = asyncio.ensure_future(work)
        self.running.add(job)
        job.add_done_callback(self.running.discard)

    async def stop(self) -> None:
        """Break off what goes on."""
        self._over = True
        for job in self.running:
            job.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)


class Shelf(Generic[T]):
    """The readers of one release."""

    def __init__(self, number: int, nursery: Nursery) -> None:
        self.number, self.nursery = number, nursery
        self.quick: list[Reader] = []
        self.births = 0  # of quick readers
        self.changes = 0  # quads put into its copy in memory, or taken out, since it was read from a folder
        self.waiting: Turns[T] = Turns()


class Shelves(Generic[T]):
    """Those of the releases that are asked for. `retire` lets a reader go, `serve` is called where there are new ones.

    `memory_mb` is how large a copy in memory may be; 0: there is none.
    """

    def __init__(
        self, home: Home, memory_mb: int, retire: Callable[[Reader], None], serve: Callable[[Shelf[T]], None]
    ) -> None:
        self._home, self._memory_bytes, self._retire, self._serve = home, memory_mb * MEGABYTE, retire, serve
        self.known: dict[int, Shelf[T]] = {}  # the one asked for last at the end
        self._first: Nursery | None = None  # which holds nothing in memory
        self._current = 0
        self.jobs = Jobs()

    def of(self, number: int) -> Shelf[T]:
        """The shelf of a release; that of one which was not asked for lately is new."""
        shelf = self.known.pop(number, None)
        if shelf is None or shelf.nursery.closed:
            new: Shelf[T] = Shelf(number, self.nursery())
            if shelf is not None:
                new.waiting = shelf.waiting
            shelf = new
            if number >= self._current:
                self._current = number
                self.jobs.do(self._to_memory(shelf))
        self.known[number] = shelf
        others = [each for each in self.known.values() if each.number not in (number, self._current)]
        for other in others[: len(others) - (SHELVES - 2)]:
            if not other.waiting:
                self._discard(other)
        return shelf

    def nursery(self) -> Nursery:
        """The one that holds nothing in memory, alive."""
        if self._first is None or self._first.closed:
            self._first = Nursery.start()
        return self._first

    def waiting(self) -> int:
        """How many wait, for whichever release."""
        return sum(len(shelf.waiting) for shelf in self.known.values())

    def in_memory(self) -> bool:
        """Whether the readers of the current release hold it in memory."""
        shelf = self.known.get(self._current)
        return shelf is not None and shelf.nursery is not self._first

    async def stop(self) -> None:
        """End all nurseries, and the readers with them."""
        await self.jobs.stop()
        for nursery in {shelf.nursery for shelf in self.known.values()} | ({self._first} if self._first else set()):
            nursery.kill()

    def _discard(self, shelf: Shelf[T]) -> None:
        del self.known[shelf.number]
        self._let_go(shelf)
        if shelf.nursery is not self._first:
            shelf.nursery.close()

    def _let_go(self, shelf: Shelf[T]) -> None:
        for reader in shelf.quick:
            self._retire(reader)
        shelf.quick.clear()

    async def _to_memory(self, shelf: Shelf[T]) -> None:
        """Move the readers of a release to a copy in memory, once it is there."""
        if not self._memory_bytes:
            return
        await asyncio.sleep(SETTLED_S)
        if shelf.number != self._current or self._home.record(shelf.number).quads * QUAD_BYTES > self._memory_bytes:
            return
        first = self.nursery()
        earlier = [each for each in self.known.values() if each.nursery not in (first, shelf.nursery)]
        base = max(earlier, key=lambda each: each.number, default=None)
        nursery = None
        if base and (changes := self._changes(base, shelf.number)) <= WORN * self._home.record(shelf.number).quads:
            nursery, shelf.changes = await self._copy(base.nursery, shelf.number, since=base.number), changes
        if nursery is None:
            nursery, shelf.changes = await self._copy(first, shelf.number), 0
        if nursery is None:
            log.warning("release %d stays on disk: no copy in memory could be made", shelf.number)
        elif self.known.get(shelf.number) is not shelf:
            nursery.kill()
        else:
            shelf.nursery = nursery
            self._let_go(shelf)
            if base is not None and self.known.get(base.number) is base and not base.waiting:
                self._discard(base)
            self._serve(shelf)

    def _changes(self, base: Shelf[T], number: int) -> int:
        """What a copy of a release would have gone through, made of an earlier one."""
        records = (self._home.record(each) for each in range(base.number + 1, number + 1))
        return base.changes + sum(record.added + record.removed for record in records)

    async def _copy(self, source: Nursery, number: int, since: int | None = None) -> Nursery | None:
        """A nursery with a release in memory, from one that holds an earlier one or none; None where it fails."""
        record = self._home.record(number)
        changed = range(since + 1, number + 1) if since is not None else ()
        deltas: Sequence[Path] = [self._home.delta(each) for each in changed]
        empty = [graph for graph, count in record.graphs.items() if not count]
        try:
            return await source.nursery(self._home.store(number), deltas, empty, record.quads, self._memory_bytes)
        except NurseryGone:
            return None
