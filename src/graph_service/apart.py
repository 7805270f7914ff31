"""Apart: work on what strangers sent, in a process of its own that the kernel ends at a deadline or a limit of memory.

For work that cannot be stopped otherwise, such as SHACL with queries in it. The processes are forked from
one that has read all modules and done nothing else (`multiprocessing`, forkserver), and serve as long as they live.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import ParamSpec, TypeVar

from graph_service.errors import GraphServiceError, ReadersBusy, ReadersDown, WorkTimeout, WorkTooLarge
from graph_service.limits import limit_memory, limit_time, no_limits, one_arena

LATE_S = 0.05  # beyond the deadline, for the kernel to end it first
START_S = 30.0  # in which a process must begin
MEGABYTE = 1_000_000
END_S = 5.0  # in which a process that was ended is gone
BEGUN = "begun"

P = ParamSpec("P")
T = TypeVar("T")


class Workshop:
    """Where such work is done: so many pieces at once, each within these limits. Safe to use from many threads."""

    def __init__(self, *, places: int, wait_s: float, timeout_s: float, memory_mb: int) -> None:
        """`wait_s`: how long a piece may wait for its place."""
        self._places = threading.BoundedSemaphore(places)
        self._wait_s, self._timeout_s, self._memory_mb = wait_s, timeout_s, memory_mb
        self._idle: list[_Worker] = []

    def do(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Do a piece of work: a function of a module, with arguments and a result that can be pickled.

        Raises:
            WorkTimeout, WorkTooLarge: it took more than it may.
            ReadersBusy: no place became free in time.
            ReadersDown: its process was ended by somebody else.
            GraphServiceError: what the work itself raises.
        """
        with self._place():
            worker = self._begun((self._timeout_s, self._memory_mb * MEGABYTE), work, args, named)
            try:
                found = worker.result(self._timeout_s)
            except BaseException:
                worker.end()
                raise
            if found is None:
                raise self._why(worker.end(dying=True))
            self._idle.append(worker)
            result, error = found
            if error is not None:
                raise error
            return result  # type: ignore[return-value]  # what the work gave, through a pipe

    def close(self) -> None:
        """End the processes that wait for work."""
        while self._idle:
            self._idle.pop().end()

    def _begun(self, *order: object) -> _Worker:
        """A process that has begun a piece of work: one that waits, where it still lives, or a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.begin(order):
                return worker
            worker.end()
        worker = _Worker()
        if not worker.begin(order):
            worker.end()
            raise ReadersDown("No process could be made to do the work: try again in a moment.")
        return worker

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._wait_s):
            raise ReadersBusy(f"No process became free within {self._wait_s:g} s: try again in a moment.")
        try:
            yield
        finally:
            self._places.release()

    def _why(self, exit_code: int | None) -> GraphServiceError:
        if exit_code == -signal.SIGALRM:
            return WorkTimeout(self._timeout_s)
        if exit_code == -signal.SIGABRT:
            return WorkTooLarge(self._memory_mb)
        return ReadersDown("The process that did the work ended: try again in a moment, or ask for less.")


class _Worker:
    """A process, and what is said to it and heard from it."""

    def __init__(self) -> None:
        self._pipe, there = _context().Pipe()
        self._process = _context().Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        there.close()

    def begin(self, order: tuple[object, ...]) -> bool:
        """Give it a piece of work; whether it has begun."""
        with suppress(OSError, EOFError):
            self._pipe.send(order)
            return bool(self._pipe.poll(START_S) and self._pipe.recv() == BEGUN)
        return False

    def result(self, timeout_s: float) -> tuple[object, GraphServiceError | None] | None:
        """A result or an error; None where it was ended before. WorkTimeout where it should have been."""
        with suppress(OSError, EOFError):
            if not self._pipe.poll(timeout_s + LATE_S):
                raise WorkTimeout(timeout_s)
            found: tuple[object, GraphServiceError | None] = self._pipe.recv()
            return found
        return None

    def end(self, *, dying: bool = False) -> int | None:
        """End it; its exit code, minus the signal that ended it where one did. `dying`: it ends for its own reason."""
        self._pipe.close()
        self._process.join(timeout=END_S if dying else 0)
        self._process.kill()
        self._process.join()
        return self._process.exitcode


def _serve(pipe: Connection) -> None:
    """Runs on the far side, until nobody is left to give work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    one_arena()
    with suppress(EOFError, OSError):
        while True:
            (timeout_s, memory_bytes), work, args, named = pipe.recv()
            pipe.send(BEGUN)
            limit_time(timeout_s)
            limit_memory(memory_bytes)
            done = _done(work, args, named, memory_bytes)
            no_limits()
            pipe.send(done)


def _done(
    work: Callable[..., object], args: tuple[object, ...], named: dict[str, object], memory_bytes: int
) -> tuple[object, GraphServiceError | None]:
    try:
        return work(*args, **named), None
    except MemoryError:
        return None, WorkTooLarge(memory_bytes // MEGABYTE)
    except GraphServiceError as error:
        return None, error


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["graph_service.trial"])
    return context
