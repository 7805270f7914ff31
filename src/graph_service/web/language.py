"""Languages: gettext catalogues, and dates as each language writes them. No HTTP, no graph.

The texts in code and templates are English; `locale/<language>/LC_MESSAGES/messages.po` holds the others.
They are read when first needed, so no compiled file has to be kept in step.
"""

from __future__ import annotations

import datetime
import gettext
import io
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from graph_service.terms import LANGUAGES, Literal

DEFAULT = LANGUAGES[0]
LOCALE_FOLDER = Path(__file__).parent.parent / "locale"
_DAY = re.compile(r"(?P<year>-?\d{4,})(-(?P<month>\d\d)(-(?P<day>\d\d))?)?(Z|[+-]\d\d:\d\d)?")


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; English, and any language without one, keep the texts as they are."""
    path = LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return gettext.NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def later(text: str) -> str:
    """Mark a text for translation that is translated where it is shown."""
    return text


def preferred(accept_language: str) -> str:
    """Return the language that a client prefers among ours (RFC 9110, 12.5.4); English where it names none.

    >>> preferred("de, pt-BR;q=0.8, es;q=0.5")
    'pt'
    """
    wanted: list[tuple[float, str]] = []
    for part in accept_language.lower().split(","):
        name, _, weight = part.strip().partition(";q=")
        quality = float(weight) if re.fullmatch(r"[01](\.\d{0,3})?", weight) else 1.0
        if (code := name.partition("-")[0]) in LANGUAGES and quality:
            wanted.append((-quality, code))
    return min(wanted, key=lambda each: each[0])[1] if wanted else DEFAULT


@cache
def own_name(language: str) -> str:
    """Return the name of a language in that language.

    >>> own_name("fr")
    'Français'
    """
    name = str(Locale.parse(language).get_display_name(language) or language)
    return name[0].upper() + name[1:]


def name_of(language: str, shown_in: str) -> str:
    """Return the name of a language in another one; the code itself if it is not known.

    >>> name_of("fr", "en"), name_of("qq", "en")
    ('French', 'qq')
    """
    return str(Locale.parse(shown_in).languages.get(language, language))


def write_date(value: Literal | str, language: str) -> str:
    """Write a date, month or year as the language does, and exactly as precisely as it is known.

    >>> [write_date(text, "en") for text in ("2017", "2017-07", "2017-07-10")]
    ['2017', 'July 2017', '10 July 2017']
    >>> write_date("2017-07-10", "pt")
    '10 de julho de 2017'
    """
    match = _DAY.fullmatch(str(value))
    if match is None or not match["month"]:
        return str(value)
    day = _first_day(match)
    if match["day"] is None:
        return format_skeleton("yMMMM", day, locale=_locale(language))
    return format_date(day, "long", locale=_locale(language))


def write_number(count: int, language: str) -> str:
    """Write a number with the separators of the language.

    >>> write_number(36534, "en")
    '36,534'
    """
    return format_decimal(count, locale=_locale(language))


def write_interval(start: Literal | str, end: Literal | str, language: str) -> str | None:
    """Write from when until when, as short as the language allows; None where the two are not equally precise.

    >>> write_interval("2017-06", "2017-11", "en"), write_interval("2017", "2017-11", "en")
    ('June – November 2017', None)
    """
    if str(start) == str(end):
        return write_date(start, language)
    first, last = _DAY.fullmatch(str(start)), _DAY.fullmatch(str(end))
    if not first or not last or [*map(bool, first.groups())] != [*map(bool, last.groups())]:
        return None
    skeleton = "yMMMd" if first["day"] else "yMMMM" if first["month"] else "y"
    shown = format_interval(_first_day(first), _first_day(last), skeleton, locale=_locale(language))
    return shown.replace("\u2009", " ")


def enumerate_(items: Sequence[str], language: str) -> str:
    """Join items as a sentence of the language does.

    >>> enumerate_(["A", "B", "C"], "es")
    'A, B y C'
    """
    return format_list(items, locale=_locale(language)) if items else ""


def _first_day(match: re.Match[str]) -> datetime.date:
    return datetime.date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))


def _locale(language: str) -> str:
    """English dates are written day first, as the sources' publishers do."""
    return "en_GB" if language == "en" else language
