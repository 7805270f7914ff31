"""The main question about activities: what was done on what, where, when; against the data files."""

from __future__ import annotations

import csv
import html
import io
import re

import openpyxl
import pyoxigraph
import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORMATS = {"json", "csv", "xlsx", "ttl", "jsonld", "nt", "rdf"}


def code(values) -> set[str]:
    return {each.rpartition("/")[2] for each in values}


def on_roadmap(facts, country: str) -> set[str]:
    """Held in a country, for all, or with the country or one of its institutions taking part."""
    homes = {key: code(body["country"]) for key, body in facts.records("Institution").items()}
    found = set()
    for each in facts.records("Participation").values():
        (who,) = each["participant"]
        slug = who.rpartition("/")[2]
        if country in ({slug} if "/country/" in who else homes[slug]):
            found |= code(each["event"])
    for key, event in facts.records("Event").items():
        if country in code(event.get("country", ())) or event["heldForAll"] == ["true"]:
            found.add(key)
    return found


def expected(facts, country: str = "", axis: str = "", component: str = "", kind: str = "") -> set[str]:
    """The events of a question without a time."""
    events = facts.records("Event")
    listed = on_roadmap(facts, country) if country else set(events)
    asked = {"axis": axis, "component": component, "kind": kind}
    return {
        key
        for key in listed
        if all(not value or value in code(events[key].get(name, ())) for name, value in asked.items())
    }


