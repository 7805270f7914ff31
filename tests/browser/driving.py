"""Driving: what the tests in a browser share beside fixtures: windows, and what a page does unseen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

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
