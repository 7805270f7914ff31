"""Following: what each release changed, in counts, and of which countries and axes. From the deltas, kept for ever."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from weakref import WeakKeyDictionary

from graph_service.history import Difference, History, SubjectChanges, difference
from graph_service.releases import Releases
from graph_service.terms import DERIVED_GRAPH, ELP, RDF_TYPE, Iri, Quad, record_key
from graph_service.views.records import RENAMED_RECORD, WITHDRAWN_RECORD

EVIDENCE = ELP + "evidence"
TOPICS = ("country", "axis")  # the kinds of record that a reader can follow


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a release changed against the one before it; what rules derive is not counted."""

    mandates_added: int
    mandates_removed: int
    new: int
    withdrawn: int
    names: int
    values: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a release changed: how much, and the countries and axes of which something changed."""

    counts: Counts
    topics: frozenset[Iri]


class Following:
    """What the releases of a home changed. Each delta is read once, the first time it matters."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._lock = threading.Lock()
        self._told: list[Told] = []
        self._typed: set[Quad] = set()  # what says of which class a record is
        self._linked: dict[Iri, Counter[Iri]] = {}  # subject → the resources that it names
        self._cited: dict[Iri, Counter[Iri]] = {}  # evidence → the records that rest on it

    def told(self, number: int) -> Told:
        """What a release changed against the one before it.

        Raises:
            UnknownRelease: no release has that number.
            HomeError: a delta is missing or damaged.
        """
        with self._lock:
            while len(self._told) < number:
                self._told.append(self._take(len(self._told) + 1))
        return self._told[number - 1]

    def _take(self, number: int) -> Told:
        changes = self._history.changes(number - 1, number)
        asserted = [_asserted(each) for each in changes.subjects()]
        before = self._standing()
        touched = self._topics(each.subject for each in asserted if each.added or each.removed)
        for each in asserted:
            self._apply(each.removed, -1)
            self._apply(each.added, 1)
        touched |= self._topics(each.subject for each in asserted if each.added or each.removed)
        return Told(_counts(difference(changes, before, self._standing())), frozenset(touched))

    def _standing(self) -> frozenset[Iri]:
        return frozenset(quad[0] for quad in self._typed)

    def _apply(self, quads: Iterable[Quad], step: int) -> None:
        for quad in quads:
            subject, predicate, value, _ = quad
            if not isinstance(value, Iri):
                continue
            if predicate == RDF_TYPE and value not in (WITHDRAWN_RECORD, RENAMED_RECORD):
                self._typed.add(quad) if step > 0 else self._typed.discard(quad)
            if predicate == EVIDENCE:
                self._cited.setdefault(value, Counter())[subject] += step
            elif _kind(value) in (*TOPICS, "institution"):
                self._linked.setdefault(subject, Counter())[value] += step

    def _topics(self, subjects: Iterable[Iri]) -> set[Iri]:
        """The countries and axes that records are about, as far as the deltas that were read tell."""
        found: set[Iri] = set()
        for subject in subjects:
            found.update(self._of(subject))
            for record in _present(self._cited.get(subject, {})):
                found.update(self._of(record))
        return found

    def _of(self, subject: Iri) -> Iterator[Iri]:
        """A country or axis itself; those that a record names; the country of an institution that it names."""
        if _kind(subject) in TOPICS:
            yield subject
        for named in _present(self._linked.get(subject, {})):
            if _kind(named) in TOPICS:
                yield named
            else:
                yield from (each for each in _present(self._linked.get(named, {})) if _kind(each) == "country")


_FOLLOWING: WeakKeyDictionary[Releases, Following] = WeakKeyDictionary()


def following(releases: Releases) -> Following:
    """What the releases of a home changed, remembered for as long as they are followed."""
    return _FOLLOWING.setdefault(releases, Following(History(releases)))


def _present(counted: Mapping[Iri, int]) -> Iterator[Iri]:
    return (iri for iri, count in counted.items() if count > 0)


def _kind(iri: Iri) -> str:
    key = record_key(iri)
    return key[0] if key else ""


def _asserted(changes: SubjectChanges) -> SubjectChanges:
    """Without what rules derive."""
    return SubjectChanges(
        changes.subject,
        tuple(quad for quad in changes.added if quad[3] != DERIVED_GRAPH),
        tuple(quad for quad in changes.removed if quad[3] != DERIVED_GRAPH),
    )


def _counts(found: Difference) -> Counts:
    return Counts(**{each.name: len(getattr(found, each.name)) for each in fields(Counts)})
