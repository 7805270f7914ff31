"""A roadmap printed by Chromium: A4, numbered pages, no heading alone at the foot, links live, nothing cut.

BROWSER=all prints all countries in all languages.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from driving import playwright
from pypdf import PageObject, PdfReader

from graph_service.release import Release
from graph_service.terms import LANGUAGES

A4_MM = (210, 297)
MM = 72 / 25.4
MARGIN_MM = 16
EVERYTHING = os.environ.get("BROWSER") == "all"

HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, caption')].map(node => node.textContent)"
SOURCES = "() => [...document.querySelectorAll('.sources a.uri')].map(node => node.href)"
CUT = """() => [...document.querySelectorAll("main *")]
  .filter(node => node.getBoundingClientRect().right > document.documentElement.clientWidth + 1
                  && !node.closest(".vh, .noprint, svg"))
  .map(node => node.outerHTML.slice(0, 120)).slice(0, 3)"""


Lines = list[tuple[float, str]]  # from top to bottom: height above the foot in mm, and words


@dataclass(frozen=True, slots=True)
class Paper:
    """A page as it was printed."""

    pdf: PdfReader
    pages: list[Lines]
    headings: list[str]
    sources: set[str]  # addresses that its sources link to
    cut: list[str]  # what is wider than the paper


Printed = Callable[[str], Paper]


@pytest.fixture(scope="module")
def printed(chromium: playwright.Browser, origin: str) -> Iterator[Printed]:
    """Print an address as the print dialogue does, in the size that its style sheet asks for; each once."""
    window = {"width": round((A4_MM[0] - 2 * MARGIN_MM) * 96 / 25.4), "height": 900}
    page = chromium.new_context(base_url=origin, viewport=window).new_page()
    page.emulate_media(media="print")
    known: dict[str, Paper] = {}

    def print_(address: str) -> Paper:
        if address not in known:
            answer = page.goto(address)
            assert answer is not None and answer.ok, address
            pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
            known[address] = Paper(
                pdf,
                [lines(each) for each in pdf.pages],
                page.evaluate(HEADINGS),
                {each.rstrip("/") for each in page.evaluate(SOURCES)},
                page.evaluate(CUT),
            )
        return known[address]

    yield print_
    page.context.close()


@pytest.fixture(scope="module")
def addresses(release: Release) -> list[str]:
    """The roadmaps to be printed: one per language, or all."""
    countries = [each.slug for each in release.members("elp:Country")]
    prefixes = ["" if each == LANGUAGES[0] else f"/{each}" for each in LANGUAGES]
    found = [f"{prefix}/roadmaps/{code}" for prefix in prefixes for code in countries]
    return found if EVERYTHING else found[:: len(countries) + 5]


def lines(page: PageObject) -> Lines:
    """The lines of a printed page."""
    found: dict[float, list[str]] = {}

    def visit(text: str, user: list[float], within: list[float], *_: object) -> None:
        if text.strip():
            height = round((within[5] * user[3] + user[5]) / MM)
            found.setdefault(height, []).append(text)

    page.extract_text(visitor_text=visit)
    return [(height, " ".join("".join(found[height]).split())) for height in sorted(found, reverse=True)]


def above_margin(page: Lines) -> list[str]:
    """The lines of a page without those in the margin at its foot."""
    return [words for height, words in page if height > MARGIN_MM]


def test_a_page_is_a4_and_bears_its_number(printed: Printed, addresses: list[str]):
    """In the margin, of how many."""
    for address in addresses:
        paper = printed(address)
        for number, (page, said) in enumerate(zip(paper.pdf.pages, paper.pages, strict=True), 1):
            size = tuple(round(float(each) / MM) for each in (page.mediabox.width, page.mediabox.height))
            assert size == A4_MM, address
            assert f"{number} / {len(paper.pages)}" in [words for _, words in said], f"{address} page {number}"


def test_no_page_is_blank(printed: Printed, addresses: list[str]):
    """What follows the last line never takes a page of its own."""
    pages = {f"{each} page {number}": page for each in addresses for number, page in enumerate(printed(each).pages, 1)}

    assert [name for name, page in pages.items() if not above_margin(page)] == []


def test_no_heading_stands_alone_at_the_foot(printed: Printed, addresses: list[str]):
    """The last line of a page is never a heading, nor the name of a table."""
    alone = []
    for address in addresses:
        made = printed(address)
        headings = {" ".join(each.split()) for each in made.headings}
        for number, page in enumerate(made.pages, 1):
            for last in above_margin(page)[-1:]:
                if last in headings or any(len(last) > 12 and each.endswith(last) for each in headings):
                    alone.append(f"{address} page {number}: {last}")

    assert alone == []


def test_nothing_is_cut_at_the_edge(printed: Printed, addresses: list[str]):
    """No box is wider than the paper between its margins."""
    assert {address: printed(address).cut for address in addresses if printed(address).cut} == {}


def test_the_links_of_the_paper_are_live(printed: Printed, addresses: list[str]):
    """Footnotes lead to the sources, sources to their pages; a PDF keeps both."""
    for address in addresses:
        actions = [
            each.get_object().get("/A", {}) for page in printed(address).pdf.pages for each in page.get("/Annots", [])
        ]
        outside = {str(each["/URI"]) for each in actions if "/URI" in each}
        assert printed(address).sources <= {each.rstrip("/") for each in outside}, address
        assert len(actions) > 100


def test_the_network_is_printed_as_wide_as_the_paper(chromium: playwright.Browser, origin: str):
    """The picture stands in print too, whole on one page."""
    width, height = ((side - margins) * 96 / 25.4 for side, margins in zip(A4_MM, (2 * MARGIN_MM, 34), strict=True))
    page = chromium.new_context(base_url=origin, viewport={"width": round(width), "height": 900}).new_page()
    page.emulate_media(media="print")
    page.goto("/network?country=PE")

    box = page.locator("svg.net").bounding_box()
    page.context.close()

    assert box is not None
    assert box["width"] == pytest.approx(width, abs=2)
    assert box["height"] <= height
