"""Lists: what stands on the screen, over all pages, is what is taken away; sorting, filtering and paging are links."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from graph_service.terms import fold
from graph_service.views.lists import PAGE_ROWS

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LISTS = ["/countries", "/axes", "/institutions", "/organisations", "/events", "/sources"]
VIEWS = [
    *LISTS,
    "/institutions?sort=name",
    "/institutions?country=MX&sort=since&order=desc",
    "/institutions?component=judicial&sort=kind&order=desc",
    "/events?country=PE&sort=start&order=desc",
    "/sources?sort=statements&order=desc",
    "/sources?kind=legislation&sort=date",
    "/countries?sort=capital&order=desc",
    "/es/axes?sort=name",
]


class Table(HTMLParser):
    """The first table of a page: the address of each row's record, headings with their links, and links by relation."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []
        self.headings: list[tuple[str, str]] = []  # address to sort by, aria-sort
        self.relations: dict[str, str] = {}
        self._sorted, self._in = "", ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "th":
            self._in, self._sorted = found.get("scope") or "", found.get("aria-sort") or ""
        if tag == "a" and found.get("rel") in ("first", "prev", "next", "last"):
            self.relations[str(found["rel"])] = str(found["href"])
        if tag == "a" and self._in == "row":
            self.records.append(str(found["href"]))
            self._in = ""
        elif tag == "a" and self._in == "col":
            self.headings.append((str(found["href"]), self._sorted))


def seen(client, address: str) -> Table:
    answer = client.get(address, headers={"Accept": BROWSER})
    assert answer.status_code == 200, address
    table = Table()
    table.feed(answer.text)
    return table


def on_screen(client, address: str) -> list[str]:
    """The slugs of all rows, page after page."""
    table = seen(client, address)
    slugs = list(table.records)
    while "next" in table.relations:
        table = seen(client, table.relations["next"].partition("#")[0])
        slugs += table.records
    return [each.rpartition("/")[2] for each in slugs]


def taken(client, address: str) -> list[dict[str, str]]:
    """The rows of the same address as CSV."""
    path, question, rest = address.partition("?")
    return list(csv.DictReader(client.get(f"{path}.csv{question}{rest}").text.splitlines()))


@pytest.mark.parametrize("address", VIEWS)
def test_the_rows_on_screen_are_the_rows_of_the_csv_in_the_same_order(client, address: str):
    """All pages of the sorted and filtered list together; and the JSON has them too."""
    path, question, rest = address.partition("?")

    rows = [row["slug"] for row in taken(client, address)]

    assert rows
    assert on_screen(client, address) == rows
    assert [row["slug"] for row in client.get(f"{path}.json{question}{rest}").json()["rows"]] == rows


@pytest.mark.parametrize("address", LISTS)
def test_every_column_sorts_and_loses_no_row(client, address: str):
    """Each heading leads to the list sorted by it; what is empty comes last."""
    rows = sorted(row["slug"] for row in taken(client, address))

    for link, _ in seen(client, address).headings:
        column = parse_qs(urlsplit(link).query)["sort"][0]
        ahead = taken(client, link)
        assert sorted(row["slug"] for row in ahead) == rows
        filled = [bool(row[column]) for row in ahead] if column in ahead[0] else []
        assert filled == sorted(filled, reverse=True), column


@pytest.mark.parametrize("column", ["since", "acronym", "seat_country"])
def test_what_is_empty_stays_last_in_both_directions(client, column: str):
    """Turned round, the rows with a value come in the other order and before those without."""
    ahead, back = (taken(client, f"/organisations?sort={column}&order={order}") for order in ("asc", "desc"))
    filled = [row[column] for row in ahead if row[column]]

    assert len(filled) > 0
    assert [row[column] for row in back if row[column]] == filled[::-1]
    assert [bool(row[column]) for row in back] == [bool(row[column]) for row in ahead]


def test_dates_and_numbers_are_sorted_by_what_they_mean(client):
    """Not by their letters: 93 comes before 316; the newest date first where that is asked for."""
    statements = [int(row["statements"]) for row in taken(client, "/sources?sort=statements")]
    dates = [row["since"] for row in taken(client, "/institutions?sort=since&order=desc") if row["since"]]
    names = [fold(row["title"]) for row in taken(client, "/sources?sort=name")]

    assert statements == sorted(statements)
    assert dates == sorted(dates, reverse=True)
    assert names == sorted(names)


def test_a_sorted_column_says_its_direction(client):
    """aria-sort stands on that column alone, and its link turns it round."""
    headings = seen(client, "/institutions?country=PE&sort=since").headings

    assert [said for _, said in headings if said] == ["ascending"]
    turned = next(link for link, said in headings if said)
    assert parse_qs(urlsplit(turned).query) == {"country": ["PE"], "sort": ["since"], "order": ["desc"]}
    assert [said for _, said in seen(client, turned).headings if said] == ["descending"]


def test_filtering_keeps_the_order_and_leaves_the_page(client):
    """The form carries how the list is sorted, and begins at its first page again."""
    page = client.get("/institutions.html?sort=since&order=desc&page=2").text
    form = re.search(r'<form class="filters".*?</form>', page, re.DOTALL)

    assert form
    assert re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', form[0]) == [
        ("sort", "since"),
        ("order", "desc"),
    ]


def test_a_long_list_comes_in_pages(client):
    """Each says which rows it shows, and leads to the others."""
    rows = len(taken(client, "/institutions"))
    middle = client.get("/institutions.html?page=2").text

    assert rows > 2 * PAGE_ROWS
    assert f"{PAGE_ROWS + 1} to {2 * PAGE_ROWS} of {rows}" in middle
    assert set(seen(client, "/institutions?page=2").relations) == {"first", "prev", "next", "last"}


@pytest.mark.parametrize(
    ("question", "parameter"),
    [("sort=colour", "sort"), ("order=up", "order"), ("page=x", "page"), ("contry=PE", "contry")],
)
def test_a_list_refuses_what_it_does_not_know_by_name(client, question: str, parameter: str):
    """The problem names the parameter."""
    answer = client.get(f"/institutions?{question}", headers={"Accept": "text/html;q=0.1, application/json"})

    assert answer.status_code == 422
    assert answer.json()["parameter"] == parameter


def test_a_page_that_does_not_exist_is_refused(client):
    """It names the last one; tables have no pages."""
    assert client.get("/institutions.html?page=99").status_code == 422
    assert "page=99" not in client.get("/institutions.csv?page=99").text


def test_a_number_in_a_list_opens_what_it_counts(client):
    """The institutions of an axis, and the records that rest on a source."""
    axis, source = (taken(client, address)[0] for address in ("/axes", "/sources?sort=statements&order=desc"))
    axes = client.get("/axes.html").text
    sources = client.get("/sources.html?sort=statements&order=desc").text

    link = re.search(rf'<a href="(/ask\?axis={axis["slug"]}[^"]*)">{axis["institutions"]}</a>', axes)
    assert link
    answer = client.get(link[1].replace("&amp;", "&"), headers={"Accept": "application/json"}).json()
    assert len({each["institution"]["id"] for each in answer["mandates"]}) == int(axis["institutions"])
    assert f'<a href="/sources/{source["slug"]}#states">{source["statements"]}</a>' in sources
