"""Understanding: a question in somebody's own words, read against the names of things. Pure; no store, no HTTP.

The vocabulary is all there is to know: names, each with the part of a question that it fills. Case, accents, spaces
and hyphens do not matter; typos are forgiven within a bounded edit distance (Damerau-Levenshtein, adjacent letters
swapped count once). Nothing is guessed beyond that: where words could mean two things, both are told, and what no
name explains is told as not understood.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from graph_service.terms import fold

RECORD, BODY = "record", "body"  # something with a page of its own; a national body
ELSEWHERE, INTENT, ORDINARY, OTHER = "elsewhere", "intent", "ordinary", "other"
AS_OF = "as_of"

MAX_WORDS = 80  # read of a question; the rest is told as not understood
MAX_SPAN = 9  # words that one name may take up
MAX_TYPOS_SOUGHT = 24  # unknown words for which near names are sought
SHORT = 5  # up to so many letters, most words are one letter away from another word
ACRONYM = 8  # names of bodies shorter than this forgive no typo
JOINED_LETTERS = 7  # a name this long may be written in fewer or more words than it has
_WORD = re.compile(r"[^\W_]+")
_DAY = re.compile(r"(?<![\w-])((?:19|20)\d\d)(?:-(\d\d)(?:-(\d\d))?)?(?![\w-])")
_PLACES = ("country", ELSEWHERE)
_RECORDS = (RECORD, BODY)
_IDLE = (ORDINARY, OTHER)  # known, and nothing to ask for
_FIRM = ("axis", "component", "kind", "country", RECORD, BODY)  # parts whose names are more than common words
_SPECIFIC = ("axis", "component", "kind", "country")  # where one word could fill two parts, the first one


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a thing, and which part of a question it fills."""

    part: str  # a parameter of the question, or one of the words above
    value: str  # what the part is then: a slug, or the IRI of a record
    text: str
    language: str | None = None
    capitals: bool = False  # counts only as it is written: codes, and acronyms that are words as well
    iri: str = ""  # of what it names


@dataclass(frozen=True, slots=True)
class Meaning:
    """Words of a question, and the names that they are read as: those of the fewest typos."""

    words: str  # as they were written
    start: int  # place of the first word, from 0
    end: int
    distance: int  # typos
    names: tuple[Name, ...]

    @property
    def part(self) -> str:
        """The part that it fills, where its names could fill several."""
        found = {name.part for name in self.names}
        return min(found, key=lambda part: (part in _RECORDS, _SPECIFIC.index(part) if part in _SPECIFIC else 9, part))

    @property
    def iris(self) -> tuple[str, ...]:
        """What it is read as."""
        return tuple(dict.fromkeys(name.iri for name in self.names if name.part == self.part and name.iri))


@dataclass(frozen=True, slots=True)
class Understood:
    """How a question was understood."""

    question: str  # without control characters
    parts: Mapping[str, str]  # part → value, where there is exactly one
    unclear: Mapping[str, tuple[str, ...]]  # part → values, where the words name several or could mean several
    intents: tuple[str, ...]
    records: tuple[str, ...]  # IRIs of records that are named
    elsewhere: tuple[str, ...]  # places outside the graph, as they were written
    not_understood: tuple[str, ...]  # as they were written
    meanings: tuple[Meaning, ...]  # in order; ordinary words left out

    @property
    def nothing(self) -> bool:
        """Whether nothing that could be asked for was understood."""
        return not (self.parts.keys() - {AS_OF} or self.unclear or self.intents or self.records)


@dataclass(frozen=True, slots=True)
class _Word:
    folded: str
    written: str
    start: int
    end: int


