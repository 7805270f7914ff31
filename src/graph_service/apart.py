"""Apart: work on what strangers sent, in a process of its own that the kernel ends at a deadline or a limit of memory.

For work that cannot be stopped otherwise, such as SHACL with queries in it. The processes are forked from
one that has read all modules and done nothing else (`multiprocessing`, forkserver), and serve as long as they live.
Work ends with whoever ordered it, unless it says that it is not to be ended any more (`finish`).
"""

from __future__ import annotations

import fcntl
import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import ParamSpec, TypeAlias, TypeVar

from graph_service.errors import GraphServiceError, ReadersBusy, ReadersDown, WorkTimeout, WorkTooLarge
from graph_service.limits import limit_memory, limit_time, no_limits, one_arena

log = logging.getLogger(__name__)

LATE_S = 0.05  # beyond the deadline, for the kernel to end it first
START_S = 120.0  # in which a process must begin, on a machine that is busy too
MEGABYTE = 1_000_000
END_S = 5.0  # in which a process that was ended is gone
BEGUN = "begun"

P = ParamSpec("P")
T = TypeVar("T")
_Limits: TypeAlias = tuple[float, int]  # seconds, and MB of memory; 0 for as many as there are
_Found: TypeAlias = tuple[object, Exception | None]


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
            RuntimeError: anything else that it raises, with where it came from.
        """
        limits = self._timeout_s, self._memory_mb
        return self._do(_nothing, limits, work, args, named)  # type: ignore[return-value]  # what the work gave

    def follow(self, told: Callable[[str], None], work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Do work that sets limits itself (`begin`, `finish`) and says how far it has come (`tell`). Raises as `do`."""
        return self._do(told, None, work, args, named)  # type: ignore[return-value]  # what the work gave

    def _do(self, told: Callable[[str], None], limits: _Limits | None, *order: object) -> object:
        with self._place():
            worker = self._begun(limits, *order)
            try:
                found = worker.result(told, limits and limits[0])
            except BaseException:
                worker.end()
                raise
            if found is None:
                raise self._why(worker.end(dying=True))
            self._idle.append(worker)
            result, error = found
            if error is not None:
                raise error
            return result

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
        log.warning("a process that did work for others ended with %s", exit_code)
        return ReadersDown("The process that did the work ended: try again in a moment, or ask for less.")


class _Worker:
    """A process, and what is said to it and heard from it."""

    def __init__(self) -> None:
        self._pipe, there = _context().Pipe()
        alive, self._alive = _context().Pipe(duplex=False)
        self._process = _context().Process(target=_serve, args=(there, alive), daemon=True)
        self._process.start()
        there.close()
        alive.close()

    def begin(self, order: tuple[object, ...]) -> bool:
        """Give it a piece of work; whether it has begun."""
        with suppress(OSError, EOFError):
            self._pipe.send(order)
            return bool(self._pipe.poll(START_S) and self._pipe.recv() == BEGUN)
        return False

    def result(self, told: Callable[[str], None], timeout_s: float | None) -> _Found | None:
        """A result or an error; None where it was ended before. WorkTimeout where it should have been."""
        with suppress(OSError, EOFError):
            while self._pipe.poll(None if timeout_s is None else timeout_s + LATE_S):
                said: str | _Found = self._pipe.recv()
                if not isinstance(said, str):
                    return said
                told(said)
            raise WorkTimeout(timeout_s or 0.0)
        return None

    def end(self, *, dying: bool = False) -> int | None:
        """End it; its exit code, minus the signal that ended it where one did. `dying`: it ends for its own reason."""
        self._pipe.close()
        self._alive.close()
        self._process.join(timeout=END_S if dying else 0)
        self._process.kill()
        self._process.join()
        return self._process.exitcode


def begin(timeout_s: float, memory_mb: int) -> None:
    """From here on this process may take so long and so much; 0 MB: as much as there is."""
    limit_time(timeout_s)
    limit_memory(memory_mb * MEGABYTE)


def finish() -> None:
    """From here on this work is not to be ended: it has no limits, and goes on where nobody waits for it any more."""
    no_limits()
    if _alive is not None:
        _end_alone(_alive, False)


def tell(what: str) -> None:
    """Tell whoever ordered this work how far it has come."""
    if _pipe is not None:
        _pipe.send(what)


_pipe: Connection | None = None  # to whoever gives work, in a process that was made for it
_alive: Connection | None = None  # open as long as they live; nothing is ever said in it


def _serve(pipe: Connection, alive: Connection) -> None:
    """Runs on the far side, until nobody is left to give work."""
    global _pipe, _alive  # this process is for nothing else
    _pipe, _alive = pipe, alive
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    one_arena()
    with suppress(EOFError, OSError):
        while True:
            limits, work, args, named = pipe.recv()
            pipe.send(BEGUN)
            _end_alone(alive, True)
            if limits:
                begin(*limits)
            done = _done(work, args, named, limits[1] if limits else 0)
            finish()
            pipe.send(done)


def _end_alone(alive: Connection, ends: bool) -> None:
    """Whether the kernel ends this process when the far end of the pipe goes, whatever it does then (Linux).

    It would end it for anything that is said there, too, even a moment after that was read: so nothing is.
    """
    handle = alive.fileno()
    flags = fcntl.fcntl(handle, fcntl.F_GETFL)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(handle, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(handle, fcntl.F_SETFL, flags | os.O_ASYNC if ends else flags & ~os.O_ASYNC)


def _done(work: Callable[..., object], args: tuple[object, ...], named: dict[str, object], memory_mb: int) -> _Found:
    try:
        return work(*args, **named), None
    except MemoryError:
        return None, WorkTooLarge(memory_mb)
    except GraphServiceError as error:
        _forget(error)
        return None, error
    except Exception as error:
        told = RuntimeError("".join(traceback.format_exception(error)))  # any error, which may not be fit to be sent
        _forget(error)
        return None, told


def _forget(error: BaseException | None) -> None:
    """Let go of what an error came through: this process goes on, and a store that frames hold would stay open."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _nothing(_: str) -> None:
    """For work that tells nothing."""


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["graph_service.trial", "graph_service.bounded"])
    return context
