"""The sentence: the question as its form asks it, read from what was chosen and filled in again. No HTTP.

What is asked for decides which query answers and what `kind` and `as_of` mean: institutions of a kind that held a
mandate then, or activities of a kind that took place then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from graph_service.asking import BY_AXIS, EVENTS
from graph_service.dates import parse_period
from graph_service.errors import UnknownTerm, nearest
from graph_service.release import Member, Release
from graph_service.terms import Iri
from graph_service.understanding import AS_OF, clean
from graph_service.web.language import later, translations

WHAT, KIND, PERIOD = "what", "kind", "period"
INSTITUTIONS, ACTIVITIES = "institutions", "activities"
QUERIES: Mapping[str, str] = {INSTITUTIONS: BY_AXIS, ACTIVITIES: EVENTS}  # what can be asked for → what answers it
THINGS: Mapping[str, str] = {INSTITUTIONS: later("institutions"), ACTIVITIES: later("activities")}
KINDS: Mapping[str, str] = {INSTITUTIONS: later("Kinds of institutions"), ACTIVITIES: later("Kinds of activities")}
RECORDS: Mapping[str, str] = {INSTITUTIONS: "mandate", ACTIVITIES: "iri"}  # the column of what is counted
FIELDS: Mapping[str, str] = {  # the parts of the sentence, as messages and other pages name them
    WHAT: later("What to look for"),
    "axis": later("Axis"),
    "country": later("Country"),
    "component": later("Component"),
    KIND: later("Kind"),
    AS_OF: later("As of (day, month or year)"),
}
# a part that is left open
ANY: Mapping[str, str] = {
    "component": later("Any component"),
    KIND: later("Any kind"),
    "country": later("Any country"),
    "axis": later("Any axis"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A question: what is asked for, and its parts as they were understood."""

    what: str = INSTITUTIONS
    values: Mapping[str, str] = field(default_factory=dict)  # of the query that answers it
    left_aside: Mapping[str, str] = field(default_factory=dict)  # parts that do not apply to what is asked for
    timed: bool = False  # whether a time was given; else it is today for institutions, any time for activities

    @property
    def query(self) -> str:
        """The name of the query that answers it."""
        return QUERIES[self.what]

    @property
    def parameters(self) -> Mapping[str, str]:
        """Its parts as addresses name them; institutions are what is asked for where nothing is said."""
        named = {AS_OF if name == PERIOD else name: value for name, value in self.values.items()}
        return named if self.what == INSTITUTIONS else {WHAT: self.what, **named}

    @property
    def chosen(self) -> Mapping[str, str]:
        """Its parts as the form shows them: those that were given, also where they do not apply."""
        given = {name: value for name, value in self.parameters.items() if name != AS_OF or self.timed}
        return {**given, **self.left_aside}

    @property
    def link(self) -> str:
        """Its parts as the query of an address."""
        return urlencode({name: value for name, value in self.chosen.items() if name not in self.left_aside})


@dataclass(frozen=True, slots=True)
class Wider:
    """A wider question than one without an answer: what is left open, and how many records it gives."""

    words: str
    address: str
    count: int


def read(release: Release, given: Mapping[str, str]) -> Sentence:
    """The question that was chosen. A kind of the other sort of things does not apply: it is left aside, and told.

    Raises:
        UnknownTerm, MalformedValue: a part is not in the graph, or cannot be read.
    """
    what = given.get(WHAT, INSTITUTIONS).strip().casefold()
    if what not in QUERIES:
        raise UnknownTerm("thing to ask for", given=given[WHAT], near=nearest(what, list(QUERIES)), parameter=WHAT)
    if AS_OF in given:
        parse_period(given[AS_OF], parameter=AS_OF)  # the query may know it under another name
    aside = {KIND: kind} if (kind := _other_kind(release, what, given.get(KIND, ""))) else {}
    own = {name: value for name, value in given.items() if name != WHAT and name not in aside}
    if what == ACTIVITIES and AS_OF in own:
        own[PERIOD] = own.pop(AS_OF)
    return Sentence(what, release.understood(QUERIES[what], own), aside, timed=AS_OF in given)


def form(release: Release, chosen: Mapping[str, str]) -> Mapping[str, object]:
    """What the form needs: the choices of each part, and what is chosen."""
    asked = {name: clean(chosen.get(name, "")) for name in FIELDS}
    what = asked[WHAT] if asked[WHAT] in QUERIES else INSTITUTIONS
    options = {name: release.members(_scheme(release, INSTITUTIONS, name)) for name in ("axis", "country", "component")}
    kinds = [(words, release.members(_scheme(release, each, KIND))) for each, words in KINDS.items()]
    return {
        "asked": {**asked, WHAT: what},
        "options": options,
        "things": THINGS,
        "kinds": kinds,
        "behind": QUERIES[what],
    }


def named(release: Release, sentence: Sentence) -> tuple[Iri, ...]:
    """The records that its parts name."""
    return tuple(
        iri
        for name in ("axis", "country", "component", KIND)
        if (iri := record(release, sentence.what, name, sentence.values.get(name, "")))
    )


def record(release: Release, what: str, name: str, value: str) -> Iri | None:
    """The record that a part of a question names; None where it is left open."""
    return release.find(_scheme(release, what, name), value, kind=name, parameter=name).iri if value else None


def left_aside(release: Release, sentence: Sentence) -> Mapping[str, Iri]:
    """The records that parts name which do not apply."""
    other = next(each for each in QUERIES if each != sentence.what)
    found = {name: record(release, other, name, value) for name, value in sentence.left_aside.items()}
    return {name: iri for name, iri in found.items() if iri}


def wider(release: Release, sentence: Sentence, language: str) -> Iterator[Wider]:
    """The same question with one part left open, where that has an answer."""
    say = translations(language).gettext
    open_parts = {**ANY, PERIOD: later("Any time")}
    for name, words in open_parts.items():
        if name in sentence.values:
            values = {key: value for key, value in sentence.values.items() if key != name}
            question = replace(sentence, values=values, timed=sentence.timed and name != PERIOD)
            count = len({row[RECORDS[sentence.what]] for row in release.ask(sentence.query, values).rows})
            if count:
                yield Wider(say(words), f"/ask?{question.link}", count)


def _other_kind(release: Release, what: str, kind: str) -> str:
    """The kind, where it is not one of what is asked for but one of the other; else empty."""
    for each in QUERIES if kind else ():
        with suppress(UnknownTerm):
            found: Member = release.find(_scheme(release, each, KIND), kind, kind=KIND)
            return "" if each == what else found.slug
    return ""


def _scheme(release: Release, what: str, name: str) -> str:
    return release.question(QUERIES[what]).parameter(name).scheme or ""
