"""Wording: where a question in somebody's own words leads, and what to say where it does not lead far enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graph_service import searching
from graph_service.asking import BY_AXIS
from graph_service.comparing import COMPARED
from graph_service.release import Release
from graph_service.searching import EVENT_KIND, name_of
from graph_service.terms import Iri, record_key
from graph_service.understanding import AS_OF, Understood
from graph_service.views.words import Interpretation
from graph_service.web.language import later, translations
from graph_service.web.render import address
from graph_service.web.sentence import ACTIVITIES, KIND, WHAT
from graph_service.web.wanted import EVERYWHERE, Wanted

QUESTION = "q"  # the parameter with the words
TOPICS = ("axis", "component", "kind", EVENT_KIND)  # what a question can be about, beside a place and a time
EXAMPLES = (
    later("Who covers %(axis)s in %(country)s?"),
    later("%(kind)s in %(country)s"),
    later("Roadmap of %(country)s"),
)


@dataclass(frozen=True, slots=True)
class Lead:
    """The address that answers a question."""

    path: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values between which the words do not decide, and the question with that value."""

    part: str
    iri: Iri
    address: str


def lead(release: Release, understood: Understood) -> Lead | None:
    """Where what was understood is answered, whatever was not; None where nothing was, or it is unclear."""
    parts, intents = understood.parts, understood.intents
    countries = understood.unclear.get("country", ())
    if "comparison" in intents and len(countries) in COMPARED:
        return Lead("/compare", _given({"countries": ",".join(countries), AS_OF: parts.get(AS_OF, "")}))
    if understood.unclear or understood.nothing:
        return None
    if record := _only_record(release, understood):
        return Lead(address(record), {})
    if "roadmap" in intents:
        country = parts.get("country", "")
        return Lead(f"/roadmaps/{country}", _only(parts, AS_OF)) if country else Lead("/roadmaps", {})
    if _asks_for_events(understood):
        return _events(release, understood)
    if "gaps" in intents:
        return Lead("/queries/coverage/gaps", _only(parts, "country", "axis"))
    if "organisations" in intents and not parts.keys() & {"axis", "component", "kind"}:
        return Lead("/organisations", _only(parts, "country"))
    names = [each.name for each in release.question(BY_AXIS).parameters]
    values = _only(_with_country(release, understood), *names)
    return Lead("/ask", values) if values.keys() - {AS_OF} else None


def sufficient(understood: Understood) -> bool:
    """Whether enough was understood to answer without asking back.

    Not where a place was named that the graph is not about; nor where words were left that may well be the very
    topic or place, or outnumber what was understood.
    """
    if understood.elsewhere:
        return False
    left = sum(len(words.split()) for words in understood.not_understood)
    topic = any(part in understood.parts for part in TOPICS) or bool({*understood.intents} - {"institutions"})
    placed = "country" in understood.parts or bool(understood.unclear.get("country"))
    return not left or (topic and placed and left <= len(understood.meanings))


def led(wanted: Wanted, question: str, lead: Lead) -> str:
    """The address that a question leads to: in the same language and format, as of the same release; where the answer
    shows how the question was understood, with the question."""
    kept = tuple((name, value) for name, value in wanted.given if name in EVERYWHERE)
    own = {**lead.values, **_only(dict(wanted.given), AS_OF)} if lead.path == "/ask" else dict(lead.values)
    asked = ((QUESTION, question),) if lead.path == "/ask" else ()
    return replace(wanted, given=(*own.items(), *asked, *kept)).moved(lead.path)


def interpretation(release: Release, understood: Understood, language: str) -> Interpretation:
    """What to say of a question that is not answered."""
    found = lead(release, understood)
    asked = replace(Wanted(path=found.path), given=tuple(found.values.items())).address() if found else None
    return Interpretation(
        question=understood.question,
        understood=told(understood),
        unclear=understood.unclear,
        not_understood=understood.not_understood,
        elsewhere=understood.elsewhere,
        records=searching.records_of(release, understood),
        leads_to=asked,
        examples=examples(release, language),
    )


