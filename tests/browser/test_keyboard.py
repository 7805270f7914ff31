"""With the keyboard alone, with scripts and without: every stop is seen and in view, and what it leads to is reached.

That what scrolls can be reached is held by axe-core's rule `scrollable-region-focusable` on every kind of page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from driving import NARROW, playwright

Page = playwright.Page
Stop = dict[str, Any]
expect = playwright.expect

# of the editor the box around it draws the outline
FOCUSED = """() => {
  let node = document.activeElement;
  while (node.shadowRoot && node.shadowRoot.activeElement) node = node.shadowRoot.activeElement;
  const box = node.getBoundingClientRect(), style = getComputedStyle(node.closest(".cm-editor") || node);
  return {name: node.getAttribute("name") || "", tag: node.tagName, role: node.getAttribute("role") || "",
          value: node.value || "", checked: node.checked || false,
          drawn: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          seen: box.bottom > 0 && box.top < innerHeight, words: node.textContent.trim().replace(/\\s+/g, " ")};
}"""


def to_content(page: Page) -> None:
    """By the skip link, the first stop, which shows itself. With less motion, so that nothing is still on its way."""
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("Tab")
    skip = page.evaluate(FOCUSED)
    assert skip["words"] == "Skip to content" and skip["seen"] and skip["drawn"]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))


def tab_to(page: Page, wanted: Callable[[Stop], bool], *, most: int = 150) -> list[Stop]:
    """Press Tab until a stop is wanted; each on the way must be in view and marked. Gives them all, it the last."""
    stops: list[Stop] = []
    while not stops or not wanted(stops[-1]):
        assert len(stops) < most, stops[-1]
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
        assert stops[-1]["drawn"] and stops[-1]["seen"], stops[-1]
    return stops


def button(words: str) -> Callable[[Stop], bool]:
    """Whether a stop is the button that says so."""
    return lambda stop: stop["tag"] == "BUTTON" and stop["words"] == words


def enter(page: Page) -> None:
    """Press Enter, and wait for the page it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_question_is_asked(page: Page):
    """A select takes the first letters of what is chosen; the form answers to Enter."""
    page.goto("/")
    to_content(page)
    stops = tab_to(page, lambda stop: stop["name"] == "axis")
    page.keyboard.type("Corr")
    stops += tab_to(page, button("Show answer"), most=20)
    assert {"axis", "country", "component", "as_of"} <= {each["name"] for each in stops}

    enter(page)
    expect(page).to_have_url(re.compile(r"/ask\?.*axis=corruption"))


def test_a_cell_of_the_matrix_is_opened(page: Page):
    """The cell says which country and axis it counts, and leads to as many rows."""
    page.goto("/matrix")
    to_content(page)
    cell = tab_to(page, lambda stop: stop["tag"] == "A" and "in Peru, Corruption" in stop["words"])[-1]
    enter(page)

    expect(page).to_have_url(re.compile(r"/ask\?.*country=PE"))
    expect(page.locator("main table").first.locator("tbody tr:not(.sub)")).to_have_count(int(cell["words"].split()[0]))


def test_a_list_is_sorted(page: Page):
    """The headings are links; the order is told."""
    page.goto("/institutions?country=PE")
    to_content(page)
    tab_to(page, lambda stop: stop["words"].endswith(("sort", "sort in reverse")))
    before = page.locator("thead th").first.get_attribute("aria-sort")
    enter(page)

    after = page.locator("thead th").first.get_attribute("aria-sort")
    assert after in ("ascending", "descending")
    assert after != before


def test_countries_are_compared(page: Page):
    """Space ticks and unticks."""
    page.goto("/compare")
    to_content(page)
    wanted, boxes = {"PE", "EC", "CO"}, 0
    while not button("Compare")(stop := tab_to(page, lambda _: True)[-1]):
        if stop["name"] == "countries":
            boxes += 1
            if stop["checked"] != (stop["value"] in wanted):
                page.keyboard.press("Space")
        assert boxes < 30
    assert boxes == 18
    enter(page)

    links = page.locator("main table thead a").all()
    assert {each.get_attribute("href") for each in links} == {f"/roadmaps/{code}" for code in wanted}


def test_a_query_is_written_and_run(page: Page, scripts: bool):
    """Tab leaves the editor, as it leaves the plain field; in the editor Control and Enter run what is written."""
    page.goto("/sparql")
    to_content(page)
    tab_to(page, lambda stop: stop["role"] == "textbox" or stop["tag"] == "TEXTAREA")
    page.keyboard.press("Control+a")
    page.keyboard.type("SELECT ?s WHERE { ?s ?p ?o } LIMIT 3")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert button("Run query")(page.evaluate(FOCUSED))
    if scripts:
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(FOCUSED)["role"] == "textbox"
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
    else:
        enter(page)

    expect(page.locator("#results h2")).to_have_text("3 rows")


def test_what_is_wide_is_scrolled_with_the_arrows(page: Page):
    """A table that is wider than the window is a stop, with a name, in its own box."""
    page.set_viewport_size(NARROW)
    page.goto("/sparql?query=SELECT+*+WHERE+{+?s+a+?kind+;+?p+?o+.+?o+?q+?r+}+LIMIT+3")
    to_content(page)
    tab_to(page, lambda stop: stop["role"] == "region" and "kind" in stop["words"])
    presses = (page.keyboard.press("ArrowRight") for _ in range(100))
    assert any(page.locator(".results").evaluate("box => box.scrollLeft > 0") for _ in presses)


def test_statements_are_validated(page: Page):
    """Written into the field, sent with Enter on the button."""
    page.goto("/validate")
    to_content(page)
    tab_to(page, lambda stop: stop["tag"] == "TEXTAREA")
    page.keyboard.type("<http://example.org/a> <http://example.org/b> .")
    tab_to(page, button("Validate"), most=10)
    enter(page)

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("textarea[name=data]")).to_have_value("<http://example.org/a> <http://example.org/b> .")
