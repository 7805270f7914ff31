"""Who meets whom, over HTTP: picture, tables and data say the same, each number is the list that it opens."""

from __future__ import annotations

import csv
import html
import re
from collections import defaultdict
from xml.etree import ElementTree

import pytest

from graph_service.web.network import DRAWN_LINKS, DRAWN_NODES, PAGE_LINKS

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SVG = "{http://www.w3.org/2000/svg}"
ASKED = [
    "",
    "?country=PE",
    "?organisation=ameripol",
    "?axis=cybercrime",
    "?link=membership",
    "?link=event&period=2019",
    "?country=EC&organisation=ameripol",
]


def page_of(client, address: str) -> str:
    answer = client.get(address, headers={"Accept": BROWSER})
    assert answer.status_code == 200, address
    return answer.text


def rows_of(client, address: str) -> list[dict[str, str]]:
    path, _, query = address.partition("?")
    return list(csv.DictReader(client.get(f"{path}.csv?{query}").text.splitlines()))


def drawing(page: str) -> ElementTree.Element:
    """The picture on a page."""
    return ElementTree.fromstring(html.unescape(page[page.index('<svg xmlns="') :].partition("</svg>")[0] + "</svg>"))


def slug(record: str) -> str:
    return record.rpartition("/")[2]


def meetings(facts) -> dict[frozenset[str], set[str]]:
    """Which countries met at which events, from the files alone: taking part, by an institution, or as the host."""
    there: dict[str, set[str]] = defaultdict(set)
    countries = set(facts.records("Country"))
    bodies = {name: slug(body["country"][0]) for name, body in facts.records("Institution").items()}
    events = facts.records("Event")
    for participation in facts.records("Participation").values():
        who = slug(participation["participant"][0])
        there[slug(participation["event"][0])].add(bodies.get(who, who))
    for name, event in events.items():
        there[name] |= {slug(country) for country in event.get("country", ())}
    pairs: dict[frozenset[str], set[str]] = defaultdict(set)
    for event, present in there.items():
        planned = slug(events[event]["status"][0]) in ("planned", "announced") if event in events else True
        for one in present & countries:
            for other in present & countries - {one}:
                if not planned:
                    pairs[frozenset((one, other))].add(event)
    return pairs


def test_countries_met_where_the_files_say(client, facts):
    """All pairs of countries: the events of each link are those that the data files tell of."""
    view = client.get("/network.json?link=event").json()
    countries = set(facts.records("Country"))
    found = {
        frozenset((link["one"]["id"], link["other"]["id"])): {each["id"] for each in link["records"]}
        for link in view["ties"]
        if {link["one"]["id"], link["other"]["id"]} <= countries
    }

    assert len(found) > 100
    assert found == meetings(facts)


@pytest.mark.parametrize("asked", ASKED)
def test_page_picture_and_data_say_the_same(client, asked: str):
    """As many links and nodes in JSON, CSV and the tables; the picture has no others."""
    view = client.get(f"/network.json{asked}").json()
    rows = rows_of(client, f"/network{asked}")
    page = page_of(client, f"/network{asked}")
    links = [(link["one"]["id"], link["other"]["id"], link["kind"], len(link["records"])) for link in view["ties"]]

    assert [(row["one"], row["other"], row["link"], int(row["times"])) for row in rows] == links
    assert {node["id"] for node in view["nodes"]} == {end for link in links for end in link[:2]}
    names = page[page.index('id="nodes-h"') :]
    assert len(re.findall("<li>", names.partition("</main>")[0])) == len(view["nodes"])
    drawn = {slug(link.get("href", "")) for link in drawing(page).iter(f"{SVG}a")}
    assert 0 < len(drawn) <= min(DRAWN_NODES, len(view["nodes"]))
    assert drawn <= {node["id"] for node in view["nodes"]}
    assert len(list(drawing(page).iter(f"{SVG}path"))) <= min(DRAWN_LINKS, len(links))


