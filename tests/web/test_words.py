"""A question in one's own words, and the search of names: over HTTP, for people and for programs."""

from __future__ import annotations

import csv
import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import jsonschema
import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NASTY = [
    "",
    " ",
    "\x00\x01\x02",
    "\u202e\u200f",
    "<script>alert(1)</script>",
    "'; DROP TABLE x; --",
    "%s %(q)s {{ 7*7 }} {% if %}",
    "?" * 300,
    "peru " * 2_000,
    "a" * 10_000,
    "عربى 中文 русский",
    "\U0001f600 corruption",
]


def ask(client, question: str, language: str = "", suffix: str = "", **given: str):
    front = f"/{language}" if language else ""
    return client.get(f"{front}/ask{suffix}", params={"q": question, **given}, headers={"Accept": BROWSER})


def led_to(answer) -> tuple[str, dict[str, str]]:
    """Path and parameters that an answer leads to."""
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["Location"])
    return parts.path, {name: value for name, (value,) in parse_qs(parts.query).items()}


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("quien combate la corrupción en Guatemala", {"axis": "corruption", "country": "GT"}),
        ("blanchiment au Brésil", {"axis": "money-laundering", "country": "BR"}),
        (
            "Which prosecutors fight money laundering in Mexico?",
            {"kind": "public-prosecutor", "axis": "money-laundering", "country": "MX"},
        ),
        ("sistema prisional da Bolívia", {"component": "penitentiary", "country": "BO"}),
        ("corupcion peru 2018", {"axis": "corruption", "country": "PE", "as_of": "2018"}),
    ],
)
def test_a_question_leads_to_the_same_question_filled_in(client, question, parts):
    """The words stay beside the parts."""
    assert led_to(ask(client, question)) == ("/ask", {**parts, "q": question})


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("actividades en Perú", {"country": "PE"}),
        ("What workshops on cybercrime in Chile?", {"axis": "cybercrime", "country": "CL", "kind": "workshop"}),
        ("missions au Pérou en 2017", {"country": "PE", "as_of": "2017", "kind": "mission"}),
        ("talleres en Panamá sobre género", {"country": "PA", "axis": "gender", "kind": "workshop"}),
        ("atividades da polícia no Brasil", {"country": "BR", "component": "police"}),
    ],
)
def test_a_question_about_activities_leads_to_the_sentence_about_activities(client, question, parts):
    """With all its parts, the kind of activity too; and programs are told the same."""
    answer = ask(client, question)
    told = client.get(answer.headers["Location"], headers={"Accept": "application/json"}).json()

    assert led_to(answer) == ("/ask", {"what": "activities", **parts, "q": question})
    assert told["parameters"] == {"what": "activities", **parts}
    assert told["question"] == question and told["understood"]["country"] == parts["country"]


@pytest.mark.parametrize(
    ("question", "path", "values"),
    [
        ("hoja de ruta de Ecuador", "/roadmaps/EC", {}),
        ("feuille de route du Pérou 2018", "/roadmaps/PE", {"as_of": "2018"}),
        ("roteiros", "/roadmaps", {}),
        ("SEPRELAD", "/institutions/py-seprelad", {}),
        ("ameripol", "/organisations/ameripol", {}),
        ("activities", "/events", {}),
        (
            "meetings with AMERIPOL in 2019",
            "/queries/events/by",
            {"organisation": "ameripol", "kind": "meeting", "period": "2019"},
        ),
        ("compare Peru and Chile", "/compare", {"countries": "PE,CL"}),
    ],
)
def test_what_is_not_about_mandates_leads_to_its_own_page(client, question, path, values):
    """Roadmaps, bodies by name or acronym, activities with an organisation, comparisons; and each page stands."""
    answer = ask(client, question)

    assert led_to(answer) == (path, values)
    assert client.get(answer.headers["Location"], headers={"Accept": BROWSER}).status_code == 200


