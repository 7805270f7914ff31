"""Journeys of a reader in real Chromium, each with scripts and without; all but the editor work either way.

At the end of each, nothing may have been said in the console and nothing asked of another host: see `page`.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from driving import playwright

Page = playwright.Page
expect = playwright.expect

NO_MEMBER = """
@prefix elp: <https://w3id.org/elpaccto/ontology#> .
<https://w3id.org/elpaccto/id/institution/xx-nobody> a elp:Institution .
"""


def number_in(text: str | None) -> int:
    """The first number of a text, whatever stands between its digits."""
    found = re.search(r"\d[\d,.\u202f\xa0]*", text or "")
    assert found, text
    return int(re.sub(r"\D", "", found[0]))


def rows(page: Page) -> playwright.Locator:
    """The rows of the first table, without the headings of groups."""
    return page.locator("main table").first.locator("tbody tr:not(.sub)")


def follow(page: Page, link: playwright.Locator) -> None:
    """Click, and wait for the page it leads to: a click alone returns while the old page still stands."""
    with page.expect_navigation():
        link.click()


def test_a_question_is_asked_by_form(page: Page):
    """The sentence of selects leads to an address that says the question, and to as many rows as it says."""
    page.goto("/")
    page.locator("select[name=axis]").select_option("corruption")
    page.locator("select[name=country]").select_option("PE")
    page.get_by_role("button", name="Show answer").click()

    expect(page).to_have_url(re.compile(r"/ask\?.*axis=corruption&country=PE"))
    told = number_in(page.locator("h2#a").text_content())
    assert told > 0
    expect(rows(page)).to_have_count(told)


@pytest.mark.parametrize(
    ("front", "question", "understood"),
    [
        ("/", "Which prosecutors fight money laundering in Mexico?", {"axis": "money-laundering", "country": "MX"}),
        ("/es/", "quien combate la corrupción en Guatemala", {"axis": "corruption", "country": "GT"}),
        ("/fr/", "blanchiment au Brésil", {"axis": "money-laundering", "country": "BR"}),
        ("/pt/", "sistema prisional da Bolívia", {"component": "penitentiary", "country": "BO"}),
    ],
)
def test_a_question_is_asked_in_words(page: Page, front: str, question: str, understood: dict[str, str]):
    """The answer shows how it was understood: the sentence filled in, and the question as it was written."""
    page.goto(front)
    field = page.locator("main input[name=q]").first
    field.fill(question)
    field.press("Enter")

    expect(page.locator("main input[name=q]").first).to_have_value(question)
    for name, value in understood.items():
        expect(page.locator(f"select[name={name}]").first).to_have_value(value)
    assert rows(page).count() == number_in(page.locator("h2#a").text_content()) > 0


def test_a_gap_says_what_it_is_and_leads_on(page: Page):
    """From the roadmap's count of gaps to the gaps; an empty answer says so, and how many there are in a wider one."""
    page.goto("/roadmaps/PE")
    page.locator(".facts").get_by_role("link").and_(page.locator("[href='#gp']")).click()
    expect(page).to_have_url(re.compile("#gp$"))
    expect(page.locator("#gp")).to_be_in_viewport()

    page.goto("/ask?axis=gender&country=PE&component=police")
    note = page.locator(".note", has_text="gap in the sources")
    expect(note).to_be_visible()
    wider = note.get_by_role("link").first
    told = number_in(re.findall(r"\((\d+)\)", wider.text_content() or "")[-1])
    follow(page, wider)
    assert number_in(page.locator("h2#a").text_content()) == told


def test_a_list_is_filtered_and_sorted(page: Page):
    """By a form and by the links of its headings; the order is told to those who do not see the arrow."""
    page.goto("/institutions")
    page.locator("select[name=country]").select_option("PE")
    follow(page, page.get_by_role("button", name="Filter"))
    expect(page).to_have_url(re.compile("country=PE"))
    names = rows(page).locator("th").all_text_contents()
    assert names

    follow(page, page.locator("thead th a").first)
    heading = page.locator("thead th").first
    first = heading.get_attribute("aria-sort")
    assert first in ("ascending", "descending")
    follow(page, heading.get_by_role("link"))
    assert {first, page.locator("thead th").first.get_attribute("aria-sort")} == {"ascending", "descending"}
    assert sorted(rows(page).locator("th").all_text_contents()) == sorted(names)


