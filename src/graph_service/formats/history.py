"""The list of releases as CSV (RFC 4180) and as an Atom feed (RFC 4287)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from graph_service.formats.table import csv_bytes
from graph_service.terms import record_iri

if TYPE_CHECKING:
    from graph_service.home import ReleaseRecord

COLUMNS = ("number", "created", "who", "reason", "base", "quads", "added", "removed", "digest", "software")
ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Entry:
    """One release as an entry of a feed: in words, and where it is told in full."""

    record: ReleaseRecord
    title: str
    summary: str
    address: str  # absolute


def releases_csv(records: Iterable[ReleaseRecord]) -> bytes:
    """Write the records of releases as a table, one row each; what there is none of is empty."""
    rows = ([_cell(getattr(record, name)) for name in COLUMNS] for record in records)
    return csv_bytes(COLUMNS, rows)


def atom(
    title: str,
    address: str,
    page: str,
    entries: Sequence[Entry],
    language: str,
    updated: datetime.datetime,
) -> bytes:
    """Write an Atom feed of releases, newest first.

    Args:
        address: of the feed itself; page: of the list that people read. Both absolute.
        updated: when the feed last changed, where it has no entry.
    """
    feed = ElementTree.Element("feed", {"xmlns": ATOM_NAMESPACE, "xml:lang": language})
    _text(feed, "title", title)
    _text(feed, "id", page)
    _text(feed, "updated", (entries[0].record.moment if entries else updated).isoformat())
    ElementTree.SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": address})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "href": page})
    for each in entries:
        entry = ElementTree.SubElement(feed, "entry")
        _text(entry, "title", each.title)
        _text(entry, "id", record_iri("release", str(each.record.number)))
        _text(entry, "updated", each.record.moment.isoformat())
        _text(ElementTree.SubElement(entry, "author"), "name", each.record.who or "-")
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": each.address})
        _text(entry, "summary", each.summary)
    ElementTree.indent(feed)
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    """Add an element with a text, without the characters that XML 1.0 cannot hold."""
    ElementTree.SubElement(parent, name).text = "".join(c for c in text if c in "\t\n" or c >= " ")


def _cell(value: object) -> str:
    return "" if value is None else str(value)
