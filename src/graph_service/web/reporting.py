"""Reporting: the message with which a reader tells that a record is wrong. Nothing is sent by this service."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from graph_service.release import Release
from graph_service.terms import Iri
from graph_service.web.language import translations, write_date


@dataclass(frozen=True, slots=True)
class Report:
    """A message that is ready but for what the reader has to say."""

    contact: str  # the address that it goes to; empty where the operator gave none
    subject: str
    text: str

    @property
    def address(self) -> str:
        """The message as an address (RFC 6068), which opens in the reader's own mail program.

        >>> Report("data@example.org", "Error in “A & B”", "Record: x\\nRelease: 1").address
        'mailto:data@example.org?subject=Error%20in%20%E2%80%9CA%20%26%20B%E2%80%9D&body=Record%3A%20x%0D%0ARelease%3A%201'
        """
        subject, body = (quote(each, safe="") for each in (self.subject, self.text.replace("\n", "\r\n")))
        return f"mailto:{quote(self.contact, safe='@+')}?subject={subject}&body={body}"


def report(contact: str, release: Release, record: Iri, name: str, language: str) -> Report:
    """Prepare the message about a record as a release tells it."""
    say = translations(language).gettext
    day = write_date(release.date.isoformat(), language)
    lines = (
        say("Record: %(iri)s") % {"iri": record},
        say("Release: %(number)s of %(day)s") % {"number": release.number, "day": day},
        "",
        say("What is wrong:"),
        "",
        say("What it should say, and which source says so:"),
        "",
    )
    return Report(contact, say("Error in “%(name)s”") % {"name": name}, "\n".join(lines))
