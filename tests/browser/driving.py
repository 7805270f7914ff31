"""Driving: what the tests in a browser share beside fixtures: a server, windows, and what a page does unseen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make setup")

HERE = Path(__file__).resolve().parent
INSTALL = "run tests/browser/install"
WIDE, NARROW, SMALLEST = ({"width": width, "height": 900} for width in (1280, 390, 320))
Open = Callable[..., "playwright.Page"]


@dataclass(slots=True)
class Seen:
    """What a page said and asked for behind the reader's back."""

    console: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)  # requests to another host

    def watch(self, page: playwright.Page, origin: str) -> None:
        """Write down each message of the console, each error, and each request that leaves the service."""
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda asked: None if _stays(asked.url, origin) else self.elsewhere.append(asked.url))


def _stays(url: str, origin: str) -> bool:
    return url.startswith(f"{origin}/") or urlsplit(url).scheme in ("data", "blob", "about")


@contextmanager
def serving(home: Path, project: Path) -> Iterator[str]:
    """Serve a home on a free port; yields its origin."""
    app = create_app(Releases(home), Settings(home=home, project=project))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)  # uvicorn tells of its start by a flag alone
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
