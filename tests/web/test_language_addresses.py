"""The language in the address: a page of another language leads on in that language, and the switch keeps the page."""

from __future__ import annotations

import re

import pytest

BROWSER = {"Accept": "text/html"}
PAGES = (
    "/", "/roadmaps", "/roadmaps/PE", "/ask?axis=gender&country=PE", "/matrix",
    "/compare?countries=PE%2CEC", "/countries",
    "/institutions/pe-mp", "/doc/mandate/pe-mp-cybercrime", "/queries", "/queries/axes/all", "/sparql", "/exports",
    "/ontology", "/shapes", "/releases", "/releases/1", "/validate", "/docs",
)  # fmt: skip


def targets(page: str) -> list[str]:
    """Where the links and forms of a page lead within the service, files of the pages apart."""
    found = re.findall(r'(?:href|action)="(/[^"]*)"', page)
    return [each.replace("&amp;", "&") for each in found if not each.startswith("/static/")]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_leads_on_in_its_language(client, address: str):
    """Every link and form; those of the switch, and the address without a language, apart."""
    page = client.get(f"/es{address}", headers=BROWSER).text
    elsewhere = {each for each in targets(page) if not re.match(r"/es(/|$|\?|#)", each)}

    assert '<html lang="es">' in page
    assert elsewhere == {address, f"/en{address}", f"/fr{address}", f"/pt{address}"}


@pytest.mark.parametrize("address", PAGES)
def test_a_page_without_a_language_leads_on_without_one(client, address: str):
    """What is linked from elsewhere stays in English, and its addresses short."""
    page = client.get(address, headers=BROWSER).text
    languages = {each for each in targets(page) if re.match(r"/(en|es|fr|pt)(/|$)", each)}

    assert '<html lang="en">' in page
    assert languages == {f"/{code}{address}" for code in ("en", "es", "fr", "pt")}


@pytest.mark.parametrize(
    ("accept_language", "language", "front"),
    [("", "en", ""), ("en", "en", ""), ("pt-BR, en;q=0.5", "pt", "/pt"), ("de, es;q=0.2", "es", "/es")],
)
def test_the_first_visit_follows_the_browser(client, accept_language: str, language: str, front: str):
    """Without a choice, `/` is in the language that the browser prefers, and leads on in it."""
    answer = client.get("/", headers={**BROWSER, "Accept-Language": accept_language})

    assert f'<html lang="{language}">' in answer.text
    assert f'href="{front}/roadmaps"' in answer.text
    assert answer.headers["Vary"].startswith("Accept, Accept-Language")


def test_a_parameter_is_a_choice_too(client):
    """`?lang=` is for programs and old links: the page leads on in that language, and the switch drops it."""
    page = client.get("/matrix?lang=fr&as_of=2018", headers=BROWSER).text

    assert 'href="/fr/roadmaps"' in page
    assert {"/es/matrix?as_of=2018", "/fr/matrix?as_of=2018", "/matrix?as_of=2018"} <= set(targets(page))


@pytest.mark.parametrize(
    "address", ["/roadmaps/PE.csv", "/ask.json?axis=gender", "/sparql?query=ASK%7B%7D", "/exports/pe.nt"]
)
def test_data_is_the_same_under_each_language(client, address: str):
    """Downloads that a page links keep working."""
    plain, spanish = client.get(address), client.get(f"/es{address}")

    assert (plain.status_code, spanish.status_code) == (200, 200)
    assert plain.headers["Content-Type"] == spanish.headers["Content-Type"]


def test_redirects_and_errors_keep_the_language(client):
    """A name in place of a code, a thing in place of its description, a page that is not there."""
    assert client.get("/es/roadmaps/pe", headers=BROWSER).headers["Location"] == "/es/roadmaps/PE"
    assert client.get("/fr/id/axis/gender", headers=BROWSER).headers["Location"] == "/fr/doc/axis/gender"
    missing = client.get("/pt/roadmaps/PX", headers=BROWSER)
    assert missing.status_code == 404
    assert '<html lang="pt">' in missing.text and 'href="/pt/roadmaps/PE"' in missing.text


def test_a_language_is_a_segment_of_its_own(client):
    """`/estrellas` is no page in Spanish, and `/es` is the start page."""
    assert client.get("/estrellas", headers=BROWSER).status_code == 404
    assert '<html lang="es">' in client.get("/es", headers=BROWSER).text


def test_an_older_release_keeps_both(client):
    """The links of a page about an earlier release, in another language, keep the release and the language."""
    page = client.get("/es/countries?release=1", headers=BROWSER).text

    assert 'href="/es/roadmaps?release=1"' in page
    assert 'href="/es/countries"' in page  # the way back to now
