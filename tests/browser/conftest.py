"""Browser: the real project, served on a free port, and Debian's Chromium in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import INSTALL, WIDE, Seen, playwright
from serving import serving

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app


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


@pytest.fixture(scope="session")
def origin(home: Path, project_dir: Path) -> Iterator[str]:
    """The real project, served. Not to be written."""
    with serving(create_app(Releases(home), Settings(home=home, project=project_dir))) as address:
        yield address


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
