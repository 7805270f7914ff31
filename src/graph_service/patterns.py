"""Patterns: what a query looks at, as triple patterns; for which keys a changed triple can alter its answer, and what
has to be at hand to answer for some keys alone. Pure: triples are looked up by a function that is given.

A key is a value for each of some variables; all rows of an answer with one key depend on what matches that key alone.
Keys that a change reaches are found as in semi-naive evaluation (Bancilhon and Ramakrishnan, 1986): the changed triple
stands for one pattern, the others are looked up in the state before for what went, in that after for what came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import Generic, TypeAlias, TypeVar

from graph_service.terms import Iri, Literal, Term, Triple

PEEK = 6  # so many matches of each pattern are looked at before the one with fewest is taken first
MOST = 5_000  # keys; more are not worth being looked at one by one


class Variable(str):
    """The name of a variable."""

    __slots__ = ()


class TooMany(Exception):
    """The change reaches more than can be looked at one by one."""


Part: TypeAlias = Iri | Literal | Variable
Pattern: TypeAlias = tuple[Part, Part, Part]
Match: TypeAlias = Mapping[Variable, Term]
Key: TypeAlias = tuple[Term, ...]
Look: TypeAlias = Callable[[Term | None, Term | None, Term | None], Iterable[Triple]]
Domains: TypeAlias = Mapping[Variable, frozenset[Term]]
T = TypeVar("T")


@dataclass(frozen=True)
class Group:
    """One way to match a part of a query: patterns that all must match, and what is then looked at beside them."""

    patterns: tuple[Pattern, ...] = ()
    beside: tuple[tuple[Group, ...], ...] = ()  # the ways of each OPTIONAL, MINUS, EXISTS and NOT EXISTS
    aside: tuple[Pattern, ...] = ()  # what matters as well, but is looked up otherwise
    domains: Domains = field(default_factory=dict)  # variables that have one of some values
    any_will_do: bool = False  # whether one match tells as much as all of them

    @cached_property
    def variables(self) -> frozenset[Variable]:
        """Those that the patterns bind."""
        return frozenset(part for pattern in self.patterns for part in pattern if isinstance(part, Variable))


class ByPredicate(Generic[T]):
    """Things that patterns stand for, found by the predicate of a triple that may match."""

    def __init__(self, things: Iterable[tuple[Pattern, Domains, T]]) -> None:
        self._some: dict[Term, list[T]] = {}
        self._any: list[T] = []
        for pattern, domains, thing in things:
            part = pattern[1]
            values = domains.get(part) if isinstance(part, Variable) else (part,)
            for value in () if values is None else values:
                self._some.setdefault(value, []).append(thing)
            if values is None:
                self._any.append(thing)

    def of(self, predicate: Term) -> Iterable[T]:
        """Those that a triple with this predicate may match."""
        return chain(self._some.get(predicate, ()), self._any)


@dataclass(frozen=True)
class Looked:
    """What a query looks at."""

    key: tuple[Variable, ...]
    groups: tuple[Group, ...]

    @cached_property
    def touches(self) -> ByPredicate[tuple[Pattern, tuple[Pattern, ...], Domains]]:
        """Each pattern, with those that must match as well for it to matter."""
        return ByPredicate((each[0], each[2], each) for each in _touches(self.groups, (), {}))

    def reached(self, changes: Iterable[tuple[bool, Triple]], before: Look, after: Look) -> set[Key]:
        """The keys for which triples that were added or removed can alter the answer.

        Raises:
            TooMany.
        """
        found: set[Key] = set()
        for added, triple in changes:
            look = after if added else before
            for pattern, others, domains in self.touches.of(triple[1]):
                match = matched(pattern, triple, {}, domains)
                if match is not None:
                    found.update(self._keys(others, domains, match, look))
                    if len(found) > MOST:
                        raise TooMany
        return found

    def needed(self, keys: Iterable[Key], look: Look) -> set[Triple]:
        """The triples that tell the answer for some keys."""
        found: set[Triple] = set()
        for key in keys:
            _gather(self.groups, dict(zip(self.key, key, strict=True)), look, found)
        return found

    def _keys(self, patterns: tuple[Pattern, ...], domains: Domains, match: Match, look: Look) -> Iterator[Key]:
        if all(name in match for name in self.key):
            if next(solve(patterns, domains, match, look), None) is not None:
                yield tuple(match[name] for name in self.key)
            return
        chosen = _fewest(patterns, match, look)
        if chosen is not None:
            pattern, triples, others = chosen
            for triple in triples:
                more = matched(pattern, triple, match, domains)
                if more is not None:
                    yield from self._keys(others, domains, more, look)


def solve(patterns: tuple[Pattern, ...], domains: Domains, match: Match, look: Look) -> Iterator[Match]:
    """The ways to match all of some patterns, beginning with what matches already."""
    if not patterns:
        yield match
    elif (chosen := _fewest(patterns, match, look)) is not None:
        pattern, triples, others = chosen
        for triple in triples:
            more = matched(pattern, triple, match, domains)
            if more is not None:
                yield from solve(others, domains, more, look)


def matched(pattern: Pattern, triple: Triple, match: Match, domains: Domains) -> Match | None:
    """The match with what a triple binds; None if the triple does not match.

    >>> matched((Variable("s"), Iri("urn:p"), Variable("o")), (Iri("urn:a"), Iri("urn:p"), Iri("urn:b")), {}, {})
    {'s': <urn:a>, 'o': <urn:b>}
    """
    bound = dict(match)
    for part, value in zip(pattern, triple, strict=True):
        if not isinstance(part, Variable):
            if part != value:
                return None
        elif bound.setdefault(part, value) != value or (part in domains and value not in domains[part]):
            return None
    return bound


def filled(pattern: Pattern, match: Match) -> tuple[Term | None, Term | None, Term | None]:
    """A pattern with what is bound; None for what is not."""
    s, p, o = (match.get(part) if isinstance(part, Variable) else part for part in pattern)
    return s, p, o


def _fewest(
    patterns: tuple[Pattern, ...], match: Match, look: Look
) -> tuple[Pattern, Iterator[Triple], tuple[Pattern, ...]] | None:
    """The pattern with the fewest matches, these, and the other patterns; None if one has none."""
    best: tuple[int, list[Triple], Iterator[Triple]] | None = None
    for place, pattern in enumerate(patterns):
        triples = iter(look(*filled(pattern, match)))
        first = list(islice(triples, PEEK))
        if best is None or len(first) < len(best[1]):
            best = place, first, triples
        if len(first) <= 1:
            break
    if best is None or not best[1]:
        return None
    place, first, triples = best
    return patterns[place], chain(first, triples), (*patterns[:place], *patterns[place + 1 :])


def _gather(groups: Iterable[Group], match: Match, look: Look, found: set[Triple]) -> None:
    for group in groups:
        if any(name in match and match[name] not in values for name, values in group.domains.items()):
            continue
        ways = solve(group.patterns, group.domains, match, look)
        for way in islice(ways, 1) if group.any_will_do else ways:
            for pattern in group.patterns:
                s, p, o = filled(pattern, way)
                found.add((s, p, o))  # type: ignore[arg-type]  # all are bound, by a triple that is there
            for beside in group.beside:
                _gather(beside, way, look, found)


def _touches(
    groups: Iterable[Group], outer: tuple[Pattern, ...], domains: Domains
) -> Iterator[tuple[Pattern, tuple[Pattern, ...], Domains]]:
    for group in groups:
        within = {**domains, **group.domains}
        for place, pattern in enumerate(group.patterns):
            yield pattern, (*outer, *group.patterns[:place], *group.patterns[place + 1 :]), within
        for pattern in group.aside:
            yield pattern, (*outer, *group.patterns), within
        for beside in group.beside:
            yield from _touches(beside, (*outer, *group.patterns), within)
