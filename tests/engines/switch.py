"""Switch: the other tests over another engine: `ENGINE=oxigraph pytest tests/web`.

Each home folder that releases are read from gets a dataset of its own, which is brought to the current release
whenever somebody looks for it. What an engine cannot do is named in `exceptions.toml`.
"""

from __future__ import annotations

import atexit
import threading
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import servers

from graph_service.home import Home
from graph_service.mirroring import Mirror
from graph_service.releases import Releases
from graph_service.store.engine import Engine

EXCEPTIONS = Path(__file__).parent / "exceptions.toml"


def exceptions(engine: str) -> Mapping[str, str]:
    """The tests that cannot pass over an engine: beginning of an id → reason."""
    entries = tomllib.loads(EXCEPTIONS.read_text("utf-8")).get("exceptions", [])
    return {test: entry["reason"] for entry in entries if engine in entry["engines"] for test in entry["tests"]}


def expect_exceptions(items: Iterable[pytest.Item], engine: str) -> None:
    """Let those tests fail, and none of them pass.

    Raises:
        pytest.UsageError: there are tests that compare an engine with the embedded one themselves.
    """
    known = exceptions(engine)
    for item in items:
        if item.path.is_relative_to(EXCEPTIONS.parent):
            raise pytest.UsageError("tests/engines start their engines themselves: run them without ENGINE.")
        for begins, reason in known.items():
            if item.nodeid.startswith(begins):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


class Following(Mirror):
    """A mirror that needs nobody to tell it of a new release."""

    def __init__(self, home: Home, engine: Engine) -> None:
        super().__init__(home, engine)
        self._own, self._filling = home, threading.local()

    def state(self) -> str:
        """As always, once the engine holds the current release."""
        current = self._own.current()
        if current and super().state().removesuffix("+") != str(current) and not hasattr(self._filling, "now"):
            self.catch_up(60.0)
        return super().state()

    def catch_up(self, wait_s: float = 60.0) -> None:
        """As always; what it looks at meanwhile is what there is."""
        self._filling.now = True
        try:
            super().catch_up(wait_s)
        finally:
            del self._filling.now


class Datasets:
    """One server for each home folder."""

    def __init__(self, engine: str) -> None:
        self._engine, self._stack = engine, ExitStack()
        self._known: dict[Path, Mirror] = {}

    def of(self, home: Path) -> Mirror:
        """The mirror of a home folder."""
        if home not in self._known:
            server = self._stack.enter_context(servers.running(self._engine))
            self._known[home] = Following(Home(home), Engine(server.addresses, timeout_s=60.0))
        return self._known[home]

    def close(self) -> None:
        """End the servers."""
        for mirror in self._known.values():
            mirror.engine.close()
        self._stack.close()


@contextmanager
def everything_over(engine: str) -> Iterator[None]:
    """Within this block releases are read from an engine, unless they say otherwise."""
    datasets = Datasets(engine)
    atexit.register(datasets.close)
    made = Releases.__init__

    @wraps(made)
    def make(self: Releases, home: Path, *, union: bool = True, mirror: Mirror | None = None, **more: Any) -> None:
        made(self, home, union=union, mirror=mirror or (datasets.of(home) if union else None), **more)

    with patch.object(Releases, "__init__", make):
        yield
    datasets.close()
    atexit.unregister(datasets.close)
