"""A roadmap as Markdown says what its page says, and stays Markdown whatever the texts of the graph hold."""

from __future__ import annotations

import re

import pytest

from graph_service.formats.markdown import plain
from graph_service.terms import LANGUAGES

FOOTNOTE = re.compile(r"\[\^(\d+)\]")


@pytest.fixture(scope="module")
def documents(client) -> dict[str, str]:
    """The roadmap of one country in each language."""
    found = {}
    for language in LANGUAGES:
        answer = client.get(f"/{language}/roadmaps/PE.md" if language != "en" else "/roadmaps/PE.md")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
        found[language] = answer.text
    return found


def body_and_sources(document: str) -> tuple[str, dict[str, str]]:
    """The text, and the definitions of its footnotes by number."""
    body, *rest = re.split(r"^\[\^(\d+)\]: ", document, flags=re.MULTILINE)
    return body, dict(zip(rest[::2], rest[1::2], strict=True))


def test_it_is_found_by_accept_and_offered_by_the_page(client):
    """RFC 7763: text/markdown."""
    asked = client.get("/roadmaps/PE", headers={"Accept": "text/markdown"})

    assert asked.headers["Content-Type"].startswith("text/markdown")
    assert asked.text == client.get("/roadmaps/PE.md").text
    assert 'href="/roadmaps/PE.md"' in client.get("/roadmaps/PE.html").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_footnote_is_defined_and_every_source_is_cited(documents, language: str):
    """Numbered from 1, as on the page."""
    body, sources = body_and_sources(documents[language])

    assert set(FOOTNOTE.findall(body)) == set(sources)
    assert list(sources) == [str(number) for number in range(1, len(sources) + 1)]


def test_it_says_what_the_view_says(client, documents):
    """Each event, institution, mandate, membership and gap once more, with the exact words of the sources."""
    view = client.get("/roadmaps/PE.json").json()
    body, sources = body_and_sources(documents["en"])

    for part in ("events", "institutions"):
        for each in view[part]:
            assert f"](<{each['iri']}>)" in body, each["iri"]
    for each in view["memberships"]:
        assert f"](<{each['organisation']['iri']}>)" in body
    for each in (*view["gaps"], *view["statements"]):
        assert plain(each["description"]["value"]) in body
    assert len(sources) == len(view["sources"])
    for number, each in enumerate(view["sources"], 1):
        assert plain(each["title"]) in sources[str(number)]
        assert not each["quote"] or f"« {plain(each['quote']['value'])} »" in sources[str(number)]
        assert not each["url"] or f"<{each['url']}>" in sources[str(number)]


def test_a_gap_is_said_in_words(client, documents):
    """As many empty cells in the table of today as the view counts."""
    view = client.get("/roadmaps/PE.json").json()
    table = documents["en"].partition("### As of ")[2].partition("###")[0]

    assert table.count("*None recorded*") == len(view["gap_cells"]) > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_are_whole(documents, language: str):
    """Every row has as many cells as its head: nothing of a name breaks a table."""
    rows = [line for line in documents[language].splitlines() if line.startswith("| ")]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}

    assert len(rows) == 14 and widths == {6}


def test_the_headings_are_in_the_language_asked_for(documents):
    """And none of the four is another's."""
    headings = {language: set(re.findall(r"^## (.+)$", text, re.MULTILINE)) for language, text in documents.items()}

    assert "Quién cubre qué eje" in headings["es"]
    assert len({frozenset(each) for each in headings.values()}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("*a* _b_ `c`", r"\*a\* \_b\_ \`c\`"),
        ("<script>", r"\<script\>"),
        ("a | b", r"a \| b"),
        ("[x](http://example.org)", r"\[x\](http://example.org)"),
        ("# no heading\n- no list", r"\# no heading - no list"),
        ("- no list", r"\- no list"),
        ("2018. no list", r"2018\. no list"),
        ("&lt;", r"\&lt;"),
        ("[^1]", r"\[\^1\]"),
    ],
)
def test_text_stays_text(text: str, written: str):
    """Markup in a label is escaped (CommonMark 0.31, 2.4)."""
    assert plain(text) == written
