"""Deriving: what follows from what is stated, by the rules of a project, in a graph of its own.

Whole, or after a change only where it reaches: each rule is asked for the keys (see `patterns`) that the change can
alter, in the state before and in that after, each time of a small store that holds what tells the answer.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from graph_service.looking import Analysed, Unanalysable, analysed, look_in
from graph_service.patterns import ByPredicate, Domains, Key, Look, Pattern, filled, matched
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.tokens import tokens
from graph_service.terms import DERIVED_GRAPH, XSD, Binding, Iri, Literal, Quad, Term, Triple

RULES = "ontology/rules"
RELEASE_DATE = "_release_date"  # the variable that a rule may use for the day of the release
GRAPH = Iri(DERIVED_GRAPH)


def derive(store: EmbeddedStore, project: Path, today: datetime.date) -> None:
    """Make the derived graph anew: every rule in order of file name, each seeing what those before it gave."""
    store.remove_graph(GRAPH)
    for rule in _texts(project):
        store.add_constructed(GRAPH, rule, _release_date(rule, today))


def derive_where_reached(
    store: EmbeddedStore,
    before: EmbeddedStore,
    project: Path,
    stated: Iterable[tuple[bool, Quad]],
    days: tuple[datetime.date, datetime.date],
) -> list[tuple[bool, Quad]]:
    """Bring the derived graph from what it was before a change to what it is by the same rules after it.

    Args:
        store: after the change, with the derived graph as it was before.
        stated: what was added to what is stated, and removed.
        days: of the release before, and of the one to be.

    Returns:
        what was added to the derived graph, and removed.

    Raises:
        Unanalysable, TooMany: it has to be made anew.
    """
    rules = tuple(map(_rule, _texts(project)))
    if days[0] != days[1] and any(rule.is_dated for rule in rules):
        raise Unanalysable("the day is another")
    old, new = _State(before, rules, days[0]), _State(store, rules, days[1])
    changes = [(added, quad[:3]) for added, quad in stated]
    altered: dict[Triple, int] = {}  # with the rule that did it last
    for place, rule in enumerate(rules):
        keys = rule.looks.looked.reached(changes, old.look(place), new.look(place))
        was, now = old.answer(place, keys), new.answer(place, keys)
        gone = {triple for triple in was - now if not new.gives(range(place), triple)}
        store.replace_quads(_quads(gone), _quads(now - was))
        changes += [(False, triple) for triple in gone] + [(True, triple) for triple in now - was]
        altered |= dict.fromkeys(was ^ now, place)
    later = ((triple, range(place + 1, len(rules))) for triple, place in altered.items())
    store.replace_quads((), _quads(t for t, places in later if (*t, GRAPH) not in store and new.gives(places, t)))
    states = ((quad, quad in before, quad in store) for quad in _quads(altered))
    return [(is_there, quad) for quad, was_there, is_there in states if was_there != is_there]


@dataclass(frozen=True)
class Rule:
    """A rule, and what it looks at."""

    text: str  # its rows as a SELECT
    looks: Analysed
    heads: tuple[tuple[Pattern, Domains], ...]  # what it can construct
    is_dated: bool


class _State:
    """The dataset before or after a change, as each rule sees it: what is stated, and what earlier rules gave."""

    def __init__(self, store: EmbeddedStore, rules: Sequence[Rule], day: datetime.date) -> None:
        self._store, self._rules, self._day = store, rules, day
        self._heads = ByPredicate(
            (head, domains, (place, head, domains)) for place, rule in enumerate(rules) for head, domains in rule.heads
        )
        self._owned: dict[Triple, tuple[int, ...]] = {}
        self._given: dict[tuple[int, Triple], bool] = {}

    def look(self, place: int) -> Look:
        """Look up triples as the rule at a place sees them."""
        return look_in(self._store, lambda quad: quad[3] != GRAPH or self._is_seen(place, quad[:3]))

    def answer(self, place: int, keys: set[Key]) -> set[Triple]:
        """What a rule constructs for some keys."""
        if not keys:
            return set()
        rule = self._rules[place]
        looked, look = rule.looks.looked, self.look(place)
        needed = looked.needed(keys, look)
        if not needed and all(group.patterns for group in looked.groups):
            return set()
        store = EmbeddedStore.in_memory((*triple, GRAPH) for triple in needed)
        found: set[Triple] = set()
        for row in store.select(rule.text, _release_date(rule.text, self._day)).rows:
            guards = (filled(guard, row) for guard in rule.looks.guards)  # type: ignore[arg-type]  # as below
            if tuple(row.get(name) for name in looked.key) in keys and not any(
                _is_there(each, look) for each in guards
            ):
                found.update(_constructed(rule.looks.template, row))
        return found

    def gives(self, places: range, triple: Triple) -> bool:
        """Whether one of some rules gives a triple."""
        return any(self._gives(place, triple) for place in self._owners(triple) if place in places)

    def _is_seen(self, place: int, triple: Triple) -> bool:
        """Whether a derived triple is there before a rule runs: one of those before it gave it."""
        owners = self._owners(triple)
        if not owners:
            raise Unanalysable("a derived triple that no rule makes")
        return owners[-1] < place or (owners[0] < place and self.gives(range(place), triple))

    def _owners(self, triple: Triple) -> tuple[int, ...]:
        """The rules that can give a triple, in order."""
        owners = self._owned.get(triple)
        if owners is None:
            heads = self._heads.of(triple[1])
            found = {place for place, head, values in heads if matched(head, triple, {}, values) is not None}
            owners = self._owned[triple] = tuple(sorted(found))
        return owners

    def _gives(self, place: int, triple: Triple) -> bool:
        if (place, triple) not in self._given:
            keys = set(_heads(self._rules[place], triple))
            if any(None in key for key in keys):
                raise Unanalysable("two rules can give a triple that does not tell its key")
            self._given[place, triple] = triple in self.answer(place, keys)  # type: ignore[arg-type]  # none is None
        return self._given[place, triple]


def _heads(rule: Rule, triple: Triple) -> Iterator[tuple[Term | None, ...]]:
    """The keys for which a rule could give a triple; None in the place of what it does not tell."""
    for head, domains in rule.heads:
        match = matched(head, triple, {}, domains)
        if match is not None:
            yield tuple(match.get(name) for name in rule.looks.looked.key)


@lru_cache(maxsize=256)
def _rule(text: str) -> Rule:
    looks = analysed(text)
    heads = tuple((head, group.domains) for group in looks.looked.groups for head in looks.template)
    return Rule(_as_select(text), looks, heads, f"?{RELEASE_DATE}" in text)


def _as_select(text: str) -> str:
    """A CONSTRUCT as the SELECT of its rows."""
    found = list(tokens(text))
    begin = next(place for place, (kind, word, _) in enumerate(found) if kind == "word" and word.upper() == "CONSTRUCT")
    if found[begin + 1][1] != "{":
        raise Unanalysable("CONSTRUCT WHERE")
    end = next(offset for _, word, offset in found[begin:] if word == "}")
    return f"{text[: found[begin][2]]}SELECT *{text[end + 1 :]}"


def _is_there(triple: tuple[Term | None, Term | None, Term | None], look: Look) -> bool:
    return None not in triple and next(iter(look(*triple)), None) is not None


def _constructed(template: Iterable[Pattern], row: Binding) -> Iterator[Triple]:
    for pattern in template:
        subject, predicate, value = filled(pattern, row)  # type: ignore[arg-type]  # names of variables are strings
        if isinstance(subject, Iri) and isinstance(predicate, Iri) and value is not None:
            yield subject, predicate, value


def _texts(project: Path) -> list[str]:
    """The rules of a project in the order in which they run."""
    return [path.read_text(encoding="utf-8") for path in sorted((project / RULES).glob("*.rq"))]


def _release_date(rule: str, today: datetime.date) -> Binding:
    """What to bind for a rule: the day, if it asks for it; the engine refuses what it does not."""
    date = Literal(today.isoformat(), datatype=XSD + "date")
    return {RELEASE_DATE: date} if f"?{RELEASE_DATE}" in rule else {}


def _quads(triples: Iterable[Triple]) -> list[Quad]:
    return [(*triple, GRAPH) for triple in triples]
