"""Views of questions in words and of searches: what was understood, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graph_service.terms import Iri, Literal
from graph_service.views.activities import Activities
from graph_service.views.values import Answer


@dataclass(frozen=True, slots=True)
class Answered(Answer):
    """The answer to a question in words, and how the question was understood."""

    question: str = ""
    understood: Mapping[str, str] = field(default_factory=dict)  # parameter → slug, code or date
    not_understood: tuple[str, ...] = ()  # words of the question
    records: tuple[Iri, ...] = ()  # that the question names


@dataclass(frozen=True, slots=True)
class AnsweredActivities(Activities):
    """The activities that a question in words asks for, and how the question was understood."""

    question: str = ""
    understood: Mapping[str, str] = field(default_factory=dict)  # parameter → slug, code or date
    not_understood: tuple[str, ...] = ()  # words of the question
    records: tuple[Iri, ...] = ()  # that the question names


@dataclass(frozen=True, slots=True)
class Interpretation:
    """How a question in words was understood, where that is not enough to answer it."""

    question: str
    understood: Mapping[str, str]  # parameter → slug, code or date
    unclear: Mapping[str, tuple[str, ...]]  # parameter → slugs between which the words do not decide
    not_understood: tuple[str, ...]  # words of the question
    elsewhere: tuple[str, ...]  # places that the graph is not about, as they were written
    records: tuple[Iri, ...]  # that the question names
    leads_to: str | None  # the address of what was understood, with the rest left out
    examples: tuple[str, ...]  # questions that are understood


@dataclass(frozen=True, slots=True)
class Hit:
    """One record that a search found."""

    iri: Iri
    matched: Literal  # the name that fits, in its language
    how: str  # exact, beginning, words, near
    country: Iri | None  # of an institution


@dataclass(frozen=True, slots=True)
class Group:
    """What a search found of one kind of record, the best first."""

    kind: str
    count: int  # of all; at most sixty are listed
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, by kind of record."""

    question: str
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        """How many records were found."""
        return sum(each.count for each in self.groups)
