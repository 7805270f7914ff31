"""Browser: the real project, served on a free port, and Debian's Chromium in front of it."""

from __future__ import annotations

import os
import shutil
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


@pytest.fixture(scope="module")  # while it is open an event loop runs, and no test of another file could run one
def chromium() -> Iterator[playwright.Browser]:
    """Chromium, headless; its own sandbox cannot be had as root."""
    command = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if command is None:
        pytest.skip(f"there is no Chromium: {INSTALL}, or name it in CHROMIUM")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with playwright.sync_playwright() as made:
        browser = made.chromium.launch(executable_path=command, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


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


@pytest.fixture(scope="session")
def origin(home: Path, project_dir: Path) -> Iterator[str]:
    """The real project, served. Not to be written."""
    with serving(home, project_dir) as address:
        yield address


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


Open = Callable[..., "playwright.Page"]


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts: a journey is made with and without."""
    return bool(request.param)


@pytest.fixture
def page(chromium: playwright.Browser, origin: str, scripts: bool) -> Iterator[playwright.Page]:
    """A window of a reader, at whose end nothing may have been said in the console or asked of another host.

    A refused request (404, 422) is written into the console by the browser itself: that one message is let pass.
    """
    context = chromium.new_context(base_url=origin, java_script_enabled=scripts, viewport=WIDE, locale="en-GB")
    context.set_default_timeout(30_000)  # holding data against the shapes takes its time
    made, seen = context.new_page(), Seen()
    seen.watch(made, origin)
    yield made
    context.close()
    assert [text for text in seen.console if not text.startswith("Failed to load resource")] == []
    assert seen.elsewhere == []
