"""Weight: what comes over the line before the home page stands, packed as it is served."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from graph_service.terms import LANGUAGES

MOST_BYTES = 40_000  # the page and all that it loads
HTML = {"Accept": "text/html", "Accept-Encoding": "gzip"}
LOADED = re.compile(r'<link rel="(?:stylesheet|icon)"[^>]* href="([^"]+)"|<(?:script|img)[^>]* src="([^"]+)"')


def received_bytes(client: TestClient, address: str) -> int:
    """How many bytes an address sends to a client that takes gzip."""
    with client.stream("GET", address, headers=HTML) as answer:
        assert answer.status_code == 200
        return sum(len(each) for each in answer.iter_raw())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_is_light(client: TestClient, language: str):
    """With its style sheet and icon at most 40 kB."""
    home = "/" if language == LANGUAGES[0] else f"/{language}/"
    loaded = ["".join(each) for each in LOADED.findall(client.get(home, headers=HTML).text)]
    weights = {address: received_bytes(client, address) for address in (home, *loaded)}

    assert any(address.startswith("/static/style.css") for address in loaded)
    assert sum(weights.values()) <= MOST_BYTES, weights


def test_only_the_sparql_page_has_a_script(pages: dict[str, str]):
    """Not a byte of it anywhere else, neither loaded nor in the page."""
    with_script = [address for address, page in pages.items() if re.search(r"<script\b", page)]

    assert {address.partition("?")[0] for address in with_script} == {"/sparql"}
