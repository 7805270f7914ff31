"""Questions in words: what is understood of them, over hand-made names and over the real graph."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from graph_service import searching
from graph_service.release import Release
from graph_service.terms import LANGUAGES
from graph_service.understanding import (
    BODY,
    ELSEWHERE,
    INTENT,
    ORDINARY,
    OTHER,
    Name,
    Understood,
    Vocabulary,
    clean,
    edits,
    understand,
)
from graph_service.web import wording

QUESTIONS = Path(__file__).parent / "questions"
PARTS = ("axis", "country", "component", "kind", "event_kind", "as_of")
RIGHT = 0.98  # of the questions


def asked(language: str) -> list[dict]:
    return tomllib.loads((QUESTIONS / f"{language}.toml").read_text("utf-8"))["question"]


NAMES = [
    Name("country", "PE", "Peru", "en"),
    Name("country", "PE", "Perú", "es"),
    Name("country", "PE", "PE", capitals=True),
    Name("country", "PY", "Paraguay"),
    Name("country", "UY", "Uruguay"),
    Name("country", "CR", "Costa Rica"),
    Name("country", "SV", "El Salvador"),
    Name("axis", "gender", "genre", "fr"),
    Name("axis", "gender", "gender", "en"),
    Name("axis", "theft", "Robo", "es"),
    Name("axis", "theft", "robbery of goods", "en"),
    Name("kind", "court", "tribunal supremo", "es"),
    Name("event_kind", "workshop", "oficina", "pt"),
    Name("event_kind", "workshop", "taller", "es"),
    Name(INTENT, "roadmap", "hoja de ruta", "es"),
    Name(BODY, "urn:one", "Policía Federal", "es"),
    Name(BODY, "urn:one", "PF", capitals=True),
    Name(ELSEWHERE, "urn:es", "Spain", "en"),
    *(Name(ORDINARY, "", word, "es") for word in ("quien", "en", "el", "la", "de", "sobre", "pe")),
    *(Name(ORDINARY, "", word, "fr") for word in ("quel genre de", "de", "le", "au")),
    Name(ORDINARY, "", "in", "en"),
    Name(OTHER, "", "rubber", "en"),
    Name(OTHER, "", "el robo de la pera", "es"),
]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(NAMES, {"junio": 6})


@pytest.mark.parametrize("text", ["gender Peru", "PERÚ: GENDER!", "peru,gender", "gendre en el peru", "Gender in PE"])
def test_case_accents_order_and_typos_do_not_matter(vocabulary, text):
    """The same question, written in five ways."""
    assert dict(understand(vocabulary, text).parts) == {"axis": "gender", "country": "PE"}


@pytest.mark.parametrize("text", ["costarica", "costa-rica", "Costa Rica", "cosat rica"])
def test_a_name_may_be_divided_otherwise(vocabulary, text):
    """A space too few, a hyphen, a typo."""
    assert understand(vocabulary, text).parts == {"country": "CR"}


def test_a_typo_does_not_turn_one_country_into_another(vocabulary):
    """What is about as near to two countries is told as both; what begins as one of them is that one."""
    assert set(understand(vocabulary, "aruguay").unclear["country"]) == {"PY", "UY"}
    assert understand(vocabulary, "uraguay").parts == {"country": "UY"}
    assert understand(vocabulary, "parguay").parts == {"country": "PY"}


@pytest.mark.parametrize("word", ["pero", "pera", "per", "rubbery", "rubber", "robot", "salvado"])
def test_another_word_is_not_taken_for_a_typo(vocabulary, word):
    """Short names forgive little, and a word that is known for itself is no typo."""
    found = understand(vocabulary, word)

    assert found.nothing and found.not_understood == (word,)


def test_codes_count_in_capitals_only(vocabulary):
    """ "pe" and "pf" are words of some languages."""
    assert understand(vocabulary, "PE").parts == {"country": "PE"}
    assert understand(vocabulary, "quien pe").nothing
    assert understand(vocabulary, "PF").records == ("urn:one",)
    assert understand(vocabulary, "pf").nothing


def test_a_longer_name_is_read_before_the_shorter_ones_in_it(vocabulary):
    """Idioms too: "quel genre de" does not ask for gender."""
    assert understand(vocabulary, "quel genre de tribunal supremo").parts == {"kind": "court"}
    assert understand(vocabulary, "robbery of goods").parts == {"axis": "theft"}


def test_an_expression_that_is_something_else_hides_the_names_in_it(vocabulary):
    """It is not understood as a whole, instead of by halves."""
    assert understand(vocabulary, "el robo de la pera en Perú").not_understood == ("el robo de la pera",)
    assert understand(vocabulary, "el robo de la pera en Perú").parts == {"country": "PE"}


def test_a_word_of_another_language_counts_only_where_nothing_else_can_be_meant(vocabulary):
    """Portuguese "oficina" is a workshop; in a Spanish question it is an office."""
    found = understand(vocabulary, "quien la oficina de robo en el Perú")

    assert found.parts == {"axis": "theft", "country": "PE"}
    assert found.not_understood == ("oficina",)
    assert understand(vocabulary, "oficina", "pt").parts == {"event_kind": "workshop"}


@pytest.mark.parametrize(
    ("text", "as_of"),
    [
        ("Peru 2018", "2018"),
        ("Peru 2018-06", "2018-06"),
        ("2018-06-01 Peru", "2018-06-01"),
        ("Peru en junio de 2018", "2018-06"),
        ("Peru 2018-13", ""),
        ("Peru 2018-02-30", ""),
        ("Peru 12345", ""),
    ],
)
def test_dates_are_taken_out(vocabulary, text, as_of):
    """A day, month or year, also with the month in words; what is no date is not made one."""
    assert understand(vocabulary, text).parts.get("as_of", "") == as_of


def test_what_is_not_understood_is_named_as_it_was_written(vocabulary):
    """Words that follow each other together; places elsewhere apart."""
    found = understand(vocabulary, "gender in Spain, Big Ideas, Peru & Zürich")

    assert found.not_understood == ("Big Ideas", "Zürich")
    assert found.elsewhere == ("Spain",)


def test_two_of_a_kind_are_unclear(vocabulary):
    """No part is chosen for the one who asks."""
    found = understand(vocabulary, "gender robo Peru")

    assert dict(found.parts) == {"country": "PE"}
    assert set(found.unclear["axis"]) == {"gender", "theft"}


def test_a_typo_does_not_stand_against_a_name_that_is_written_right(vocabulary):
    """It is told as not understood instead."""
    found = understand(vocabulary, "paraguya Peru")

    assert dict(found.parts) == {"country": "PE"}
    assert found.not_understood == ("paraguya",)


def test_invisible_characters_and_markup_stay_text(vocabulary):
    """Control characters, direction marks, markup, nothing at all."""
    assert understand(vocabulary, "gen\u200bder\x00 Pe\u202eru").parts == {"axis": "gender", "country": "PE"}
    assert understand(vocabulary, "<script>alert(1)</script>").not_understood == ("script>alert(1)</script",)
    assert understand(vocabulary, " \x00\u202e ").nothing
    assert clean("\ud800x") == "x"


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "peru " * 2_000, "abcdefghij " * 900, "ñandú-" * 1_600, "\u0301" * 10_000]
)
def test_ten_thousand_characters_are_read_in_bounded_time(release: Release, text):
    """Whatever they are."""
    searching.index(release)
    start = time.perf_counter()
    searching.understand(release, text, "en")

    assert time.perf_counter() - start < 5


def test_the_edit_distance_is_that_of_the_textbook():
    """Damerau-Levenshtein, optimal string alignment; against counts by hand."""
    cases = {
        ("kitten", "sitting"): 3,
        ("abcdef", "abcfed"): 2,
        ("recieve", "receive"): 1,
        ("corruption", "corupcion"): 2,
    }

    assert {pair: edits(*pair, 5) for pair in cases} == cases
    assert edits("kitten", "sitting", 2) is None


# The real graph


def misread(release: Release, question: dict, language: str) -> list[str]:
    """How a question is understood otherwise than it should be."""
    found = searching.understand(release, question["ask"], language)
    lead = wording.lead(release, found)
    answered = lead is not None and wording.sufficient(found)
    wanted = {part: question[part] for part in PARTS if question.get(part, "either") != "either"}
    open_parts = {part for part in PARTS if question.get(part) == "either"}
    wrong = []
    if {part: value for part, value in found.parts.items() if part not in open_parts} != wanted:
        wrong.append(f"{dict(found.parts)}")
    if question.get("answered", True) not in ("either", answered):
        wrong.append(f"answered: {answered}")
    if "not_understood" in question and [*found.not_understood, *found.elsewhere] != question["not_understood"]:
        wrong.append(f"not understood: {found.not_understood}")
    if set(found.unclear) != ({question["unclear"]} if "unclear" in question else set()):
        wrong.append(f"unclear: {dict(found.unclear)}")
    if answered and lead and lead.path != question.get("leads", lead.path if "answered" in question else "/ask"):
        wrong.append(f"leads to {lead.path}")
    if answered and lead and lead.path == "/ask" and "answered" not in question:
        wrong += _asked_otherwise(question, lead.values)
    return wrong


def _asked_otherwise(question: dict, values: Mapping[str, str]) -> list[str]:
    """What the address of the answer asks for otherwise: the kind is that of what is asked for."""
    parts = {part: question[part] for part in (*PARTS, "what") if question.get(part, "either") != "either"}
    wanted = {"kind" if part == "event_kind" else part: value for part, value in parts.items()}
    open_parts = {part for part in PARTS if question.get(part) == "either"}
    asked = {part: value for part, value in values.items() if part not in open_parts}
    missing = {part: value for part, value in wanted.items() if asked.get(part) != value}
    return [f"asks for {dict(values)}"] if missing or asked.get("what", "") != wanted.get("what", "") else []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_questions_of_a_language_are_understood(release: Release, language):
    """Fifty and more, with typos, in odd order, with parts missing, and outside the graph: 98 of 100 are right."""
    questions = asked(language)
    wrong = {each["ask"]: found for each in questions if (found := misread(release, each, language))}

    assert len(questions) >= 50
    assert len(wrong) <= (1 - RIGHT) * len(questions), wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_that_is_not_understood_is_not_answered(release: Release, language):
    """Not one of them."""
    outside = [each for each in asked(language) if each.get("answered", True) is False]
    found = {each["ask"]: searching.understand(release, each["ask"], language) for each in outside}

    assert len(outside) >= 10
    assert [ask for ask, each in found.items() if wording.lead(release, each) and wording.sufficient(each)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_examples_of_the_help_are_understood(release: Release, language):
    """In each language: what is offered works."""
    for example in wording.examples(release, language):
        found: Understood = searching.understand(release, example, language)

        assert wording.lead(release, found) and wording.sufficient(found), example
        assert not found.not_understood, example


def test_every_name_of_a_country_axis_and_component_is_understood(release: Release):
    """All labels of all languages, also those that nobody thought of here: a new one is understood at once."""
    wrong = []
    for part, scheme in (("country", "elp:Country"), ("axis", "elp:TransversalAxis"), ("component", "elp:Component")):
        for member in release.members(scheme):
            for label in member.labels:
                found = searching.understand(release, label.value, label.language or "en")
                if found.parts.get(part) != member.slug:
                    wrong.append((label.value, dict(found.parts), dict(found.unclear)))

    assert wrong == []
