"""Searching: the names of a release, put in order once, to be searched and to read questions with.

Plain Python over some ten thousand names: a search looks at all of them in a few hundredths of a second, and there is
no second copy of the data to be kept in step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from babel import Locale

from graph_service import understanding
from graph_service.asking import BY_AXIS, once_per_release
from graph_service.release import Release
from graph_service.terms import ELP, LANGUAGES, PREFIXES, Binding, Iri, Literal, choose, compact, fold, record_key
from graph_service.understanding import BODY, ELSEWHERE, INTENT, ORDINARY, OTHER, RECORD, Name, Understood, Vocabulary
from graph_service.views.words import Found, Group, Hit

NAMES = "vocabulary/names"  # the query of all names
EVENT_KIND = "event_kind"
QUESTION_WORDS = PREFIXES["concept"] + "question-words"
EVENT_KINDS = PREFIXES["concept"] + "event-kinds"
SCHEMES_BESIDE: Mapping[str, str] = {EVENT_KINDS: EVENT_KIND}  # concepts that questions name, beside the parameters
NAMED_RECORDS = {"institution", "organisation", "partner"}  # what a question can be about as such
PROGRAMMES = {"programme", "plan"}  # everything here is about them: naming them narrows nothing
_LABEL, _TITLE = PREFIXES["rdfs"] + "label", PREFIXES["dcterms"] + "title"
_HIDDEN = PREFIXES["skos"] + "hiddenLabel"
_CODES = {ELP + "acronym", ELP + "isoAlpha3"}

MAX_HITS = 60  # of one kind
NEAR_ENOUGH = 3  # letters that a search word must have for near names to be looked for
# kinds in the order in which they are shown; evidence, mandates and the like have no names
ORDER = (
    "country", "roadmap", "axis", "component", "institution", "organisation", "event", "partner", "programme", "plan",
    "concept", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of one record, ready to be compared."""

    iri: Iri
    kind: str
    name: Literal
    hidden: bool  # not to be shown as a name
    folded: str  # words, lower case, without accents, with one space between


@dataclass(frozen=True, slots=True)
class Index:
    """The names of a release."""

    entries: tuple[Entry, ...]
    vocabulary: Vocabulary
    countries: Mapping[str, str]  # IRI of an institution → slug of its country


def understand(release: Release, question: str, language: str) -> Understood:
    """Read a question in words; see `understanding`.

    The name of a body is one only where the question is about that body; else the words in it are read as words,
    where they mean something: "cybercrime unit" is the name of some, and what many ask for.
    """
    vocabulary = index(release).vocabulary
    first = understanding.understand(vocabulary, question, language)
    if not any(each.part == BODY for each in first.meanings) or _alone(release, first):
        return first
    again = understanding.understand(vocabulary, question, language, passed_over=(BODY,))
    whole = set(again.not_understood) <= set(first.not_understood)
    return replace(again, records=first.records) if whole else first


def _alone(release: Release, understood: Understood) -> bool:
    """Whether a question names one body and nothing beside it but its country."""
    beside = understood.parts.keys() - {"country", understanding.AS_OF} or understood.intents or understood.unclear
    return not beside and len(records_of(release, understood)) == 1


def records_of(release: Release, understood: Understood) -> tuple[Iri, ...]:
    """The records that a question names; where it names a country too, those of that country."""
    country, countries = understood.parts.get("country"), index(release).countries
    named = [Iri(each) for each in understood.records]
    own = [each for each in named if not country or countries.get(each, country) == country]
    return tuple(own)


def country_of(release: Release, record: str) -> str:
    """The slug of the country of an institution; empty for other records."""
    return index(release).countries.get(record, "")


def search(release: Release, text: str) -> Found:
    """Names like a text: exact ones first, then those of which it is the beginning, then near ones.

    Accents and case do not matter. Each record stands once, under the name that fits best.
    """
    question = understanding.clean(text)
    wanted = _words(question)
    best: dict[Iri, tuple[int, int, Entry]] = {}
    for entry in index(release).entries if wanted else ():
        rank = _rank(wanted, entry)
        if rank is not None and (entry.iri not in best or (rank, len(entry.folded)) < best[entry.iri][:2]):
            best[entry.iri] = (rank, len(entry.folded), entry)
    if wanted and not best:
        best = _near(wanted, index(release).entries)
    groups: dict[str, list[tuple[int, int, Entry]]] = defaultdict(list)
    for each in best.values():
        groups[each[2].kind].append(each)
    shown = sorted(groups, key=lambda kind: (min(each[0] for each in groups[kind]), ORDER.index(kind)))
    return Found(question, tuple(_group(release, kind, groups[kind]) for kind in shown))


@once_per_release
def index(release: Release) -> Index:
    """The names of a release, read once."""
    rows = release.ask(NAMES).rows
    countries = {str(row["record"]): compact(str(row["country"])) for row in rows if "country" in row}
    names = [*_names(release, rows), *_places(release)]
    return Index(tuple(_entries(rows)), Vocabulary(names, _months()), countries)


def _entries(rows: Iterable[Binding]) -> Iterator[Entry]:
    for row in rows:
        iri, name = Iri(str(row["record"])), row["name"]
        key = record_key(iri)
        if key and key[0] in ORDER and isinstance(name, Literal) and str(row.get("scheme")) != QUESTION_WORDS:
            yield Entry(iri, key[0], name, str(row["property"]) == _HIDDEN, _words(name.value))


