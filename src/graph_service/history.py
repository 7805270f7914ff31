"""History: what changed between two releases, as quads, by subject and in words.

It reads the deltas, which are kept for ever, and needs no release's data, so it also answers for those
that are pruned. Values out: no HTTP, no page.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from graph_service.errors import MalformedValue
from graph_service.home import Home, read_delta
from graph_service.releases import Releases
from graph_service.store.embedded import parse_quads
from graph_service.terms import (
    BASE,
    DERIVED_GRAPH,
    ELP,
    KINDS,
    RDF_TYPE,
    RDFS,
    SKOS,
    Iri,
    Literal,
    Quad,
    Term,
    n3,
    record_key,
)
from graph_service.views.records import RENAMED_RECORD, WITHDRAWN_RECORD

NAMES = (RDFS + "label", SKOS + "prefLabel")
MANDATE, HOLDER, AXIS = ELP + "Mandate", ELP + "holder", ELP + "axis"
OTHER = "other"  # the kind of what is not a record: terms of the vocabulary, things elsewhere
_TYPE_AFTER_SUBJECT = f"{n3(Iri(RDF_TYPE))} "
_OURS_AT_START = f"<{BASE}"
_WITHDRAWN_AFTER_SUBJECT = tuple(f"{_TYPE_AFTER_SUBJECT}{n3(each)} " for each in (WITHDRAWN_RECORD, RENAMED_RECORD))
DERIVED_AT_END = f" {n3(Iri(DERIVED_GRAPH))} .\n"  # of the line of a quad that rules gave


@dataclass(frozen=True, slots=True)
class Changes:
    """What to add to release `since` (0: the empty set), and remove, to have release `until`: N-Quads lines, sorted."""

    since: int
    until: int
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def subjects(self) -> tuple[SubjectChanges, ...]:
        """The same by subject, sorted by IRI."""
        found: dict[Iri, tuple[list[Quad], list[Quad]]] = {}
        for place, lines in enumerate((self.added, self.removed)):
            for quad in _quads(lines):
                found.setdefault(quad[0], ([], []))[place].append(quad)
        return tuple(
            SubjectChanges(subject, tuple(added), tuple(removed)) for subject, (added, removed) in sorted(found.items())
        )


@dataclass(frozen=True, slots=True)
class SubjectChanges:
    """What changed of one subject, over all graphs."""

    subject: Iri
    added: tuple[Quad, ...]
    removed: tuple[Quad, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A record that came, went or changed, with the names that it has (or had) where these are among the changes."""

    record: Iri
    kind: str  # as in its IRI; "other" where it is no record
    type: Iri  # its class; the first by IRI where it has several
    names: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class MandateChange:
    """A mandate that came or went: who held it, and for which axis."""

    mandate: Iri
    holder: Iri | None
    axis: Iri | None