class Vocabulary:
    """Names to read questions with; built once, read often."""

    def __init__(self, names: Iterable[Name], months: Mapping[str, int] | None = None) -> None:
        """Take the names in.

        Args:
            months: names of months, folded → 1 to 12.
        """
        self.months = dict(months or {})
        self._exact: dict[str, list[tuple[tuple[str, ...], Name]]] = defaultdict(list)
        for name in names:
            words = tuple(fold(word) for word in _WORD.findall(unicodedata.normalize("NFC", name.text)))
            if words:
                self._exact["".join(words)].append((words, name))
        self.ordinary = {key for key, found in self._exact.items() if any(name.part == ORDINARY for _, name in found)}
        self._near: dict[int, list[tuple[str, int, bool]]] = defaultdict(list)
        for key, found in self._exact.items():
            if len(key) > 3 and any(_forgiving(name) for _, name in found):
                self._near[len(key)].append((key, _letters(key), any(name.part in _PLACES for _, name in found)))
        self._words = {word for found in self._exact.values() for words, _ in found for word in words}

    def known(self, word: str) -> bool:
        """Whether a word stands in some name, so that it is no typo."""
        return word in self._words or word in self._exact

    def exact(self, words: Sequence[_Word], shouted: bool) -> tuple[Name, ...]:
        """Names that are written with these words; long ones also where they are divided otherwise."""
        folded = tuple(word.folded for word in words)
        key = "".join(folded)
        written = "".join(word.written for word in words)
        return tuple(
            name
            for own, name in self._exact.get(key, ())
            if (name.part != OTHER or len(words) > 1)
            and (own == folded or (len(key) >= JOINED_LETTERS and _forgiving(name)))
            and self._as_written(name, key, written, shouted)
        )

    def near(self, words: Sequence[_Word]) -> tuple[int, tuple[Name, ...]]:
        """Names that these words may be meant to be, and how many typos they then hold; with a place also
        others that are nearly as near, unless it begins as it should: one country must not turn into another."""
        key = "".join(word.folded for word in words)
        found = [
            (distance, known)
            for distance, known in self._around(key)
            if self._begins(words, known) and any(_near_enough(name, known, distance) for _, name in self._exact[known])
        ]
        best = min((distance for distance, known in found if distance <= allowance(len(known))), default=None)
        if best is None:
            return 0, ()
        names = [
            (distance, name)
            for distance, known in found
            for _, name in self._exact[known]
            if _near_enough(name, known, distance)
        ]
        sure = any(distance == best and known[0] == key[0] for distance, known in found)
        return best, tuple(
            name
            for distance, name in names
            if distance == best or (name.part in _PLACES and distance == best + 1 and not sure)
        )

    def _around(self, key: str) -> Iterator[tuple[int, str]]:
        """Names within the allowed distance of a word, places also one further."""
        letters = _letters(key)
        for length in range(len(key) - 4, len(key) + 5):
            for known, own, place in self._near.get(length, ()):
                most = allowance(min(length, len(key))) + place
                if abs(length - len(key)) <= most and (letters ^ own).bit_count() <= 2 * most:
                    distance = edits(key, known, most)
                    if distance is not None:
                        yield distance, known

    def _begins(self, words: Sequence[_Word], known: str) -> bool:
        """An ordinary word at either end belongs to a name only if the name has it there too."""
        first, last = words[0].folded, words[-1].folded
        divided = [own for own, _ in self._exact[known]]
        return (first not in self.ordinary or any(own[0] == first for own in divided)) and (
            last not in self.ordinary or any(own[-1] == last for own in divided)
        )

    def _as_written(self, name: Name, key: str, written: str, shouted: bool) -> bool:
        if not name.capitals:
            return True
        return written == name.text.replace(" ", "") and not (shouted and key in self.ordinary)


def understand(vocabulary: Vocabulary, text: str, language: str = "", passed_over: Collection[str] = ()) -> Understood:
    """Read a question.

    Args:
        passed_over: parts whose names are not looked for.
        language: of the page; decides between names of several languages where the question itself does not.

    >>> names = [Name("axis", "trade", "Smuggling"), Name("country", "XX", "Utopia"), Name(ORDINARY, "", "in")]
    >>> found = understand(Vocabulary(names), "Smugling in Útopía or Wonderland?")
    >>> sorted(found.parts.items()), found.not_understood
    ([('axis', 'trade'), ('country', 'XX')], ('or Wonderland',))
    """
    question = clean(text)
    as_of, blanked = _period(vocabulary, question)
    words = [_Word(fold(found.group()), found.group(), found.start(), found.end()) for found in _WORD.finditer(blanked)]
    read = words[:MAX_WORDS]
    found = [_without(each, passed_over) for each in _meanings(vocabulary, read, question)]
    meanings = _best([each for each in found if each.names], len(read))
    spoken = _spoken(meanings, language)
    meanings = [meaning for each in meanings if (meaning := _in_language(each, spoken))]
    telling = [each for each in meanings if each.names[0].part not in _IDLE]
    return _resolve(question, telling, [each for each in meanings if each.part != OTHER], words, as_of)


def clean(text: str) -> str:
    """A text without what nobody can see: control characters are spaces, format and direction marks are gone.

    >>> clean("Per\\u202eú\\x00 \\n gender")
    'Perú gender'
    """
    composed = unicodedata.normalize("NFC", text)
    kinds = ((char, unicodedata.category(char)) for char in composed)
    seen = "".join(
        " " if kind in ("Cc", "Zl", "Zp") else char for char, kind in kinds if kind not in ("Cf", "Cs", "Co")
    )
    return " ".join(seen.split())