def _words(text: str) -> str:
    """A text as words alone.

    >>> _words("Núcleo-2 (Perú)")
    'nucleo 2 peru'
    """
    return " ".join("".join(char if char.isalnum() else " " for char in fold(text)).split())


def _rank(wanted: str, entry: Entry) -> int | None:
    """0: the name itself, 1: it begins so, 2: its words begin so, in this order or another; None: it does not fit."""
    if entry.folded == wanted:
        return 0
    if entry.folded.startswith(wanted):
        return 1
    words = entry.folded.split()
    fits = all(any(word.startswith(each) for word in words) for each in wanted.split())
    return 2 if fits else None


def _near(wanted: str, entries: Iterable[Entry]) -> dict[Iri, tuple[int, int, Entry]]:
    """Names of which each word of a text is near one, where none fits."""
    near: dict[str, frozenset[str]] = {}
    asked = wanted.split()[: understanding.MAX_TYPOS_SOUGHT]
    known = {word for entry in entries for word in entry.folded.split()}
    for word in asked:
        allowed = understanding.allowance(len(word))
        near[word] = frozenset(
            each
            for each in known
            if each == word
            or (
                allowed and len(word) > NEAR_ENOUGH and abs(len(each) - len(word)) <= allowed
                and understanding.edits(word, each, allowed) is not None
            )
        )  # fmt: skip
    found: dict[Iri, tuple[int, int, Entry]] = {}
    for entry in entries if all(near.values()) else ():
        words = set(entry.folded.split())
        if all(near[word] & words for word in asked) and (
            entry.iri not in found or len(entry.folded) < found[entry.iri][1]
        ):
            found[entry.iri] = (3, len(entry.folded), entry)
    return found


def _group(release: Release, kind: str, found: Sequence[tuple[int, int, Entry]]) -> Group:
    ranked = sorted(found, key=lambda each: (each[0], each[1], each[2].folded, each[2].iri))
    hits = tuple(_hit(release, rank, entry) for rank, _, entry in ranked[:MAX_HITS])
    return Group(kind, len(found), hits)


def _hit(release: Release, rank: int, entry: Entry) -> Hit:
    country = country_of(release, entry.iri)
    place = next((each.iri for each in release.members("elp:Country") if each.slug == country), None)
    return Hit(entry.iri, entry.name, ("exact", "beginning", "words", "near")[rank], place)


def _names(release: Release, rows: Iterable[Binding]) -> Iterator[Name]:
    """What the names of the graph mean in a question."""
    parameters = {each.name: each.scheme for each in release.question(BY_AXIS).parameters if each.scheme}
    members = {each.iri: (name, each.slug) for name, scheme in parameters.items() for each in release.members(scheme)}
    for row in rows:
        iri, name, role = Iri(str(row["record"])), row["name"], str(row["property"])
        language = name.language if isinstance(name, Literal) else None
        part, value = members.get(iri) or _beside(iri, row)
        if part in (BODY, RECORD) and role not in (_LABEL, *_CODES, PREFIXES["skos"] + "altLabel"):
            continue
        if part:
            yield Name(part, value, str(name), language, role in _CODES and _short(str(name), part), iri)
    for member in release.members("elp:Country"):
        yield Name("country", member.slug, member.slug, None, True, member.iri)


def _beside(iri: Iri, row: Binding) -> tuple[str, str]:
    """The part and value of a name that is no parameter of the main question; empty where it says nothing there."""
    scheme, kind = str(row.get("scheme", "")), (record_key(iri) or ("", ""))[0]
    if scheme == QUESTION_WORDS:
        notation = str(row["slug"])
        return (notation, "") if notation in (ORDINARY, OTHER) else (INTENT, notation)
    if scheme in SCHEMES_BESIDE:
        return SCHEMES_BESIDE[scheme], str(row["slug"])
    if kind in NAMED_RECORDS:
        return BODY if kind == "institution" else RECORD, str(iri)
    if kind in PROGRAMMES and str(row["property"]) != _TITLE:
        return ORDINARY, ""
    return (ELSEWHERE, str(iri)) if kind == "country" else ("", "")


def _short(name: str, part: str) -> bool:
    """Whether a code is so short that it could be a word: then it counts in capitals only."""
    return part == "country" or len(name) <= 2


def _places(release: Release) -> Iterator[Name]:
    """Countries that the graph is not about, in our languages (CLDR), so that none is taken for another."""
    own = {fold(str(label)) for member in release.members("elp:Country") for label in member.labels}
    codes = {member.slug for member in release.members("elp:Country")}
    for language in LANGUAGES:
        for code, name in _territories(language).items():
            if code not in codes and len(code) == 2 and fold(name) not in own:
                yield Name(ELSEWHERE, code, name, language)


@cache
def _territories(language: str) -> Mapping[str, str]:
    return dict(Locale.parse(language).territories)


@cache
def _months() -> Mapping[str, int]:
    """The names of months in our languages, folded."""
    widths = (("format", "wide"), ("stand-alone", "wide"))
    return {
        fold(name): number
        for language in LANGUAGES
        for context, width in widths
        for number, name in Locale.parse(language).months[context][width].items()
    }


def name_of(release: Release, iri: Iri, language: str) -> str:
    """The name of a record in a language, else its slug."""
    found = choose(release.labels(iri), language)
    return found.value if found else compact(iri)
