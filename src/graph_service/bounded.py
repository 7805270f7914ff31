"""Bounded: a client's write in a process of its own, which the kernel ends at a deadline or a limit of memory.

The time counts from the moment that this writer holds the lock. It stops when the release begins to be written: from
then on nothing ends it, so a client is told what is there. A process that is ended lets go of the lock at once, and
what it had staged is removed. One process makes the writes of this one, and stays: what rules and shapes look at is
found out once.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from graph_service import apart
from graph_service.apart import Workshop
from graph_service.deriving import derive_where_reached
from graph_service.errors import (
    GraphServiceError,
    ReadersBusy,
    ReadersDown,
    WorkTimeout,
    WorkTooLarge,
    WriterBusy,
    WriteStopped,
    WriteTimeout,
    WriteTooLarge,
)
from graph_service.gating import gate_where_reached
from graph_service.home import Home
from graph_service.loading import Progress
from graph_service.looking import Unanalysable
from graph_service.patterns import TooMany
from graph_service.publishing import CHANGE, RELEASE, Publisher, Written
from graph_service.store.embedded import EmbeddedStore
from graph_service.tokens import Tokens

READ_S = 60.0  # in which rules and shapes are read


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a write may take."""

    timeout_s: float
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a write is published, and how long it waits for others."""

    home: Path
    keep: int  # releases
    wait_s: float
    union: bool

    def publisher(self, progress: Progress) -> Publisher:
        """The publisher for it."""
        return Publisher(self.home, keep=self.keep, wait_s=self.wait_s, union=self.union, progress=progress)


def write(place: Place, wanted: Callable[[Publisher], Written], bounds: Bounds, progress: Progress) -> Written:
    """Have a write made.

    Args:
        wanted: what is asked of the publisher; can be pickled, such as a partial `Publisher.write`.
        progress: is told each step as it begins.

    Raises:
        WriteTimeout, WriteTooLarge: it took more than it may; nothing is published.
        WriteStopped: somebody else ended its process; it may have been published, if it had come so far.
        WriterBusy, and what the publisher raises.
    """
    try:
        return _workshop(place.wait_s).follow(progress, _write, place, wanted, bounds)
    except ReadersBusy:
        raise WriterBusy(f"Other writes have taken {place.wait_s:g} s: wait for them, then try again.") from None
    except (WorkTimeout, WorkTooLarge, ReadersDown) as error:
        _clear(place.home)
        prepare(place)
        raise _told(error, bounds) from None


def prepare(place: Place) -> None:
    """Soon have a process ready that has read what a first write would have to read, if anybody may write."""
    with suppress(GraphServiceError):
        if Tokens(place.home).all():
            threading.Thread(target=_prepare, args=(place,), daemon=True).start()


def _prepare(place: Place) -> None:
    with suppress(GraphServiceError):
        _workshop(place.wait_s).do(_read, place.home)


@lru_cache(maxsize=1)
def _workshop(wait_s: float) -> Workshop:
    return Workshop(places=1, wait_s=wait_s, timeout_s=READ_S, memory_mb=0)


def _write(place: Place, wanted: Callable[[Publisher], Written], bounds: Bounds) -> Written:
    """Runs in the other process."""

    def progress(step: str) -> None:
        if step == CHANGE:
            apart.begin(bounds.timeout_s, bounds.memory_mb)
        elif step == RELEASE:
            apart.finish()
        apart.tell(step)

    return wanted(place.publisher(progress))


def _read(home: Path) -> None:
    """Find out what rules and shapes of the current release look at, as a change of nothing does. In that process."""
    number = Home(home).current()
    if number is None:
        return
    project, nothing, today = Home(home).project(number), EmbeddedStore.in_memory(), datetime.date.today()
    with suppress(Unanalysable, TooMany):
        derive_where_reached(nothing, nothing, project, (), (today, today))
        gate_where_reached(nothing, nothing, project, (), {})


def _clear(home: Path) -> None:
    """Remove what a write left that was ended; where another one is under way already, it has done so."""
    with suppress(GraphServiceError, OSError), Home(home).writer(0):
        pass


def _told(error: GraphServiceError, bounds: Bounds) -> GraphServiceError:
    if isinstance(error, WorkTimeout):
        return WriteTimeout(bounds.timeout_s)
    if isinstance(error, WorkTooLarge):
        return WriteTooLarge(bounds.memory_mb)
    return WriteStopped("The process of this write ended. Look at /releases whether it was published, else try again.")
