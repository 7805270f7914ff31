"""Pages hold under the strict policy, escape everything, and work without scripts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from graph_service.web.render import HERE

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
DRAWN = {"path", "circle", "rect", "use", "line"}
LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class Reader(HTMLParser):
    """Walks a page: checks that tags close, keeps what is needed to judge it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.inner_links: list[str] = []
        self.inline: list[str] = []
        self.headings: list[str] = []
        self.languages: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in found):
            self.inline.append(tag)
        if tag in LOADED and found.get("rel") != "alternate" and found.get("rel") != "canonical":
            self.loaded.append(found.get(LOADED[tag]) or "")
        if "id" in found:
            self.ids.append(found["id"] or "")
        if (found.get("href") or "").startswith("#"):
            self.inner_links.append((found["href"] or "")[1:])
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if "lang" in found:
            self.languages.add(found["lang"] or "")
        if tag not in VOID and tag not in DRAWN:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag in DRAWN:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_every_page_is_well_formed(pages):
    """Every tag is closed in its place, and no id stands twice."""
    for address, page in pages.items():
        found = read(page)

        assert page.startswith("<!doctype html>"), address
        assert not found.wrong and not found.open, (address, found.wrong, found.open)
        assert len(found.ids) == len(set(found.ids)), address


def test_no_page_has_inline_style_or_script(pages):
    """No `style` attribute, no `on…` attribute, no inline `<script>` or `<style>`: the policy would block them."""
    for address, page in pages.items():
        assert read(page).inline == [], address


def test_no_page_loads_anything_from_another_host(pages):
    """What a page loads stands on its own host."""
    for address, page in pages.items():
        assert all(each.startswith("/") and not each.startswith("//") for each in read(page).loaded), address


def test_links_within_a_page_have_their_target(pages):
    """Footnotes, contents and symbols lead to something on the page."""
    for address, page in pages.items():
        found = read(page)

        assert set(found.inner_links) <= set(found.ids), (address, set(found.inner_links) - set(found.ids))


def test_every_page_has_one_main_heading_and_a_skip_link(pages):
    """One h1, headings without gaps, a link that skips to the content, the language of the page."""
    for address, page in pages.items():
        found = read(page)

        assert found.headings.count("h1") == 1, address
        assert found.headings[0] == "h1", address
        assert 'class="skip" href="#main"' in page and '<html lang="en">' in page, address


def test_names_in_another_language_say_so(pages):
    """An official name in Spanish stands on an English page with lang="es"; the seed's words with lang="fr"."""
    assert '<span lang="es">' in pages["/roadmaps/PE"]
    assert '<p lang="fr">' in pages["/roadmaps/PE"]
    assert '<span lang="pt">' in pages["/roadmaps/BR"]


def test_templates_are_free_of_inline_style_and_script():
    """The same check on the templates, so that a page without an example here is held too."""
    for path in sorted((HERE / "pages").glob("*.html")):
        text = path.read_text(encoding="utf-8")

        assert not re.search(r"\sstyle=|<style|<script(?![^>]*src)|\son[a-z]+=|javascript:", text), path.name
        assert "|safe" not in text.replace(" ", ""), path.name


HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.mark.parametrize(
    "address",
    [
        "/ask?axis={}",
        "/ask?as_of={}",
        "/ask?{}=1",
        "/roadmaps/{}",
        "/compare?countries={}",
        "/institutions?country={}",
        "/sparql.html?query={}",
        "/sparql.html?query=SELECT+('{}'+AS+?x)+WHERE+{{}}",
        "/sparql.html?example=institutions/by-axis&lang={}",
        "/queries/institutions/by-axis?axis={}",
        "/queries/events/participants?event={}",
        "/nowhere/{}",
    ],
)
def test_what_a_visitor_sends_comes_back_as_text(client, address: str):
    """Markup in an address stays text on the page."""
    from urllib.parse import quote

    answer = client.get(address.format(quote(HOSTILE)), headers={"Accept": BROWSER})

    assert "<script>alert" not in answer.text
    assert answer.status_code < 500


def test_a_literal_with_markup_stays_text(client):
    """Values from the graph are escaped like anything else."""
    query = 'SELECT ("<img src=x onerror=alert(1)>" AS ?x) (<http://example.org/?a=1&b=2> AS ?y) WHERE {}'
    page = client.get("/sparql.html", params={"query": query}).text

    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_links_to_the_same_page_keep_its_address_and_question(client):
    """The other languages and formats of a view keep path and parameters, encoded once."""
    page = client.get("/nowhere/%3Cb%3E%20x?axis=a%26b", headers={"Accept": BROWSER}).text

    assert 'hreflang="es" href="/es/nowhere/%3Cb%3E%20x?axis=a%26b"' in page


@pytest.mark.parametrize("language", ["es", "fr", "pt"])
def test_pages_come_in_each_language(client, language: str):
    """`lang` chooses the words of the page and the names of records; official names stay."""
    page = client.get(f"/roadmaps/PE.html?lang={language}")

    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in page.text
    assert "Gaps to close" not in page.text
    assert "Ministerio Público" in page.text