def page_of(client, address: str) -> str:
    return html.unescape(client.get(address, headers={"Accept": BROWSER}).text)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"country": "PE"},
        {"country": "CL", "axis": "cybercrime"},
        {"axis": "gender"},
        {"component": "penitentiary"},
        {"country": "CO", "component": "judicial", "kind": "workshop"},
        {"country": "CU", "axis": "gender"},
    ],
    ids=str,
)
def test_the_answer_is_that_of_the_data_files(client, facts, asked):
    """In the JSON, on the page, in the rows of the table and in the statements."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    address = f"/ask{{}}?what=activities&{query}".rstrip("&")
    body = client.get(address.format(".json")).json()
    rows = list(csv.DictReader(io.StringIO(client.get(address.format(".csv")).text)))
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(address.format(".xlsx")).content)).worksheets[1]
    said = pyoxigraph.parse(client.get(address.format(".nt")).content, format=pyoxigraph.RdfFormat.N_TRIPLES)
    page = page_of(client, address.format(""))
    wanted = expected(facts, **asked)

    assert {each["id"] for each in body["activities"]} == wanted
    assert sorted(row["slug"] for row in rows) == sorted(wanted)
    assert sheet.max_row == len(wanted) + 1
    assert {s for quad in said if "/event/" in (s := quad.subject.value)} == {
        f"https://w3id.org/elpaccto/id/event/{each}" for each in wanted
    }
    assert f"{len(wanted)} activit{'y' if len(wanted) == 1 else 'ies'} recorded" in page
    assert body["parameters"] == {"what": "activities", **asked}
    assert all(f'<tr id="{each}">' in page for each in wanted)
    assert body["as_of"] is None and body["undated"] == []


@pytest.mark.parametrize("year", ["2017", "2019"])
def test_a_time_keeps_what_took_place_within_it(client, facts, year):
    """By the recorded years; what has no date is told apart, with its number."""
    events = facts.records("Event")
    inside = {
        key
        for key in on_roadmap(facts, "PE")
        if "start" in events[key]
        and events[key]["start"][0][:4] <= year <= events[key].get("end", events[key]["start"])[0][:4]
    }
    undated = {key for key in on_roadmap(facts, "PE") if "start" not in events[key]}
    body = client.get(f"/ask.json?what=activities&country=PE&as_of={year}").json()
    page = page_of(client, f"/ask?what=activities&country=PE&as_of={year}")

    assert {each["id"] for each in body["activities"]} == inside != set()
    assert {each["id"] for each in body["undated"]} == undated != set()
    assert body["as_of"] == body["parameters"]["as_of"] == year
    assert "no source says when they took place" in page
    assert body["possible"] == []


def test_a_date_that_leaves_room_is_only_possibly_then(client):
    """An activity of some time in 2017 asked for by month: told in the JSON, the table and on the page."""
    address = "/ask{}?what=activities&as_of=2017-05"
    body = client.get(address.format(".json")).json()
    rows = list(csv.DictReader(io.StringIO(client.get(address.format(".csv")).text)))

    assert {each["id"] for each in body["possible"]} == {each["id"] for each in body["activities"]} != set()
    assert {row["possible"] for row in rows} == {"true"}
    assert page_of(client, address.format("")).count("the date is not precise enough") == len(rows)


def test_each_activity_is_told_with_its_kind_date_place_status_and_source(client):
    """As recorded: the first regional workshop."""
    page = page_of(client, "/ask?what=activities&axis=cybercrime&country=CL")
    (row,) = (each for each in page.split("<tr") if "First regional thematic workshop: cybercrime" in each)
    (told,) = (
        each
        for each in client.get("/ask.json?what=activities&axis=cybercrime&country=CL").json()["activities"]
        if each["label"] == "First regional thematic workshop: cybercrime"
    )

    assert "Workshop" in row and '<time datetime="2017-10">October 2017</time>' in row
    assert "Quito" in row and '<a href="/countries/EC">Ecuador</a>' in row
    assert '<a href="/axes/cybercrime">Cybercrime</a>' in row
    assert ">Done<" in row and "Checked on a page" in row
    note = re.search(r'href="#(s\d+)"', row)
    assert note and f'<li id="{note[1]}">' in page
    assert told["status"]["id"] == "done" and told["citations"]


def test_what_no_source_assigns_is_counted_and_told(client, facts):
    """Few activities have an axis: the answer says how many may be missing for that."""
    events = facts.records("Event")
    without = sum("axis" not in events[key] for key in on_roadmap(facts, "CL"))
    page = page_of(client, "/ask?what=activities&axis=gender&country=CL&as_of=2018")
    body = client.get("/ask.json?what=activities&axis=cybercrime&country=CL").json()

    assert body["unassigned"] == {"axis": without}
    assert "no source names an axis" in page


def test_an_empty_answer_is_a_gap_and_offers_wider_questions(client, facts):
    """With their counts, which are those of their own answers."""
    page = client.get("/ask?what=activities&axis=gender&country=CL&as_of=2018", headers={"Accept": BROWSER}).text
    offered = re.findall(r'<a href="(/ask\?[^"]+)">Any [a-z]+ \((\d+)\)</a>', page)

    assert "0 activities recorded" in page and "not proof that there is none" in page
    assert offered
    for address, count in offered:
        wider = client.get(html.unescape(address), headers={"Accept": "application/json"}).json()
        assert wider["view"] == "activities" and len(wider["activities"]) == int(count) > 0


@pytest.mark.parametrize(
    ("address", "kind", "words"),
    [
        ("/ask{}?what=activities&country=PE&kind=ministry", "ministry", "“Ministry” is a kind of institution"),
        ("/ask{}?country=PE&kind=workshop", "workshop", "“Workshop” is a kind of activity"),
    ],
)
def test_a_kind_of_the_other_is_left_aside_and_told(client, address, kind, words):
    """Not used, no error; it stays chosen in the form."""
    page = page_of(client, address.format(""))
    body = client.get(address.format(".json")).json()
    plain = client.get(address.format(".json").replace(f"&kind={kind}", "")).json()
    shown = "activities" if "what=activities" in address else "mandates"

    assert words in page and "was left aside" in page
    assert f'<option value="{kind}" selected>' in page
    assert body["left_aside"] == {"kind": kind} and "kind" not in body["parameters"]
    assert body[shown] == plain[shown] != []


def test_a_kind_of_neither_is_unknown(client):
    """With near names."""
    answer = client.get("/ask.json?what=activities&kind=workshp")

    assert answer.status_code == 422
    assert answer.json()["parameter"] == "kind" and answer.json()["near"] == ["workshop"]


def test_institutions_are_asked_for_where_nothing_is_said(client):
    """The addresses need not say it: the same answer, and links that leave it out."""
    said = client.get("/ask.json?what=institutions&axis=gender&country=PE").json()
    plain = client.get("/ask.json?axis=gender&country=PE").json()
    page = client.get(
        "/ask?what=institutions&axis=gender&country=PE&component=police", headers={"Accept": BROWSER}
    ).text

    assert said["mandates"] == plain["mandates"] and said["parameters"] == plain["parameters"]
    assert 'href="/ask?axis=gender&amp;country=PE">Any component' in page


@pytest.mark.parametrize("address", ["/", "/ask?axis=gender", "/ask?what=activities&country=PE", "/ask?q=zzz"])
def test_the_first_select_is_what_to_look_for(client, address):
    """On each page with the sentence; chosen is what was asked."""
    page = client.get(address, headers={"Accept": BROWSER}).text
    (select,) = re.findall(r'<select id="q-what" name="what".*?</select>', page)
    chosen = "activities" if "what=activities" in address else "institutions"

    assert re.findall(r'value="([a-z]+)"', select) == ["institutions", "activities"]
    assert f'<option value="{chosen}" selected>' in select


def test_the_field_of_the_time_holds_what_was_given_and_no_more(client):
    """So that a question about activities that begins at one about institutions is not about this day alone."""
    for address, value in (("/", ""), ("/ask?axis=gender", ""), ("/ask?axis=gender&as_of=2018", "2018")):
        assert f'name="as_of" value="{value}"' in client.get(address, headers={"Accept": BROWSER}).text


def test_all_formats_are_told(client):
    """As links of the answer."""
    answer = client.get("/ask?what=activities&country=PE", headers={"Accept": BROWSER})

    assert set(re.findall(r"</ask\.([a-z]+)\?what=activities&country=PE>", answer.headers["Link"])) == FORMATS
    assert '</queries/events/all?country=PE>; rel="describedby"' in answer.headers["Link"]


def test_the_description_tells_of_it(client):
    """What can be asked for, and that a kind may be one of activities."""
    operation = client.get("/openapi.json").json()["paths"]["/ask"]["get"]
    given = {each["name"]: each for each in operation["parameters"]}
    schemas = operation["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]

    assert given["what"]["schema"] == {"enum": ["institutions", "activities"]}
    assert "activities" in given["kind"]["description"] and "enum" not in given["kind"]["schema"]
    assert [each["name"] for each in operation["parameters"]].count("kind") == 1
    assert "activities" in {each["properties"].get("view", {}).get("const") for each in schemas}


# Bad input


@pytest.mark.parametrize(
    ("query", "says", "kept"),
    [
        ("what=institution&axis=gender", "What to look for: “institution” is not known here", "gender"),
        ("axis=gender&as_of=2018-13", "“2018-13” is no date", "gender"),
        ("what=activities&axis=gender&as_of=soon", "As of (day, month or year): “soon” is no date", "gender"),
        ("axis=gender&country=PE&country=CL", "Country: the question takes one value", "PE"),
        ("axis=gender&country=P%00E", "Country: “P\\x00E” is not known here", "gender"),
        ("axis=gender&country=%E2%80%AEEP", "Country: “\\u202eEP” is not known here", "gender"),
        ("axis=gender&contry=PE", "There is no field “contry” in this question", "gender"),
        ("axis=gender&component=%3Cb%3E", "Component: “<b>” is not known here", "gender"),
    ],
)
def test_bad_input_names_the_field_and_keeps_what_was_chosen(client, query, says, kept):
    """A page with the form filled in, 422; no character that cannot be seen; problem details for programs."""
    answer = client.get(f"/ask?{query}", headers={"Accept": BROWSER})
    told = client.get(f"/ask.json?{query}")

    assert answer.status_code == told.status_code == 422
    assert says in html.unescape(answer.text) and 'role="alert"' in answer.text
    assert f'<option value="{kept}" selected>' in answer.text
    assert "<b>" not in answer.text.split('role="alert"')[1].split("</section>")[0]
    assert not re.search("[\x00-\x08\u200b-\u200f\u202a-\u202e]", answer.text)
    assert told.headers["Content-Type"] == "application/problem+json" and told.json()["parameter"]


def test_bad_input_offers_the_question_put_right(client):
    """Near names, one of several values, the field that was meant, countries side by side; each of them answers."""
    for query, href in (
        ("axis=corupcion&country=PE", "/ask?country=PE&axis=corruption"),
        ("axis=gender&country=PE&country=CL", "/ask?axis=gender&country=CL"),
        ("axis=gender&country=PE&country=CL", "/compare?countries=PE,CL"),
        ("axis=gender&contry=PE", "/ask?axis=gender&country=PE"),
        ("what=activity", "/ask?what=activities"),
    ):
        assert f'href="{href}"' in page_of(client, f"/ask?{query}"), query
        assert client.get(href, headers={"Accept": BROWSER}).status_code == 200


def test_bad_input_is_told_in_the_language_of_the_page(client):
    """The field by its name there."""
    page = client.get("/es/ask?country=PE&country=CL", headers={"Accept": BROWSER}).text

    assert "País: " in page.split('role="alert"')[1]
