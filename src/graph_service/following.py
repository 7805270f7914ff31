"""Following: what a release changed, in counts, and of which countries and axes: found out as it is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

from graph_service.delta import Delta
from graph_service.history import DERIVED_AT_END, SubjectChanges, in_words
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import DERIVED_GRAPH, ELP, RDF_TYPE, Iri, Quad, nquad, record_key
from graph_service.views.records import RENAMED_RECORD, WITHDRAWN_RECORD

EVIDENCE = ELP + "evidence"
TOPICS = ("country", "axis")  # the kinds of record that a reader can follow
REMEMBERED = 50_000  # records of which it is remembered what they are about


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a release changed against the one before it; what rules derive is not counted."""

    mandates_added: int = 0
    mandates_removed: int = 0
    new: int = 0
    withdrawn: int = 0
    names: int = 0
    values: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a release changed: how much, and the countries and axes of which something changed, by their slugs."""

    counts: Counts
    countries: tuple[str, ...]
    axes: tuple[str, ...]


def tell(delta: Delta, before: EmbeddedStore, after: EmbeddedStore) -> Told:
    """What a delta changes, subject by subject: memory grows with the subjects, not with what is said of them."""
    counts, topics = Counter[str](), set[Iri]()
    sides = _Side(before), _Side(after)
    for subject in _subjects(delta):
        old, new = (side.said(subject) for side in sides)
        was, now = set(old), set(new)
        if was == now:
            continue
        changes = SubjectChanges(subject, _in_order(now - was), _in_order(was - now))
        stood, stands = (frozenset((subject,)) if _says_what(quads) else frozenset[Iri]() for quads in (old, new))
        counts.update({name: len(found) for name, found in in_words((changes,), stood, stands).items()})
        for side, quads in zip(sides, (old, new), strict=True):
            topics.update(side.topics(subject, quads))
    countries, axes = (_slugs(topics, kind) for kind in TOPICS)
    return Told(Counts(**{each.name: counts[each.name] for each in fields(Counts)}), countries, axes)


class _Side:
    """The graph before or after a change, without what rules derive."""

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store
        self._about: Callable[[Iri], tuple[Iri, ...]] = lru_cache(REMEMBERED)(self._about_of)
        self._countries: Callable[[Iri], tuple[Iri, ...]] = lru_cache(REMEMBERED)(self._countries_of)

    def said(self, subject: Iri) -> Sequence[Quad]:
        """What is stated of a subject."""
        return self._stated(subject, None, None)

    def topics(self, subject: Iri, said: Sequence[Quad]) -> Iterator[Iri]:
        """The countries and axes that a subject is about, or, where it is evidence, the records that rest on it."""
        yield from self._of(subject, said)
        if _kind(subject) in ("evidence", ""):
            for quad in self._stated(None, Iri(EVIDENCE), subject):
                yield from self._about(quad[0])

    def _of(self, subject: Iri, said: Sequence[Quad]) -> Iterator[Iri]:
        """A country or axis itself; those that a record names; the country of an institution that it names."""
        if _kind(subject) in TOPICS:
            yield subject
        for _, predicate, value, _ in said:
            if not isinstance(value, Iri) or predicate == EVIDENCE:
                continue
            if (kind := _kind(value)) in TOPICS:
                yield value
            elif kind == "institution":
                yield from self._countries(value)

    def _about_of(self, record: Iri) -> tuple[Iri, ...]:
        return tuple(self._of(record, self.said(record)))

    def _countries_of(self, institution: Iri) -> tuple[Iri, ...]:
        values = (quad[2] for quad in self.said(institution))
        return tuple(value for value in values if isinstance(value, Iri) and _kind(value) == "country")

    def _stated(self, subject: Iri | None, predicate: Iri | None, value: Iri | None) -> Sequence[Quad]:
        return [quad for quad in self._store.match(subject, predicate, value) if quad[3] != DERIVED_GRAPH]


def _subjects(delta: Delta) -> set[Iri]:
    """Those of which something is stated that was not, or no longer is."""
    texts = {line.partition(" ")[0] for _, line in delta.lines() if not line.endswith(DERIVED_AT_END)}
    return {Iri(text.removeprefix("<").removesuffix(">")) for text in texts}


def _in_order(quads: set[Quad]) -> tuple[Quad, ...]:
    return tuple(sorted(quads, key=nquad))


def _says_what(quads: Sequence[Quad]) -> bool:
    """Whether a subject stands: it says of which class it is, other than that it was withdrawn or renamed."""
    return any(quad[1] == RDF_TYPE and quad[2] not in (WITHDRAWN_RECORD, RENAMED_RECORD) for quad in quads)


def _kind(iri: Iri) -> str:
    key = record_key(iri)
    return key[0] if key else ""


def _slugs(topics: set[Iri], kind: str) -> tuple[str, ...]:
    return tuple(sorted(key[1] for iri in topics if (key := record_key(iri)) and key[0] == kind))
