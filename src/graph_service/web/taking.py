"""Taking a view away: its citation, and what the first sheet of its spreadsheet says. No HTTP."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator, Mapping

from graph_service import formats
from graph_service.catalogue import QueryFile
from graph_service.exporting import LICENCE
from graph_service.release import Release
from graph_service.terms import choose
from graph_service.web.language import translations, write_date
from graph_service.web.words import words


def cover(
    release: Release, question: QueryFile | None, values: Mapping[str, str], address: str, language: str
) -> formats.Cover:
    """What explains a table that is taken away as a spreadsheet.

    Args:
        question, values: the question behind the view and what it was asked; None where there is none.
        address: of the view, pinned to the release.
    """
    say = translations(language).gettext
    title = question.summary[language] if question else dataset(release, language)
    return formats.Cover(
        title=title,
        facts=tuple(_facts(release, question, values, address, language)),
        columns=[(each.name, each.type, each.description) for each in question.columns] if question else [],
        moment=datetime.datetime.fromisoformat(release.record.created),
        about=say("About this table"),
        rows=say("Rows"),
    )


def _facts(
    release: Release, question: QueryFile | None, values: Mapping[str, str], address: str, language: str
) -> Iterator[tuple[str, str]]:
    say = translations(language).gettext
    if question:
        yield say("Question"), question.name
    for name, value in values.items():
        yield words(name, language), value
    yield say("Release"), say("%(number)s of %(day)s") % {"number": release.number, "day": day(release, language)}
    yield say("Address"), address
    yield say("Licence"), LICENCE
    yield say("Data"), dataset(release, language)
    yield say("How to read it"), say("An empty cell is not recorded, which is not 'none'; a 0 is a gap in the sources.")


def citation(release: Release, title: str, address: str, language: str) -> str:
    """How to cite a view: what it shows, of which data, as of when, under which licence, and where it is."""
    say = translations(language).gettext
    return say("%(title)s. %(data)s, release %(number)s of %(day)s, CC BY 4.0. %(address)s") % {
        "title": title.rstrip("."),
        "data": dataset(release, language),
        "number": release.number,
        "day": day(release, language),
        "address": address,
    }


def row_count(table: bytes) -> int:
    """How many rows a CSV has below its header: what the button that gives it says.

    >>> row_count(b'name,text\\r\\na,"two\\r\\nlines"\\r\\n')
    1
    """
    return sum(1 for _ in csv.reader(io.StringIO(table.decode(), newline=""))) - 1


def dataset(release: Release, language: str) -> str:
    """What the data is called: after its programme, where the graph has one."""
    say = translations(language).gettext
    programmes = release.members("elp:Programme")
    name = choose(programmes[0].labels, language) if programmes else None
    return say("%(name)s graph") % {"name": name} if name else say("Knowledge graph")


def day(release: Release, language: str) -> str:
    """The day on which a release was made, as the language writes it."""
    return str(write_date(release.date.isoformat(), language))
