"""Releases: those of a home folder, for reading. Follows the one that is current, without a restart."""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from graph_service.errors import EngineUnavailable, NoRelease, ReleasePruned
from graph_service.home import Home, ReleaseRecord
from graph_service.mirroring import EngineState, Mirror
from graph_service.release import Release, utc_today
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.protocol import GraphStore

OPENED = 8  # so many earlier releases stay open, those asked for last


class Releases:
    """The releases in a home folder, for reading: the current one followed, older ones by number or moment.

    `clock` says which day it is for what is asked of the current release without a date. With a `mirror` a remote
    engine answers what is asked of the current release, and that is the one that it holds; older ones are read from
    the home folder.
    """

    def __init__(
        self,
        home: Path,
        *,
        union: bool = True,
        clock: Callable[[], datetime.date] = utc_today,
        mirror: Mirror | None = None,
    ) -> None:
        self.home, self._union, self._clock, self.mirror = home, union, clock, mirror
        self._home = Home(home)
        self._lock = threading.Lock()
        self._current: Release | None = None
        self._opened: OrderedDict[int, Release] = OrderedDict()  # pinned ones, the last used at the end

    @property
    def number(self) -> int | None:
        """The number of the release that is current at this moment; None if there is nothing to read."""
        return self.mirror.held() if self.mirror else self._home.current()

    def engine(self) -> EngineState:
        """What answers for the current release, and how it stands with it."""
        return self.mirror.told() if self.mirror else EngineState("embedded", True, release=self._home.current())

    def current(self) -> Release:
        """The release that is current at this moment.

        Raises:
            NoRelease: nothing has been published.
            EngineUnavailable: the remote engine was not filled yet.
        """
        number = self._read_now()
        release = self._current
        if release is None or release.number != number:
            with self._lock:
                if self._current is None or self._current.number != number:
                    self._current = self._open(number)
                release = self._current
        return release

    def get(self, number: int) -> Release:
        """A release by number, pinned to its own day. The last ones asked for stay open.

        Raises:
            UnknownRelease: no release has that number.
            ReleasePruned: its data is gone; `near` names the nearest release that is kept.
        """
        record = self.record(number)
        if not self._home.keeps(number):
            self._opened.pop(number, None)
            kept = self.nearest_kept(number)
            raise ReleasePruned(
                f"The data of release {number} is no longer kept; its record is. The nearest that is kept is {kept}.",
                near=(str(kept),),
                parameter="release",
            )
        with self._lock:
            release = self._opened.pop(record.number, None) or self._open(number, pinned=True)
            self._opened[number] = release
            while len(self._opened) > OPENED:
                self._opened.popitem(last=False)
        return release

    def at(self, moment: datetime.datetime) -> Release:
        """The release that was current at a moment, pinned to its own day; before the first one, the first.

        Raises:
            NoRelease, and as `get`.
        """
        return self.get(self.number_at(moment))

    def number_at(self, moment: datetime.datetime) -> int:
        """The number of the release that was current at a moment; before the first one, the first."""
        for number in range(self._last(), 1, -1):
            if self.record(number).moment <= moment:
                return number
        return 1

    def kept(self) -> tuple[int, ...]:
        """The numbers of the releases whose data is kept, oldest first."""
        return tuple(number for number in range(1, self._last() + 1) if self._home.keeps(number))

    def nearest_kept(self, number: int) -> int:
        """The number of the release nearest to another one whose data is kept; of two, the later one."""
        return min(self.kept(), key=lambda each: (abs(each - number), -each))

    def record(self, number: int) -> ReleaseRecord:
        """The record of a release, kept also when its data is pruned.

        Raises:
            UnknownRelease: no release has that number.
        """
        return self._home.record(number)

    def records(self) -> tuple[ReleaseRecord, ...]:
        """The records of all releases, newest first."""
        return self._home.records()

    def _read_now(self) -> int:
        if self.mirror is None:
            return self._last()
        number = self.mirror.held()
        if number is None or not self._home.keeps(number):
            self._last()  # is there any?
            raise EngineUnavailable(self.mirror.why())
        return number

    def _last(self) -> int:
        number = self._home.current()
        if number is None:
            raise NoRelease("Nothing is published yet: run `graph-service load`.")
        return number

    def _open(self, number: int, *, pinned: bool = False) -> Release:
        project = self._home.project(number)
        return Release(
            self._store(number, pinned=pinned),
            self.record(number),
            project,
            union=self._union,
            pinned=pinned,
            clock=self._clock,
            later=(lambda: self.current().catalogue) if pinned else None,
            checkpoint=self._home.store(number),
        )

    def _store(self, number: int, *, pinned: bool) -> GraphStore:
        if self.mirror is not None and not pinned:
            return self.mirror.store(number)
        current = self._current
        if self.mirror is None and current is not None and current.number == number:
            return current.store
        return EmbeddedStore.open(self._home.store(number))
