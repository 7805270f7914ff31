"""Watching: what is seen of a long load, on stderr. One line that renews itself for people, few lines for logs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph_service.bulk import Loaded, Progress

EVERY_S = 10  # a line for logs
_MB = 1_000_000


@contextmanager
def loading(clock: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """Show how far a load has come: bytes read and in all, quads, rate, time left."""
    if not sys.stderr.isatty():
        yield _Lines(clock).show
        return
    from tqdm import tqdm

    with tqdm(desc="loading", unit="B", unit_scale=True, leave=False, delay=1) as bar:

        def show(loaded: Loaded) -> None:
            bar.total = loaded.of_bytes
            bar.set_postfix_str(f"{loaded.quads:,} quads, {loaded.file}", refresh=False)
            bar.update(loaded.read_bytes - bar.n)

        yield show


class _Lines:
    """A line now and then."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = self._shown = clock()

    def show(self, loaded: Loaded) -> None:
        now = self._clock()
        if now - self._shown < EVERY_S:
            return
        self._shown, took = now, now - self._started
        left = took * (loaded.of_bytes - loaded.read_bytes) / max(1, loaded.read_bytes)
        print(
            f"loading {loaded.file}: {loaded.read_bytes / _MB:.0f} of {loaded.of_bytes / _MB:.0f} MB, "
            f"{loaded.quads:,} quads, {loaded.quads / took:,.0f}/s, {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )
