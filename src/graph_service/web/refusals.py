"""Refusals: what is wrong with a question that was chosen, in words, over its form with everything kept. No HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graph_service.comparing import COMPARED
from graph_service.errors import MalformedValue, ParameterError, UnknownTerm, nearest
from graph_service.release import Release
from graph_service.web import sentence
from graph_service.web.language import translations
from graph_service.web.sentence import FIELDS
from graph_service.web.wanted import Wanted

MAX_SHOWN = 60  # letters of a value that cannot be used


def page(wanted: Wanted, release: Release, error: ParameterError | UnknownTerm | MalformedValue) -> str:
    """The form with what is wrong, the field named as people read it, and the same question put right."""
    return wanted.page(
        release,
        "refused.html",
        **sentence.form(release, dict(reversed(wanted.given))),
        words=None,
        named=(),
        refusal=_said(wanted, error),
        suggestions=tuple(_suggestions(wanted, error)),
        compared=_compared(release, _all(wanted, "country")),
    )


def _said(wanted: Wanted, error: ParameterError | UnknownTerm | MalformedValue) -> str:
    """What is wrong, in the language of the page."""
    say = translations(wanted.language).gettext
    name = error.parameter or ""
    if name not in FIELDS:
        return say("There is no field “%(name)s” in this question.") % {"name": _shown(name)}
    told = {"field": say(FIELDS[name]), "given": _shown(wanted.value(name))}
    if isinstance(error, MalformedValue):
        return say("%(field)s: “%(given)s” is no date. Write a day, month or year: 2018-06-01, 2018-06 or 2018.") % told
    if isinstance(error, UnknownTerm):
        return say("%(field)s: “%(given)s” is not known here.") % told
    return say("%(field)s: the question takes one value, and several were given.") % told


def _suggestions(wanted: Wanted, error: ParameterError | UnknownTerm | MalformedValue) -> Iterator[tuple[str, str]]:
    """The question put right: words → address. With a near name, one of several values, or the field that was meant."""
    name = error.parameter or ""
    kept = tuple(pair for pair in wanted.given if pair[0] != name)
    if name not in FIELDS:
        for field in nearest(name, list(FIELDS)):
            meant = replace(wanted, given=(*kept, (field, wanted.value(name))))
            yield translations(wanted.language).gettext(FIELDS[field]), meant.address()
        return
    for value in error.near if isinstance(error, UnknownTerm) else dict.fromkeys(_all(wanted, name)):
        if not isinstance(error, MalformedValue):
            yield _shown(value), replace(wanted, given=(*kept, (name, value))).address()


def _compared(release: Release, countries: list[str]) -> str:
    """Where several countries stand side by side; empty where they cannot."""
    known = {member.slug for member in release.members("elp:Country")}
    several = [code for each in dict.fromkeys(countries) if (code := each.strip().upper()) in known]
    return f"/compare?countries={','.join(several)}" if len(several) in COMPARED else ""


def _all(wanted: Wanted, name: str) -> list[str]:
    return [value for given, value in wanted.given if given == name]


def _shown(text: str) -> str:
    """A value as it can be read: characters that nobody can see are written out.

    >>> _shown("P\\u202eE")
    'P\\\\u202eE'
    """
    seen = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return seen if len(seen) <= MAX_SHOWN else seen[:MAX_SHOWN] + "…"