@pytest.mark.parametrize("asked", ["", "?country=PE", "?axis=cybercrime&period=2022"])
def test_how_often_two_met_is_the_list_that_it_opens(client, asked: str):
    """Each number in the table of links."""
    page = page_of(client, f"/network{asked}")
    opened = re.findall(r'<a href="(/queries/network/together\?[^"]+)">(\d+)<', page)

    assert len(opened) > 3
    for href, count in opened:
        assert len({row["event"] for row in rows_of(client, html.unescape(href))}) == int(count), href


def test_a_membership_opens_its_record(client):
    page = page_of(client, "/network?link=membership&country=PE")
    opened = re.findall(r'<a href="(/doc/membership/[^"]+)">1<', page)

    assert len(opened) == len(client.get("/network.json?link=membership&country=PE").json()["ties"]) > 5
    assert client.get(opened[0]).status_code == 200


def test_each_number_of_links_opens_them(client):
    """Of every country and organisation in the list of names: the network of that one."""
    page = page_of(client, "/network?link=membership")
    opened = re.findall(r'<a href="(/network\?[^"]+)">(\d+)<span class="vh"> links of', page)

    assert len(opened) > 20
    for href, count in opened:
        assert len(rows_of(client, html.unescape(href))) == int(count), href


def test_what_is_left_out_is_said(client):
    """The whole network cannot be read in one picture: so many of how many, and how to see the rest."""
    page = page_of(client, "/network")
    total = len(client.get("/network.json").json()["ties"])

    assert total > DRAWN_LINKS
    assert f"Drawn: {DRAWN_LINKS} of {total} links" in page and "Choose a country" in page
    assert "All links are drawn." in page_of(client, "/network?country=PE&link=membership")


def test_the_table_has_all_links_on_its_pages(client):
    """Each link once over all pages; beyond the last there is none."""
    total = len(client.get("/network.json").json()["ties"])
    last = -(-total // PAGE_LINKS)
    rows = [page_of(client, f"/network?page={number}").count('data-h="How often"') for number in range(1, last + 1)]

    assert sum(rows) == total and set(rows[:-1]) == {PAGE_LINKS}
    assert client.get(f"/network.html?page={last + 1}").status_code == 422
    assert f'href="/network?page={last}#links-h"' in page_of(client, "/network")


@pytest.mark.parametrize("asked", ASKED)
def test_the_picture_stands_alone(client, asked: str):
    """As SVG: well formed, no style or script, nodes lead to the IRIs of the records and have titles."""
    answer = client.get(f"/network.svg{asked}")
    picture = ElementTree.fromstring(answer.content)
    links = list(picture.iter(f"{SVG}a"))

    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert not re.search(r"style=|<style|<script|\son\w+=", answer.text)
    assert links and all(link.get("href", "").startswith("https://w3id.org/") for link in links)
    assert all(link.find(f"{SVG}title") is not None and "".join(link.itertext()).strip() for link in links)


def test_an_axis_leaves_memberships_out(client):
    """A membership is on no axis."""
    assert {row["link"] for row in rows_of(client, "/network?axis=cybercrime")} == {"event"}


def test_an_empty_network_is_said_to_be_a_gap(client):
    page = page_of(client, "/network?period=1950&link=event")

    assert "Nothing recorded" in page and "gap in the sources" in page


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ("country=XX", "country"), ("organisation=amerpol", "organisation"), ("axis=corupcion", "axis"),
        ("link=family", "link"), ("period=soon", "period"), ("page=0", "page"), ("page=x", "page"),
        ("contry=PE", "contry"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_field(client, asked: str, parameter: str):
    """With near names where there are some."""
    answer = client.get(f"/network.json?{asked}") if "page" not in asked else client.get(f"/network.html?{asked}")

    assert answer.status_code == 422
    assert parameter in answer.text


def test_institutions_say_their_country(client):
    """Many have the same name in several countries."""
    page = page_of(client, "/network?country=PE&link=event")

    assert re.search(r'href="/institutions/pe-[^"]+">[^(]+</a> <span class="muted">\(Peru\)</span>', page)
