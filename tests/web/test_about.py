"""About, method, accessibility, privacy: complete in four languages, and promising only what a test holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service.errors import SettingError
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.settings import Settings, read_settings
from graph_service.web.about import CLAIMS, certainties
from graph_service.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["about", "method", "accessibility", "privacy"]


@pytest.fixture(scope="module")
def reachable(home: Path, releases: Releases) -> Iterator[TestClient]:
    """The service of an operator who gave an address to write to."""
    with TestClient(create_app(releases, Settings(home=home, project=ROOT, contact="data@example.org"))) as made:
        yield made


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.test)
def test_every_promise_is_held_by_the_test_that_it_names(claim):
    """The file is there, and so is the test in it."""
    file, _, name = claim.test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))

    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_lead_to_each_other(client, name: str):
    """From the page about the graph to the others and back; each is a page alone."""
    page = client.get(f"/{name}.html").text
    about = client.get("/about.html").text

    assert f'href="/{name}"' in about or name == "about"
    assert 'href="/about"' in page or name == "about"
    assert client.get(f"/{name}.json").status_code == 404


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
def test_certainty_is_explained_in_the_words_of_the_graph(client, release: Release, language: str):
    """Every degree with its definition in the page's language, the surest first."""
    page = client.get(f"/{language}/method").text
    found = certainties(release, language)

    assert [each.concept.rpartition("/")[2] for each in found] == ["stated", "checked", "reference", "derived"]
    assert all(each.definition and each.definition.language == language for each in found)
    assert all(str(each.definition).replace("'", "&#39;") in page for each in found)


def test_whom_to_write_to_is_a_setting(client, reachable: TestClient):
    """With one, a link; without, no address is invented."""
    for name in ("about", "accessibility", "privacy"):
        assert 'href="mailto:data@example.org"' in reachable.get(f"/{name}.html").text
        assert "mailto:" not in client.get(f"/{name}.html").text
        assert "@" not in client.get(f"/{name}.html").text


def test_another_contact_is_another_page(client, reachable: TestClient):
    """A browser that has the page of before is not told that it is unchanged."""
    for address in ("/about.html", "/institutions/pe-mp.html"):
        old = client.get(address).headers["ETag"]

        assert reachable.get(address, headers={"If-None-Match": old}).status_code == 200
        assert client.get(address, headers={"If-None-Match": old}).status_code == 304


@pytest.mark.parametrize("given", ["nobody", "a@b", "a@example.org?cc=x@example.org", "<a@example.org>"])
def test_a_contact_that_is_no_address_is_refused(given: str):
    """It would stand in a link; the message says what is expected."""
    with pytest.raises(SettingError, match=r"contact .*an e-mail address"):
        read_settings({"GRAPH_SERVICE_CONTACT": given})


def test_no_page_sets_a_cookie(client, pages: dict[str, str]):
    """What the page on privacy says."""
    assert len(pages) > 40
    assert not client.cookies
    assert all("set-cookie" not in client.get(address).headers for address in ("/", "/institutions/pe-mp", "/privacy"))
