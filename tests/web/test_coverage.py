"""The matrix and the comparison: each number is the length of the list that it opens, at any date."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest

from graph_service.comparing import plan_years

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
DATES = ["2018", ""]  # the year of the plan, and today
CELL = re.compile(r'<td>(?:<a class="c\d" href="(?P<href>[^"]+)">|<span class="z c0">)(?P<count>\d+)<')
HELD = re.compile(r"<caption[^>]*>Institutions that hold a mandate</caption>.*?</table>", re.DOTALL)


def page_of(client, address: str) -> str:
    answer = client.get(address, headers={"Accept": BROWSER})
    assert answer.status_code == 200, address
    return answer.text


def rows_of(client, address: str) -> list[dict[str, str]]:
    path, _, query = address.partition("?")
    return list(csv.DictReader(client.get(f"{path}.csv?{query}").text.splitlines()))


def listed(page: str) -> int:
    """How many mandates in force a page of /ask lists."""
    table = HELD.search(page)
    return table[0].count('<th scope="row">') if table else 0


def cells(page: str) -> Iterator[tuple[str, int]]:
    """The cells of a matrix in reading order: the address that each opens, empty for a gap, and its number."""
    for found in CELL.finditer(page):
        yield html.unescape(found["href"] or ""), int(found["count"])


@pytest.mark.parametrize("as_of", DATES)
def test_every_cell_is_the_list_behind_it_and_a_row_of_the_table(client, as_of: str):
    """All 90 cells: page, JSON and CSV agree, the list has so many rows, its CSV so many institutions."""
    counts = client.get(f"/matrix.json?as_of={as_of}").json()["counts"]
    table = {
        (row["country"], row["axis"]): int(row["institutions"]) for row in rows_of(client, f"/matrix?as_of={as_of}")
    }
    shown = list(cells(page_of(client, f"/matrix?as_of={as_of}")))
    names = [(country, axis) for country, axes in counts.items() for axis in axes]

    assert len(shown) == len(names) == len(table) == 90
    for (country, axis), (href, count) in zip(names, shown, strict=True):
        behind = href or f"/ask?country={country}&axis={axis}&as_of={as_of}"
        assert f"country={country}&axis={axis}" in behind
        assert bool(href) == bool(count), behind
        assert count == counts[country][axis] == table[country, axis], behind
        assert count == listed(page_of(client, behind)), behind
        assert count == len({row["institution"] for row in rows_of(client, behind)}), behind


@pytest.mark.parametrize("as_of", DATES)
def test_every_total_is_the_list_behind_it(client, as_of: str):
    """Of a country, of an axis, of all: as many mandates as the list that the total opens."""
    page = page_of(client, f"/matrix?as_of={as_of}&component=judicial")
    totals = re.findall(r'<a class="t" href="([^"]+)">(\d+)</a>', page)

    assert len(totals) == 18 + 5 + 1
    for href, count in totals:
        rows = rows_of(client, html.unescape(href))
        assert len({row["mandate"] for row in rows}) == int(count), href


@pytest.mark.parametrize(("as_of", "compared_to"), [("", "2018"), ("2018", "2026-11-26"), ("2019-06", "2020")])
def test_after_less_before_is_the_change(client, as_of: str, compared_to: str):
    """In each of the 90 cells, whichever date is the later one; what came and went makes up the change."""
    view = client.get(f"/matrix.json?as_of={as_of}&compared_to={compared_to}").json()
    after = client.get(f"/matrix.json?as_of={as_of}").json()["counts"]
    before = client.get(f"/matrix.json?as_of={compared_to}").json()["counts"]
    found = view["difference"]["cells"]
    changed = {(cell["country"]["id"], cell["axis"]["id"]): cell for cell in found}

    assert len(found) == len(changed) == 90
    assert view["difference"]["compared_to"] == compared_to
    for (country, axis), cell in changed.items():
        assert cell["after"] == after[country][axis] and cell["before"] == before[country][axis]
        assert cell["after"] - cell["before"] == cell["change"] == cell["gained"] - cell["lost"]


def test_the_page_and_the_table_say_the_change(client):
    """A sign and words for each cell, not colour alone; the same numbers as CSV."""
    page = page_of(client, "/matrix?compared_to=2018")
    table = rows_of(client, "/matrix?compared_to=2018")
    signs = re.findall(r'class="change (?:up|down|same)"[^>]*>([^<]+)<span class="vh">', page)
    moved = {row["country"] + row["axis"]: row for row in table if int(row["gained"]) or int(row["lost"])}

    assert len(signs) == len(table) == 90
    assert [sign for sign in signs if sign != "="] == [written(int(row["change"])) for row in moved.values()]
    assert any(int(row["change"]) < 0 for row in table) and any(int(row["change"]) > 0 for row in table)
    assert re.search(r"compared to <time[^>]*>2018</time>, when it was \d+: \d+ new, \d+ no longer", page)


def written(change: int) -> str:
    return f"+{change}" if change > 0 else f"−{-change}" if change < 0 else "±0"


def test_a_change_opens_what_began_and_ended(client):
    """What the list says since the year of the plan, new less ended, is the number that led there."""
    page = page_of(client, "/matrix?compared_to=2018")
    links = re.findall(r'<a class="change (?:up|down|same)" href="([^"]+)">([^<]+)<', page)

    assert len(links) > 20
    for href, sign in links:
        rows = {(row["mandate"], row["what"]) for row in rows_of(client, html.unescape(href))}
        change = sum(1 if what == "new" else -1 for _, what in rows)
        assert written(change) == sign, href


def test_the_year_of_the_plan_is_offered(client, release):
    """Nobody needs to know which date to compare with."""
    (year,) = plan_years(release)

    assert f'href="/matrix?compared_to={year}"' in page_of(client, "/matrix")


@pytest.mark.parametrize(
    "address", ["/matrix", "/matrix?component=penitentiary&as_of=2018", "/matrix?compared_to=2018"]
)
def test_the_matrix_is_a_picture_too(client, address: str):
    """SVG of its own: well formed, without style or script; every number of the page, gaps hatched."""
    from xml.etree import ElementTree

    answer = client.get(address.replace("/matrix", "/matrix.svg"))
    picture = ElementTree.fromstring(answer.content)
    told = [text.text or "" for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    counts = [count for _, count in cells(page_of(client, address))]

    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert not re.search(r"style=|<style|<script|\son\w+=", answer.text)
    drawn = [int(text.split()[0]) for text in told if re.fullmatch(r"\d+( \([+−±]\d+\))?", text)]
    assert sum(drawn) == 4 * sum(counts)  # the cells, the totals of countries, those of axes, and of all
    assert answer.text.count('fill="url(#gap)"') == counts.count(0) + 1


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/matrix?compared_to=yesterday", "compared_to"),
        ("/matrix?compared_too=2018", "compared_to"),
        ("/matrix?as_of=x", "as_of"),
    ],
)
def test_a_wrong_date_names_its_field(client, address: str, parameter: str):
    """In words, with 422."""
    answer = client.get(address, headers={"Accept": "application/json"})

    assert answer.status_code == 422
    assert parameter in answer.json()["detail"] + answer.json().get("parameter", "")


COMPARED = "/compare?countries=PE,EC,CO"


def test_boxes_that_are_ticked_compare_like_a_list(client):
    """The form works without scripts: each box is sent on its own, links keep them all."""
    page = page_of(client, "/compare?countries=PE&countries=EC&countries=CO")

    assert page == page_of(client, COMPARED.replace(",", "%2C"))
    assert set(re.findall(r'value="(\w\w)" checked', page)) == {"PE", "EC", "CO"}
    assert page.count('type="checkbox"') == 18
    assert 'href="/compare.csv?countries=PE%2CEC%2CCO"' in page


@pytest.mark.parametrize("as_of", DATES)
def test_each_number_of_a_comparison_is_the_list_that_it_opens(client, as_of: str):
    """Institutions, activities, axes, axes with components; a 0 is a gap and opens nothing."""
    page = page_of(client, f"{COMPARED}&as_of={as_of}")
    links = [(html.unescape(href), int(count)) for href, count in re.findall(r'<a href="([^"]+)">(\d+)<span', page)]

    @cache
    def counted(href: str) -> int:
        rows = rows_of(client, href)
        column = next(name for name in ("institution", "iri") if name in rows[0])
        return len({row[column] for row in rows})

    assert len(links) > 3 * 8
    assert {href.partition("?")[0] for href, _ in links} == {"/ask", "/events", "/queries/coverage/existing"}
    for href, count in links:
        assert counted(href) == count, href


def test_the_gaps_of_a_comparison_are_counted_and_named(client):
    """Cells without an institution and gaps that sources tell of: as many named as counted, the same as JSON."""
    page = page_of(client, COMPARED)
    view = client.get(COMPARED.replace("?", ".json?")).json()
    named = [
        (int(count), (items or "").count("<li>"))
        for count, items in re.findall(r"<td[^>]*><b>(\d+)</b>(<ul.*?</ul>)?", page)
    ]
    empty = [sum(not cell["institutions"] for cell in each["cells"]) for each in view["profiles"]]

    assert named == [(count, count) for count in [*empty, *(each["gaps"] for each in view["profiles"])]]
    assert all(len(each["cells"]) == 15 and len(each["told_gaps"]) == each["gaps"] for each in view["profiles"])


def test_the_table_of_a_comparison_holds_what_the_page_shows(client):
    """Axes with components, and each gap, in CSV as in JSON."""
    rows = rows_of(client, COMPARED)
    view = client.get(COMPARED.replace("?", ".json?")).json()

    for profile in view["profiles"]:
        own = [row for row in rows if row["country"] == profile["country"]["id"]]
        told = {row["of"]: int(row["value"]) for row in own if row["measure"] == "coverage-by-component"}
        assert told == {f"{c['axis']['id']} {c['component']['id']}": c["institutions"] for c in profile["cells"]}
        assert [row["value"] for row in own if row["measure"] == "gap"] == [gap["id"] for gap in profile["told_gaps"]]


@pytest.mark.parametrize("given", ["PE", "PE,PE", "PE,EC,CO,AR,BR,MX,CL", "PE&countries=PE", "PE,XX"])
def test_other_numbers_of_countries_are_refused_in_words(client, given: str):
    """Fewer than two, more than six, one twice, one that is not known."""
    answer = client.get(f"/compare.json?countries={given}")

    assert answer.status_code == 422
    assert answer.json()["parameter"] == "countries"


def test_what_was_chosen_is_kept_where_it_cannot_be_compared(client):
    """A page with the form as it was sent and what to do, instead of an error page."""
    one = client.get("/compare?countries=PE", headers={"Accept": BROWSER})
    unknown = client.get("/compare?countries=PE&countries=PX", headers={"Accept": BROWSER})

    assert one.status_code == unknown.status_code == 422
    assert "Choose two to six different countries" in one.text and "PX" in unknown.text
    assert all(re.findall(r'value="(\w\w)" checked', each.text) == ["PE"] for each in (one, unknown))


def test_rows_of_a_comparison_stay_in_the_order_asked_for(client):
    """Countries as they were given, components under their axis."""
    page = page_of(client, "/compare?countries=EC,PE")
    places = [page.index(f'href="/roadmaps/{code}"') for code in ("EC", "PE")]

    assert all(one < other for one, other in pairwise(places))