def test_from_a_country_to_an_institution_to_its_source_and_back(page: Page):
    """Every statement leads to who says it."""
    page.goto("/roadmaps/PE")
    link = page.locator("section[aria-labelledby=inst] tbody th a").first
    name = (link.text_content() or "").strip()
    link.click()
    expect(page).to_have_url(re.compile("/institutions/pe-"))
    expect(page.locator("main")).to_contain_text(name)

    page.locator(".sources a", has_text="source record").first.click()
    expect(page).to_have_url(re.compile("/source"))
    page.go_back()
    expect(page).to_have_url(re.compile("/institutions/pe-"))
    page.go_back()
    expect(page).to_have_url(re.compile("/roadmaps/PE$"))


def test_three_countries_are_compared(page: Page):
    """Chosen in a form; one column for each."""
    page.goto("/compare")
    for box in page.locator("input[name=countries]:checked").all():
        box.uncheck()
    for code in ("PE", "EC", "CO"):
        page.locator(f"input[name=countries][value={code}]").check()
    page.get_by_role("button", name="Compare").click()

    links = page.locator("main table thead a")
    expect(links).to_have_count(3)
    assert {each.get_attribute("href") for each in links.all()} == {f"/roadmaps/{code}" for code in ("PE", "EC", "CO")}


@pytest.mark.parametrize("address", ["/institutions?country=PE", "/events"])
def test_a_csv_has_the_rows_of_the_screen(page: Page, address: str):
    """As many as its button says, and as all pages of the list together show."""
    page.goto(address)
    button = page.locator(".dl").first.get_by_role("link", name="CSV")
    told = number_in((button.text_content() or "").removeprefix("CSV"))
    answer = page.request.get(button.get_attribute("href") or "")
    taken = list(csv.DictReader(io.StringIO(answer.text())))
    shown = rows(page).count()
    while page.locator("a[rel=next]").count():
        follow(page, page.locator("a[rel=next]").first)
        shown += rows(page).count()

    assert len(taken) == told == shown > 0


def test_an_example_is_run_and_broken(page: Page, scripts: bool):
    """The error names its place, and what was written is kept: in the editor, and in the plain field without it."""
    page.goto("/sparql")
    page.locator(".egs a").first.click()
    page.get_by_role("button", name="Run query").click()
    expect(page.locator("#results h2")).to_contain_text(re.compile("row"))

    broken = "SELECT * WHERE { ?s ?p }"
    if scripts:
        editor = page.locator(".cm-content")
        editor.press("Control+a")
        editor.press_sequentially(broken)
        editor.press("Escape")
        editor.press("Control+Enter")
    else:
        page.locator("textarea[name=query]").fill(broken)
        page.get_by_role("button", name="Run query").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".bad").first).to_be_visible()
    expect(page.locator("textarea[name=query]")).to_have_value(re.compile(re.escape("SELECT * WHERE { ?s ?p")))


def test_a_bad_file_is_validated(page: Page, tmp_path: Path):
    """What cannot be read is said with its line; what can be read is held against the shapes."""
    unreadable, incomplete = tmp_path / "notes.ttl", tmp_path / "institution.ttl"
    unreadable.write_text("<a> <b> .\n", encoding="utf-8")
    incomplete.write_text(NO_MEMBER, encoding="utf-8")
    page.goto("/validate")
    page.locator("#data-file").set_input_files(unreadable)
    page.locator("main").get_by_role("button", name="Validate").click()
    expect(page.locator("main")).to_contain_text(re.compile("line 1|1:"))

    page.goto("/validate")
    page.locator("#data-file").set_input_files(incomplete)
    page.locator("main").get_by_role("button", name="Validate").click()
    expect(page.locator("h2#found")).to_contain_text("does not conform")
    expect(page.locator("main table").first).to_contain_text("institution/xx-nobody")


def test_the_language_is_switched_on_a_deep_page(page: Page):
    """The same page with the same question, and its links stay in that language."""
    page.goto("/institutions?country=PE")
    follow(page, page.get_by_role("navigation", name="Language").get_by_role("link", name="ES"))
    expect(page).to_have_url(re.compile(r"/es/institutions\?country=PE$"))
    expect(page.locator("html")).to_have_attribute("lang", "es")
    count = rows(page).count()
    assert count > 0
    rows(page).locator("th a").first.click()
    expect(page).to_have_url(re.compile("/es/institutions/pe-"))
