"""Quotes and what they mean: the words of a source stay in its language, with an unofficial translation below."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest

from graph_service.release import Release
from graph_service.terms import ELP, ID, LANGUAGES, Iri, Literal

QUOTE = "il sera composé d’une feuille de route par pays"
MEANING = {  # of that quote, by hand
    "en": "it will consist of one roadmap per country",
    "es": "constará de una hoja de ruta por país",
    "pt": "será composto por um roteiro por país",
}
RECORDS = ("roadmaps/PE", "doc/statement/plan-roadmaps", "sources/seed-plan-2018")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("record", RECORDS)
def test_a_quote_stands_in_its_language_with_what_it_means_in_that_of_the_page(client, record: str, language: str):
    """The French words are marked as French; the translation, in the page's own language, is not; none in French."""
    page = unescape(client.get(f"/{language}/{record}.html").text)
    quotes = re.findall(rf'lang="fr">(?:« )?{QUOTE}', page)
    if language == "fr":
        quotes = re.findall(QUOTE, page)
    shown = {each for each in LANGUAGES if each in MEANING and f"</span> {MEANING[each]}</p>" in page}

    assert quotes
    assert shown == {language} - {"fr"}
    assert language != "fr" or 'class="small"><span class="muted">' not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_roadmap_as_data_has_the_translation_in_the_language_asked_for(client, language: str):
    """JSON and CSV beside the quote; Markdown after it."""
    address = f"/{language}/roadmaps/PE"
    sources = client.get(f"{address}.json").json()["sources"]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}.csv").text)))
    markdown = client.get(f"{address}.md").text

    meant = {each["quote"]["value"]: each["translation"] for each in sources if each["quote"]}
    expected = MEANING.get(language)
    assert meant[QUOTE] == ({"value": expected, "language": language} if expected else None)
    assert {row["quote_translation"] for row in rows if row["quote"] == QUOTE} == {expected or ""}
    assert [each for each in MEANING if MEANING[each] in markdown] == [language] * (language != "fr")


def test_every_quote_is_translated_into_the_other_languages(release: Release):
    """So that no reader meets words without their meaning; one record for the same words of one source."""
    quoted, translated = _said(release, "quote"), _said(release, "translation")
    source = {iri: value for iri, values in _said(release, "source").items() for value in values}
    evidence = {(source[iri], *words) for iri, words in quoted.items() if iri.startswith(f"{ID}evidence/")}
    records = {(source[iri], *quoted[iri]): iri for iri in translated}

    assert len(records) == len(translated)
    assert set(records) == evidence
    for (_, words), iri in records.items():
        assert isinstance(words, Literal)
        assert sorted(each.language for each in translated[iri]) == sorted({*LANGUAGES} - {words.language})


def test_the_values_on_which_sources_disagree_stand_in_the_table_of_the_record(client):
    """The programme's budget has four values, each with those who give it."""
    table = csv.DictReader(io.StringIO(client.get("/doc/programme/el-paccto.csv").text))
    rows = [row for row in table if row["section"] == "disagreement"]

    assert {row["value"] for row in rows} == {"19000000 EUR", "21000000 EUR", "22410000 EUR", "23000000 EUR"}
    assert all(row["property"] == "elp:value" and row["source"] and row["certainty"] for row in rows)


def test_evidence_as_rdf_comes_with_its_translation(client):
    """Linked, so that a program finds it from the record."""
    told = client.get("/doc/roadmap/PE.nt").text

    assert f"<{ELP}hasTranslation> <{ID}translation/seed-plan-2018-roadmaps> ." in told
    assert f'<{ELP}translation> "{MEANING["pt"]}"@pt .' in told


def _said(release: Release, name: str) -> dict[Iri, list[object]]:
    found: dict[Iri, list[object]] = {}
    for subject, predicate, value, _ in release.store.quads():
        if predicate == ELP + name:
            found.setdefault(subject, []).append(value)
    return found