def test_the_language_format_release_and_date_are_kept(client):
    """Where a question leads, it goes on as it was asked."""
    path, given = led_to(ask(client, "corrupción Perú", "es", ".json", release="1"))

    assert (path, given["release"]) == ("/es/ask.json", "1")
    assert led_to(ask(client, "hoja de ruta Perú", "es"))[0] == "/es/roadmaps/PE"
    assert led_to(ask(client, "corrupción Perú", as_of="2018"))[1]["as_of"] == "2018"


def test_the_answer_shows_how_the_question_was_understood(client):
    """The form filled in, the words beside what they were read as, what was not understood, what was corrected."""
    question = "who fights corrputoin in Guatemala zzz"
    page = client.get(ask(client, question).headers["Location"], headers={"Accept": BROWSER}).text
    reading = page.split('class="reading"')[1].split("</div>")[0]

    assert '<option value="GT" selected>' in page
    assert f'value="{question}"' in page
    assert '<a href="/axes/corruption">Corruption</a>' in reading
    assert '<a href="/countries/GT">Guatemala</a>' in reading
    assert "a spelling was corrected" in reading
    assert "zzz" in reading.split("Not understood")[1]


def test_programs_are_told_the_same(client):
    """As members beside those of the answer."""
    answer = client.get("/ask.json", params={"q": "who fights corruption in Guatemala zzz", "axis": "corruption",
                                             "country": "GT"}).json()  # fmt: skip
    plain = client.get("/ask.json?axis=corruption&country=GT").json()

    assert answer["understood"] == {"axis": "corruption", "country": "GT"}
    assert answer["not_understood"] == ["zzz"]
    assert answer["mandates"] == plain["mandates"] != []


@pytest.mark.parametrize("question", ["zzzz wwww", "best pizza recipe", "hello", ""])
def test_a_question_that_is_not_understood_gets_help_and_no_answer(client, question):
    """Not an error, and nothing invented; the examples of the help lead on."""
    answer = ask(client, question)
    told = client.get("/ask.json", params={"q": question}).json()

    assert answer.status_code == 200
    assert "mandates" not in told and told["understood"] == {} and told["leads_to"] is None
    assert len(told["examples"]) == 3
    for example in told["examples"]:
        assert urlencode({"q": example}) in html.unescape(answer.text)
        assert ask(client, example).status_code == 303


@pytest.mark.parametrize(
    ("question", "understood", "left", "leads_to"),
    [
        ("corruption in Spain", {"axis": "corruption"}, "Spain", "/ask?axis=corruption"),
        ("drug trafficking in Peru", {"country": "PE"}, "drug trafficking", "/ask?country=PE"),
        ("What is the capital of Peru?", {"country": "PE"}, "capital", "/ask?country=PE"),
    ],
)
def test_half_a_question_is_not_answered_unasked(client, question, understood, left, leads_to):
    """What was understood can be chosen; what was not is named."""
    page = ask(client, question)
    told = client.get("/ask.json", params={"q": question}).json()

    assert page.status_code == 200
    assert told["understood"] == understood
    assert left in [*told["not_understood"], *told["elsewhere"]]
    assert told["leads_to"] == leads_to
    assert f'href="{html.escape(leads_to)}"' in page.text
    assert "mandate recorded" not in page.text


def test_words_that_name_two_things_offer_both(client):
    """Each as a question of its own; countries also side by side."""
    page = html.unescape(ask(client, "corruption and money laundering in Peru").text)
    countries = html.unescape(ask(client, "gender in Peru and Chile").text)

    assert 'href="/ask?axis=corruption&country=PE"' in page
    assert 'href="/ask?axis=money-laundering&country=PE"' in page
    assert 'href="/compare?countries=PE,CL"' in countries
    assert 'href="/ask?axis=gender&country=PE"' in countries


@pytest.mark.parametrize("path", ["/ask", "/search"])
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_whatever_is_written_stays_text(client, path, text):
    """No error, no markup, no control character; the words stand in the field."""
    answer = client.get(path, params={"q": text}, headers={"Accept": BROWSER})

    assert answer.status_code in (200, 303)
    assert "<script>alert" not in answer.text
    assert not re.search(r"[\x00-\x08\u202e\u200f]", answer.text)