@dataclass(frozen=True, slots=True)
class NameChange:
    """A name of a record in one language, before and after; None where there was none, or is none."""

    record: Iri
    language: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """The values of one property of a record that went and came."""

    record: Iri
    property: Iri
    before: tuple[Term, ...]
    after: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two releases compared in words. What rules derive is counted, not told: it follows from the rest."""

    since: int
    until: int
    mandates_added: tuple[MandateChange, ...]
    mandates_removed: tuple[MandateChange, ...]
    names: tuple[NameChange, ...]  # of records that stand in both
    new: tuple[Mention, ...]  # in the order of kinds, then by IRI
    withdrawn: tuple[Mention, ...]
    values: tuple[ValueChange, ...]  # of records that stand in both, other than names
    added: int  # quads, derived ones among them
    removed: int
    derived: int  # how many of these, added and removed, are derived


class History:
    """The deltas of the releases in a home folder."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases

    def changes(self, since: int, until: int) -> Changes:
        """What was added and removed between two releases, net: what came and went again is not told.

        Args:
            since: 0 stands for the empty set before the first release.
            until: a later release; where it is the earlier one, the changes are told backwards.

        Raises:
            UnknownRelease: no release has one of the numbers.
            HomeError: a delta is missing or damaged.
        """
        first, last = sorted((since, until))
        added, removed = self._net(first, last)
        if until < since:
            added, removed = removed, added
        return Changes(since, until, tuple(sorted(added)), tuple(sorted(removed)))

    def difference(self, since: int, until: int) -> Difference:
        """Two releases compared in words. Raises as `changes`."""
        return difference(self.changes(since, until), self._typed(since), self._typed(until))

    def _net(self, first: int, last: int) -> tuple[set[str], set[str]]:
        for number in {first, last} - {0}:
            self._releases.record(number)
        added: set[str] = set()
        removed: set[str] = set()
        for number in range(first + 1, last + 1):
            for sign, line in self.delta(number):
                here, there = (added, removed) if sign == "+" else (removed, added)
                if line in there:
                    there.discard(line)
                else:
                    here.add(line)
        return added, removed

    def _typed(self, number: int) -> frozenset[Iri]:
        """The subjects that say what they are in a release, apart from what rules derive and what was withdrawn."""
        found: set[str] = set()
        for each in range(1, number + 1):
            for sign, line in self.delta(each):
                said = line.partition(" ")[2]
                if said.startswith(_WITHDRAWN_AFTER_SUBJECT) or line.endswith(DERIVED_AT_END):
                    continue
                if said.startswith(_TYPE_AFTER_SUBJECT):
                    found.add(line) if sign == "+" else found.discard(line)
        subjects = (line.partition(" ")[0] for line in found)
        return frozenset(Iri(each if each.startswith("_:") else each[1:-1]) for each in subjects)

    def delta(self, number: int) -> Iterator[tuple[str, str]]:
        """The lines of a delta: sign, and the quad as a line of N-Quads.

        Raises:
            HomeError: it is missing or damaged.
        """
        return read_delta(Home(self._releases.home).delta(number))


