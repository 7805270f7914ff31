"""Places: where in a text of statements (Turtle, N-Triples, TriG) a record or its property stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph_service.terms import Term

_PREFIX = re.compile(r"^\s*@?prefix\s+(?P<prefix>[\w.-]*):\s*<(?P<space>[^<>\s]*)>", re.IGNORECASE | re.MULTILINE)
_LONGEST = 200  # lines of one record that are looked through
_SHOWN = 160  # characters of a line that are shown


@dataclass(frozen=True, slots=True)
class Place:
    """A line of what was sent."""

    file: str  # empty for text that was pasted
    line: int  # from 1
    text: str


class Places:
    """Finds records in one text by the word that their line begins with: one pass, whatever is looked for."""

    def __init__(self, text: str, file: str = "") -> None:
        self._file = file
        self._lines = text.splitlines()
        self._prefixes: Mapping[str, str] = {each["prefix"]: each["space"] for each in _PREFIX.finditer(text)}
        self._starts: dict[str, int] = {}
        for number, line in enumerate(self._lines):
            words = line.split(None, 1)
            if words:
                self._starts.setdefault(words[0], number)

    def find(self, node: Term, path: str | None) -> Place | None:
        """The line of the property of a record; that of the record where the property is not there; else None.

        >>> from graph_service.terms import Iri
        >>> Places("@prefix ex: <urn:x:> .\\nex:a a ex:B ;\\n  ex:p 1 .").find(Iri("urn:x:a"), "urn:x:p").line
        3
        """
        start = next((self._starts[name] for name in self._names(str(node)) if name in self._starts), None)
        if start is None:
            return None
        return self._at(next(self._uses(start, tuple(self._names(path))), start) if path else start)

    def _uses(self, start: int, names: Sequence[str]) -> Iterator[int]:
        """The lines of a record that use one of the names."""
        pattern = re.compile("|".join(rf"(?<![^\s;]){re.escape(name)}(?![^\s])" for name in names))
        for number in range(start, min(start + _LONGEST, len(self._lines))):
            if pattern.search(self._lines[number]):
                yield number
            if self._lines[number].rstrip().endswith("."):
                return

    def _names(self, iri: str) -> Iterator[str]:
        """How an IRI may be written here."""
        yield f"<{iri}>"
        for prefix, space in self._prefixes.items():
            if iri.startswith(space):
                yield f"{prefix}:{iri.removeprefix(space)}"

    def _at(self, number: int) -> Place:
        text = self._lines[number].strip()
        return Place(self._file, number + 1, text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