@pytest.mark.parametrize("language", ["en", "es", "fr", "pt"])
def test_home_has_the_field(client, language):
    """In each language, leading on in it, without a script."""
    page = client.get(f"/{language}/", headers={"Accept": BROWSER}).text

    assert f'<form class="inwords" action="/{language}/ask" method="get"' in page
    assert 'name="q"' in page


@pytest.mark.parametrize(
    "address",
    [
        "/ask.json?axis=corruption&country=PE",
        "/ask.json?axis=corruption&country=PE&q=corruption+Peru+zzz",
        "/ask.json?what=activities&country=CL&as_of=2018",
        "/ask.json?what=activities&axis=gender&kind=ministry",
        "/ask.json?what=activities&country=PE&kind=mission&q=missions+au+Perou+zzz",
        "/ask.json?kind=workshop&country=PE",
        "/ask.json?q=corruption+in+Spain",
        "/ask.json?q=corruption+and+gender+in+Peru",
        "/ask.json?q=zzzz",
        "/search.json?q=uif",
        "/search.json",
    ],
)
def test_the_json_is_as_the_description_says(client, address):
    """Answers with and without words, help, and what a search found."""
    document = client.get("/openapi.json").json()
    path = address.partition(".")[0]
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(
        client.get(address).json()
    )


# Search


def hits(client, text: str) -> list[tuple[str, str, str]]:
    """What a search finds: kind, slug, how; in the order of the answer."""
    groups = client.get("/search.json", params={"q": text}).json()["groups"]
    return [(group["kind"], hit["id"], hit["how"]) for group in groups for hit in group["hits"]]


@pytest.mark.parametrize("text", ["corrupcion", "CORRUPCIÓN", "corrupção", "Corrup\u200bción"])
def test_search_ignores_accents_and_case(client, text):
    """And the name itself comes first."""
    assert hits(client, text)[0] == ("axis", "corruption", "exact")


def test_search_puts_exact_names_before_beginnings_and_words(client):
    """Within a kind, and the kinds by their best."""
    found = hits(client, "uif")
    order = ["exact", "beginning", "words", "near"]
    institutions = [order.index(how) for kind, _, how in found if kind == "institution"]

    assert institutions == sorted(institutions)
    assert ("institution", "pe-uif", "beginning") in found and ("institution", "ar-uif", "exact") in found


def test_search_tells_which_name_fits_in_which_language(client):
    """A Portuguese name of a Spanish-speaking body is found and named so."""
    (group, *_) = client.get("/search.json?q=lavagem+de+dinheiro").json()["groups"]

    assert group["kind"] == "axis"
    assert group["hits"][0]["matched"] == {"value": "lavagem de dinheiro", "language": "pt"}


def test_search_finds_near_names_where_none_fits(client):
    """A typo in a name; the page says that it is near only."""
    assert ("organisation", "ameripol", "near") in hits(client, "ameripoll")
    assert "No name fits exactly" in client.get("/search?q=ameripoll", headers={"Accept": BROWSER}).text


def test_search_as_table_has_the_rows_of_the_page(client):
    """And the page says how many."""
    rows = list(csv.DictReader(client.get("/search.csv?q=fiscalia").text.splitlines()))
    page = client.get("/search?q=fiscalia", headers={"Accept": BROWSER}).text
    told = client.get("/search.json?q=fiscalia").json()

    assert len(rows) == sum(len(group["hits"]) for group in told["groups"]) == page.count('<tr><th scope="row">')
    assert f"{sum(group['count'] for group in told['groups'])} records found" in page


def test_search_without_words_tells_what_can_be_found(client):
    """Not everything, and no error."""
    assert "What can be found" in client.get("/search", headers={"Accept": BROWSER}).text
    assert client.get("/search.json").json()["groups"] == []
    assert "No name found" in client.get("/search?q=qqqqwww", headers={"Accept": BROWSER}).text
