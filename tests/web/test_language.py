"""Every text of the pages is translated, and the catalogues hold exactly the texts that are used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from graph_service.web.language import LOCALE_FOLDER, write_date

PACKAGE = LOCALE_FOLDER.parent
METHODS = [("web/**.py", "python"), ("formats/**.py", "python"), ("web/pages/**.html", "jinja2")]
OPTIONS = {"web/pages/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "later": None, "say": None}


def used() -> set[str]:
    """The texts that code and templates ask for, as the extraction of `babel.cfg` finds them."""
    found = extract_from_dir(str(PACKAGE), METHODS, OPTIONS, KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found} - {""}


def catalogue(path: Path):
    with path.open("rb") as file:
        return read_po(file)


def test_the_template_holds_exactly_the_texts_in_use():
    """`messages.pot` is extracted anew whenever a text changes."""
    pot = catalogue(LOCALE_FOLDER / "messages.pot")
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in pot if message.id}

    assert known == used()


@pytest.mark.parametrize("language", ["es", "fr", "pt"])
def test_every_text_is_translated(language: str):
    """No text is missing, fuzzy or left over; placeholders are those of the English text."""
    pot = catalogue(LOCALE_FOLDER / "messages.pot")
    po = catalogue(LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po")

    assert {str(message.id) for message in po if message.id} == {str(message.id) for message in pot if message.id}
    for message in po:
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        source = message.id if isinstance(message.id, str) else message.id[-1]
        allowed = set(re.findall(r"%\(\w+\)s", source))
        assert all(texts), message.id
        assert not message.fuzzy, message.id
        for text in texts[-1:]:
            assert set(re.findall(r"%\(\w+\)s", text)) == allowed, message.id
        for text in texts[:-1]:  # "this row" need not say 1
            assert set(re.findall(r"%\(\w+\)s", text)) <= allowed, message.id


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        ("2018", "en", "2018"),
        ("2017-07", "en", "July 2017"),
        ("2017-07", "es", "julio de 2017"),
        ("2017-07", "fr", "juillet 2017"),
        ("2017-07", "pt", "julho de 2017"),
        ("2017-07-10", "en", "10 July 2017"),
        ("2017-07-10", "es", "10 de julio de 2017"),
        ("2017-07-10", "fr", "10 juillet 2017"),
    ],
)
def test_dates_are_as_precise_as_they_are_known(value: str, language: str, expected: str):
    """A year stays a year and a month a month, written as the language does."""
    assert write_date(value, language) == expected