def told(understood: Understood) -> Mapping[str, str]:
    """What was understood, by parameter; which kind of answer is wanted as `intent`."""
    intent = next((each for each in understood.intents if each != "institutions"), "")
    return {**understood.parts, **({"intent": intent} if intent else {})}


def chosen(understood: Understood) -> dict[str, str]:
    """What was understood, as the sentence names its parts; a kind of institution goes along to activities only where
    none of activities is named, so that it is told to be left aside."""
    parts = {name: value for name, value in understood.parts.items() if name != EVENT_KIND}
    if not _asks_for_events(understood):
        return parts
    return {WHAT: ACTIVITIES, **parts, **_given({KIND: understood.parts.get(EVENT_KIND, "")})}


def choices(release: Release, understood: Understood) -> Iterator[Choice]:
    """The question with each of the values between which its words do not decide."""
    for part, values in understood.unclear.items():
        rest = {name: each for name, each in understood.unclear.items() if name != part}
        for value in values:
            parts = {**understood.parts, part: value}
            found = lead(release, replace(understood, parts=parts, unclear=rest if len(rest) else {}))
            if found and (iri := _iri(release, part, value)):
                yield Choice(part, iri, replace(Wanted(path=found.path), given=tuple(found.values.items())).address())


def compared(understood: Understood) -> str:
    """The address at which the countries of a question stand side by side; empty where they cannot."""
    countries = understood.unclear.get("country", ())
    exact = all(each.distance == 0 for each in understood.meanings if any(n.part == "country" for n in each.names))
    return f"/compare?countries={','.join(countries)}" if exact and len(countries) in COMPARED else ""


def examples(release: Release, language: str) -> tuple[str, ...]:
    """Questions that are understood, made of names of the graph."""
    query, say = release.question(BY_AXIS), translations(language).gettext
    names: dict[str, str] = {}
    for parameter in query.parameters:
        members = release.members(parameter.scheme) if parameter.scheme else ()
        if members:
            wished = query.example.get(parameter.name)
            chosen = next((each for each in members if each.slug == wished), members[0])
            names[parameter.name] = name_of(release, chosen.iri, language)
    asked = [(words, [name for name in names if f"%({name})s" in words]) for words in EXAMPLES]
    return tuple(say(words) % names for words, own in asked if len(own) == words.count("%("))


def _events(release: Release, understood: Understood) -> Lead:
    """The activities of a question: as the sentence asks for them, which cannot name an organisation."""
    bodies = [key[1] for each in searching.records_of(release, understood)
              if (key := record_key(each)) and key[0] == "organisation"]  # fmt: skip
    values = chosen(understood)
    if len(bodies) == 1:
        named = _given({"period": values.pop(AS_OF, ""), "organisation": bodies[0]})
        return Lead("/queries/events/by", {name: each for name, each in values.items() if name != WHAT} | named)
    return Lead("/ask", values) if values.keys() - {WHAT} else Lead("/events", {})


def _asks_for_events(understood: Understood) -> bool:
    kinds = EVENT_KIND in understood.parts and KIND not in understood.parts
    return (kinds and "institutions" not in understood.intents) or "activities" in understood.intents


def _only_record(release: Release, understood: Understood) -> Iri | None:
    """The one record that is all that a question names, its country apart."""
    if understood.intents or understood.parts.keys() - {"country", AS_OF}:
        return None
    found = searching.records_of(release, understood)
    return found[0] if len(found) == 1 else None


def _with_country(release: Release, understood: Understood) -> Mapping[str, str]:
    """The parts, with the country of the one institution that is named, where no country is."""
    found = searching.records_of(release, understood)
    country = searching.country_of(release, found[0]) if len(found) == 1 else ""
    return {**_given({"country": country}), **understood.parts}


def _iri(release: Release, part: str, value: str) -> Iri | None:
    query = release.question(BY_AXIS)
    scheme = next((each.scheme for each in query.parameters if each.name == part), searching.EVENT_KINDS)
    return next((each.iri for each in release.members(scheme or "") if each.slug == value), None)


def _only(values: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: values[name] for name in names if values.get(name)}


def _given(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
