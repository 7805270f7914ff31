"""Near: the current release in memory in the web process itself, for what needs no reader.

It is made beside, from the copy of an earlier release and what changed since, or from its folder, where that would have
changed too much (see `shelves`); until it is there, and where it does not fit, the folder is read.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from graph_service.errors import GraphServiceError
from graph_service.home import Home
from graph_service.readers.process import NotTheSame, next_release
from graph_service.readers.shelves import MEGABYTE, QUAD_BYTES, SETTLED_S, WORN
from graph_service.release import Release
from graph_service.store.brief import Brief
from graph_service.store.embedded import EmbeddedStore

MAKING = "copy in memory"

log = logging.getLogger(__name__)


class Near:
    """For the thread of one event loop.

    `memory_mb` is how large the copy may be; `union`: queries see all graphs as one.
    """

    def __init__(self, home: Home, memory_mb: int, *, union: bool) -> None:
        self._home, self._memory_bytes, self._union = home, memory_mb * MEGABYTE, union
        self._number = self._tried = 0  # the release that is read, and the one that was last to be copied
        self._brief: Brief | None = None
        self.in_memory = False
        self._copy: tuple[int, EmbeddedStore] | None = None
        self._changes = 0  # quads put into it, or taken out, since it was read from a folder
        self._making: threading.Thread | None = None

    def brief(self, release: Release) -> Brief:
        """Who answers brief queries over a release: not to be kept, since the next copy may be made of this one."""
        if self._brief is None or self._number != release.number:
            assert isinstance(release.store, EmbeddedStore)
            self._number, self._brief, self.in_memory = release.number, self._over(release.store), False
        if not self.in_memory:
            self._bring(release)
        return self._brief

    def _over(self, store: EmbeddedStore) -> Brief:
        return Brief(store, union=self._union)

    def _bring(self, release: Release) -> None:
        """Go on to the copy in memory, if it is there, or have it made."""
        copy = self._copy
        if copy is not None and copy[0] == release.number:
            self._brief, self.in_memory = self._over(copy[1]), True
        elif self._tried != release.number and (self._making is None or not self._making.is_alive()):
            self._tried, self._copy = release.number, None
            if release.record.quads * QUAD_BYTES <= self._memory_bytes:
                self._making = threading.Thread(target=self._make, args=(release, copy), name=MAKING, daemon=True)
                self._making.start()

    def _make(self, release: Release, earlier: tuple[int, EmbeddedStore] | None) -> None:
        time.sleep(SETTLED_S)
        try:
            made = self._changed(release, *earlier) if earlier else None
            if made is None:
                assert release.checkpoint is not None
                self._changes = 0
                made = _copied(EmbeddedStore.open(release.checkpoint))
        except (GraphServiceError, OSError) as error:
            log.warning("release %d is read from disk: no copy in memory could be made (%s)", release.number, error)
            return
        if len(made) == release.record.quads:
            self._copy = release.number, made

    def _changed(self, release: Release, number: int, store: EmbeddedStore) -> EmbeddedStore | None:
        """An earlier release with what changed since; None where that cannot be told, or is too much."""
        numbers = range(number + 1, release.number + 1)
        self._changes += sum(record.added + record.removed for record in map(self._home.record, numbers))
        if self._changes > WORN * release.record.quads:
            return None
        try:
            made = next_release(store, [str(self._home.delta(each)) for each in numbers])
        except (NotTheSame, OSError):
            return None
        return made if len(made) == release.record.quads else None


def _copied(store: EmbeddedStore) -> EmbeddedStore:
    source, sink = os.pipe()

    def dump() -> None:
        with os.fdopen(sink, "wb") as out:
            store.dump(out)

    dumping = threading.Thread(target=dump, daemon=True)
    dumping.start()
    with os.fdopen(source, "rb") as quads:
        made = EmbeddedStore.in_memory_from(quads)
    dumping.join()
    return made
