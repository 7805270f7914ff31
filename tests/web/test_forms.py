"""The fields of forms: what can be chosen is chosen from a list, also where a query takes a text."""

from __future__ import annotations

import re

import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def options(client, address: str, name: str) -> dict[str, str]:
    """The choices of a select: value → words; empty where it is none."""
    page = client.get(address, headers={"Accept": BROWSER}).text
    found = re.search(rf'<select name="{name}">(.*?)</select>', page)
    return dict(re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)', found[1])) if found else {}


@pytest.mark.parametrize("address", ["/sources", "/queries/sources/all.html"])
def test_the_languages_of_the_sources_are_a_list(client, facts, address):
    """Those that some source is in, by name in the language of the page."""
    recorded = {each["inLanguage"][0] for each in facts.records("Source").values()}
    offered = options(client, address, "language")

    assert set(offered) == recorded | {""}
    assert offered["es"] == "Spanish"
    assert options(client, f"/fr{address}", "language")["es"] == "espagnol"


def test_a_language_that_was_chosen_stays_chosen(client):
    """The list is not made of what it leaves; one that no source is in is told as it was asked."""
    page = client.get("/sources?language=pt", headers={"Accept": BROWSER}).text

    assert '<option value="pt" selected>Portuguese</option>' in page
    assert set(options(client, "/sources?language=pt", "language")) == set(options(client, "/sources", "language"))
    assert '<option value="de" selected>German</option>' in client.get(
        "/sources?language=de", headers={"Accept": BROWSER}
    ).text.replace("\n", "")


def test_a_text_without_values_of_its_own_is_typed(client):
    """A date, and what no column holds."""
    page = client.get("/queries/countries/visited.html", headers={"Accept": BROWSER}).text

    assert re.search(r'<input name="visited"', page)
    assert options(client, "/queries/events/by.html", "period") == {}