class Departures:
    """Which resources of ours went from the graph, and when. Each delta is read once, the first time it matters.

    A resource stands in a release that says something of it, other than that it was withdrawn or renamed.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._lock = threading.Lock()
        self._read = 0  # the last release whose delta was read
        self._quads: Counter[str] = Counter()  # subject → how many quads that release says of it
        self._marks: Counter[str] = Counter()  # subject → how many of these say that it was withdrawn
        self._last: dict[str, list[int]] = {}  # subject → the releases that it stood in, and not in the next

    def last_release(self, iri: Iri, at: int) -> int | None:
        """The last release in which a resource stood that does not stand in release `at`; None if it never stood.

        Raises:
            HomeError: a delta is missing or damaged.
        """
        with self._lock:
            for number in range(self._read + 1, at + 1):
                self._take(number)
        return max((last for last in self._last.get(n3(iri), ()) if last < at), default=None)

    def _take(self, number: int) -> None:
        lines = [(sign, line) for sign, line in self._history.delta(number) if line.startswith(_OURS_AT_START)]
        before: dict[str, bool] = {}
        for sign, line in lines:
            subject, _, rest = line.partition(" ")
            before.setdefault(subject, self._stands(subject))
            step = 1 if sign == "+" else -1
            self._quads[subject] += step
            if rest.startswith(_WITHDRAWN_AFTER_SUBJECT):
                self._marks[subject] += step
        for subject, stood in before.items():
            if stood and not self._stands(subject):
                self._last.setdefault(subject, []).append(number - 1)
        self._read = number

    def _stands(self, subject: str) -> bool:
        return self._quads[subject] > 0 and not self._marks[subject]


_DEPARTURES: WeakKeyDictionary[Releases, Departures] = WeakKeyDictionary()


def departures(releases: Releases) -> Departures:
    """The departures of a home, remembered for as long as its releases are followed."""
    return _DEPARTURES.setdefault(releases, Departures(History(releases)))


def release_number(name: str, given: str) -> int:
    """Read the number of a release, or 0.

    Raises:
        MalformedValue: it is no number.

    >>> release_number("since", "12")
    12
    """
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise MalformedValue(name, given=given, expected="write the number of a release, such as 1")
    return int(given)


def difference(changes: Changes, before: frozenset[Iri], after: frozenset[Iri]) -> Difference:
    """Put changes into words.

    Args:
        before, after: the subjects that say what they are in either release: the records that stand in it.
    """
    return Difference(
        since=changes.since,
        until=changes.until,
        **in_words(changes.subjects(), before, after),
        added=len(changes.added),
        removed=len(changes.removed),
        derived=sum(line.endswith(DERIVED_AT_END) for line in (*changes.added, *changes.removed)),
    )


def in_words(
    subjects: Iterable[SubjectChanges], before: frozenset[Iri], after: frozenset[Iri]
) -> dict[str, tuple[Any, ...]]:
    """What changed, by the names that `Difference` has for it; `before` and `after` as there."""
    told = [each for each in map(_asserted, subjects) if each.added or each.removed]
    came = [each for each in told if each.subject in after - before]
    gone = [each for each in told if each.subject in before - after]
    stayed = [each for each in told if each.subject in before & after]
    return {
        "mandates_added": _mandates((each.subject, each.added) for each in came),
        "mandates_removed": _mandates((each.subject, each.removed) for each in gone),
        "names": tuple(name for each in stayed for name in _names(each)),
        "new": _mentions((each.subject, each.added) for each in came),
        "withdrawn": _mentions((each.subject, each.removed) for each in gone),
        "values": tuple(value for each in stayed for value in _value_changes(each)),
    }


def _quads(lines: Iterable[str]) -> Iterator[Quad]:
    return parse_quads("".join(lines).encode(), "delta")


def _asserted(changes: SubjectChanges) -> SubjectChanges:
    """Without what rules derive, and without what only moved from one graph to another."""
    added = {quad[:3]: quad for quad in changes.added if quad[3] != DERIVED_GRAPH}
    removed = {quad[:3]: quad for quad in changes.removed if quad[3] != DERIVED_GRAPH}
    moved = added.keys() & removed.keys()
    return SubjectChanges(
        changes.subject,
        tuple(quad for triple, quad in added.items() if triple not in moved),
        tuple(quad for triple, quad in removed.items() if triple not in moved),
    )


def _values(quads: Iterable[Quad], *properties: str) -> tuple[Term, ...]:
    return tuple(value for _, name, value, _ in quads if name in properties)


def _mandates(found: Iterable[tuple[Iri, tuple[Quad, ...]]]) -> tuple[MandateChange, ...]:
    return tuple(
        MandateChange(iri, _first_iri(quads, HOLDER), _first_iri(quads, AXIS))
        for iri, quads in found
        if MANDATE in _values(quads, RDF_TYPE)
    )


def _first_iri(quads: Iterable[Quad], name: str) -> Iri | None:
    return next((value for value in _values(quads, name) if isinstance(value, Iri)), None)


def _kind(iri: Iri) -> str:
    key = record_key(iri)
    return key[0] if key and key[0] in KINDS else OTHER


def _mentions(found: Iterable[tuple[Iri, tuple[Quad, ...]]]) -> tuple[Mention, ...]:
    order = {kind: place for place, kind in enumerate((*KINDS, OTHER))}
    mentions = []
    for iri, quads in found:
        types = sorted(value for value in _values(quads, RDF_TYPE) if isinstance(value, Iri))
        names = [value for value in _values(quads, *NAMES) if isinstance(value, Literal)]
        mentions.append(Mention(iri, _kind(iri), types[0], tuple(names)))
    return tuple(sorted(mentions, key=lambda each: (order[each.kind], each.record)))


def _names(changes: SubjectChanges) -> Iterator[NameChange]:
    """The names that changed, one of a language after the other."""
    for name in NAMES:
        before, after = _by_language(changes.removed, name), _by_language(changes.added, name)
        for language in sorted({*before, *after}):
            gone, came = before.get(language, ()), after.get(language, ())
            for place in range(max(len(gone), len(came))):
                yield NameChange(
                    changes.subject,
                    language,
                    gone[place] if place < len(gone) else None,
                    came[place] if place < len(came) else None,
                )


def _by_language(quads: Iterable[Quad], name: str) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for value in _values(quads, name):
        if isinstance(value, Literal):
            found.setdefault(value.language or "", []).append(value.value)
    return {language: sorted(values) for language, values in found.items()}


def _value_changes(changes: SubjectChanges) -> Iterator[ValueChange]:
    for name in sorted({quad[1] for quad in (*changes.added, *changes.removed)} - set(NAMES)):
        before, after = _values(changes.removed, name), _values(changes.added, name)
        yield ValueChange(changes.subject, name, before, after)