def allowance(length: int) -> int:
    """How many typos a name of that many letters forgives; a short one only two letters swapped or one doubled."""
    return 0 if length < 4 else 1 if length < 10 else 2 if length < 14 else 3


def edits(given: str, known: str, most: int) -> int | None:
    """The edit distance of two words, adjacent letters swapped counting once; None where it is more than `most`.

    >>> edits("corupcion", "corrupcion", 2), edits("pero", "peru", 1), edits("preu", "peru", 1)
    (1, None, 1)
    """
    if min(len(given), len(known)) <= SHORT:
        slight = _swapped(given, known) or _doubled(given, known)
        return int(given != known) if most and (given == known or slight) else None
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, letter in enumerate(given, 1):
        two_before, before, row = before, row, [i] + [0] * len(known)
        for j, other in enumerate(known, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == known[j - 2] and given[i - 2] == other:
                row[j] = min(row[j], two_before[j - 2] + 1)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None


def _doubled(given: str, known: str) -> bool:
    return len(given) == len(known) + 1 and re.sub(r"(.)\1", r"\1", given) in (known, re.sub(r"(.)\1", r"\1", known))


def _swapped(given: str, known: str) -> bool:
    return sorted(given) == sorted(known) and sum(a != b for a, b in zip(given, known, strict=True)) == 2


def _letters(key: str) -> int:
    """The letters of a word as a set of bits: one typo changes two of them at most."""
    bits = 0
    for char in key:
        bits |= 1 << (ord(char) % 61)
    return bits


def _forgiving(name: Name) -> bool:
    """Whether a name may be written with typos; codes, acronyms, ordinary words and places elsewhere may not."""
    acronym = name.part in _RECORDS and len(name.text) < ACRONYM
    return not name.capitals and not acronym and name.part not in (ORDINARY, OTHER, ELSEWHERE)


def _near_enough(name: Name, key: str, distance: int) -> bool:
    """Whether so many typos are forgiven to a name: fewer to what many common words are near to."""
    return _forgiving(name) and (name.part in _FIRM or (distance < 2 and len(key) > 6))


def _period(vocabulary: Vocabulary, question: str) -> tuple[str, str]:
    """The last year, month or day that is named, as it is written in addresses; and the question without it."""
    found = ""
    for match in _DAY.finditer(question):
        year, month, day = (int(part or 1) for part in match.groups())
        with suppress(ValueError):
            datetime.date(year, month, day)
            found = match.group()
    blanked = _DAY.sub(lambda match: " " * len(match.group()), question) if found else question
    if len(found) == 4 and (month_named := _month(vocabulary, blanked)):
        match, number = month_named
        return f"{found}-{number:02}", blanked[: match.start()] + " " * len(match.group()) + blanked[match.end() :]
    return found, blanked


def _month(vocabulary: Vocabulary, text: str) -> tuple[re.Match[str], int] | None:
    for match in _WORD.finditer(text):
        if number := vocabulary.months.get(fold(match.group())):
            return match, number
    return None


def _meanings(vocabulary: Vocabulary, words: Sequence[_Word], question: str) -> Iterator[Meaning]:
    """Every way to read some words that follow each other."""
    letters = [char for char in question if char.isalpha()]
    shouted = len(words) > 1 and sum(char.isupper() for char in letters) > 0.6 * len(letters)
    unknown = [place for place, word in enumerate(words) if not vocabulary.known(word.folded)]
    sought = {place for place in unknown[:MAX_TYPOS_SOUGHT] if not words[place].folded.isdigit()}
    for start in range(len(words)):
        for end in range(start + 1, min(start + MAX_SPAN, len(words)) + 1):
            span = words[start:end]
            written = question[span[0].start : span[-1].end]
            if exact := vocabulary.exact(span, shouted):
                yield Meaning(written, start, end, 0, exact)
            elif any(place in sought for place in range(start, end)) and sum(len(w.folded) for w in span) <= 90:
                distance, near = vocabulary.near(span)
                if near:
                    yield Meaning(written, start, end, distance, near)


def _without(meaning: Meaning, passed_over: Collection[str]) -> Meaning:
    names = tuple(name for name in meaning.names if name.part not in passed_over)
    return meaning if len(names) == len(meaning.names) else replace(meaning, names=names)


def _best(meanings: Sequence[Meaning], count: int) -> list[Meaning]:
    """The meanings that together explain most, none overlapping: letters explained, less what typos cost."""
    by_end: dict[int, list[Meaning]] = defaultdict(list)
    for each in meanings:
        by_end[each.end].append(each)
    best: list[tuple[float, list[Meaning]]] = [(0.0, [])]
    for end in range(1, count + 1):
        chosen = best[end - 1]
        for each in by_end[end]:
            score = best[each.start][0] + _weight(each)
            if score > chosen[0]:
                chosen = (score, [*best[each.start][1], each])
        best.append(chosen)
    return best[count][1]


def _weight(meaning: Meaning) -> float:
    """How much a meaning explains; a long name more than the short ones it is made of, a common word little."""
    letters = sum(char.isalnum() for char in meaning.words)
    words = meaning.end - meaning.start
    if all(name.part in _IDLE for name in meaning.names):
        return letters * (0.3 if words == 1 else 1.2)
    return letters * (1 + 0.05 * words) - 2.5 * meaning.distance


def _spoken(meanings: Iterable[Meaning], language: str) -> frozenset[str]:
    """The languages that a question is most likely in: those of most of its words."""
    votes: Counter[str] = Counter()
    for meaning in meanings:
        own = {name.language for name in meaning.names if name.language and name.part not in _RECORDS}
        for each in own:
            votes[each] += 2
    if language:
        votes[language] += 1
    most = max(votes.values(), default=0)
    return frozenset(each for each, count in votes.items() if count == most)


def _in_language(meaning: Meaning, spoken: frozenset[str]) -> Meaning | None:
    """A meaning with the names of the question's language, where it has some.

    Axes, kinds and places are understood in any language; what kind of answer is wanted, and kinds of event, only in
    the question's own: short words that elsewhere are something else. None: nothing is left.
    """
    own = tuple(name for name in meaning.names if name.language in spoken or name.language is None)
    foreign = tuple(name for name in meaning.names if name.part in (*_SPECIFIC, *_RECORDS, ELSEWHERE, *_IDLE))
    names = own or foreign
    if any(name.part == ORDINARY for name in names) and any(name.part != ORDINARY for name in names):
        names = tuple(name for name in names if name.part != ORDINARY)
    return replace(meaning, names=names + _same_records(meaning, names)) if names else None


def _same_records(meaning: Meaning, names: Sequence[Name]) -> tuple[Name, ...]:
    """Names of records stand in whatever language."""
    return tuple(name for name in meaning.names if name.part in _RECORDS and name not in names)


def _resolve(
    question: str, meanings: Sequence[Meaning], all_meanings: Sequence[Meaning], words: Sequence[_Word], as_of: str
) -> Understood:
    """Make one reading of the meanings: a value for each part, or several that are told as unclear."""
    certain: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    typed: dict[str, list[tuple[tuple[str, ...], Meaning]]] = defaultdict(list)
    records: list[str] = []
    elsewhere: list[str] = []
    for meaning in meanings:
        records += [name.value for name in meaning.names if name.part in _RECORDS]
        part = meaning.part
        if part == ELSEWHERE:
            elsewhere.append(meaning.words)
        elif part not in _RECORDS:
            values = tuple(dict.fromkeys(name.value for name in meaning.names if name.part == part))
            if meaning.distance:
                typed[part].append((values, meaning))
            else:
                certain[part].append(values)
    lost = [meaning for part, each in typed.items() if certain[part] and part != INTENT for _, meaning in each]
    choices = {
        part: tuple(dict.fromkeys(value for values in certain[part] or [v for v, _ in typed[part]] for value in values))
        for part in (*certain, *typed)
    }
    intents = choices.pop(INTENT, ())
    parts = {part: values[0] for part, values in choices.items() if len(values) == 1}
    explained = {place for each in all_meanings if each not in lost for place in range(each.start, each.end)}
    return Understood(
        question=question,
        parts={**parts, **({AS_OF: as_of} if as_of else {})},
        unclear={part: values for part, values in choices.items() if len(values) > 1},
        intents=tuple(intents),
        records=tuple(dict.fromkeys(records)),
        elsewhere=tuple(elsewhere),
        not_understood=tuple(_left(question, words, explained)),
        meanings=tuple(each for each in meanings if each not in lost),
    )


def _left(question: str, words: Sequence[_Word], explained: set[int]) -> Iterator[str]:
    """What nothing explains, as it was written; words that follow each other together."""
    places = [place for place in range(len(words)) if place not in explained]
    starts = [place for before, place in pairwise([-2, *places]) if place != before + 1]
    for start in starts:
        end = start
        while end + 1 in places:
            end += 1
        yield question[words[start].start : words[end].end]
