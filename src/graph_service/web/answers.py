"""Answers: the home page and /ask. Who covers what, where, as of when; and what was done on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from graph_service import asking, formats, searching
from graph_service.asking import BY_AXIS
from graph_service.errors import MalformedValue, ParameterError, UnknownTerm
from graph_service.formats.json_schema import view_schema
from graph_service.release import Release
from graph_service.terms import Iri
from graph_service.understanding import AS_OF, Understood
from graph_service.views import Activities, Answer
from graph_service.views.words import Answered, AnsweredActivities, Interpretation
from graph_service.web import problems, refusals, respond, sentence, wording
from graph_service.web.language import later
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.sentence import ACTIVITIES, FIELDS, KIND, QUERIES, WHAT, Sentence
from graph_service.web.tiles import tiles
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["pages"])

# what the home page counts: class → the address of its list, and its name
HOLDINGS = {
    "Country": ("/countries", later("countries")),
    "Institution": ("/institutions", later("national institutions")),
    "Mandate": ("/ask", later("mandates: who covers which axis")),
    "Event": ("/events", later("activities")),
    "RegionalOrganisation": ("/organisations", later("regional organisations")),
    "TransversalAxis": ("/axes", later("axes")),
    "CoverageGap": ("/queries/coverage/gaps", later("gaps that a source tells of")),
    "Source": ("/queries/sources/all", later("sources")),
}
OFFERED = (HTML, JSON, CSV, *RDF_FORMATS)
VIEWS = (Answer, Answered, Activities, AnsweredActivities, Interpretation)
PARAMETERS = (
    {
        "name": WHAT,
        "in": "query",
        "description": "what is asked for; institutions where left out. Activities are those that took place at some "
        "time within as_of, at any time where that is left out",
        "allowEmptyValue": True,
        "schema": {"enum": list(QUERIES)},
    },
    {
        "name": KIND,
        "in": "query",
        "description": "only institutions, or activities, of this kind; a kind of the other is left aside",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
        "example": "prosecution-unit",
    },
    {
        "name": wording.QUESTION,
        "in": "query",
        "description": "a question in words, in any of the languages; without other parts it is read and leads to them",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
    },
)


def _in_words(request: Request) -> bool:
    return wording.QUESTION in request.query_params


InWords = Annotated[bool, Depends(_in_words)]  # whether there is a question in words, be it empty


@router.get("/", openapi_extra=about(HTML))
def home(wanted: Asked, release: CurrentRelease) -> Response:
    """The question, already answered once, and the coverage of all countries."""
    wanted.parameters(())
    asked = sentence.read(release, _example(release))
    return respond.respond(wanted, release, {HTML: lambda: _home_page(wanted, release, asked)}, values=asked.values)


@router.get(
    "/ask{suffix:suffix}",
    openapi_extra=about(
        *OFFERED,
        query=BY_AXIS,
        parameters=PARAMETERS,
        answer={"anyOf": [view_schema(each) for each in VIEWS]},
        statuses=(200, 303),
    ),
)
def ask(wanted: Asked, release: CurrentRelease, in_words: InWords) -> Response:
    """Which institutions cover an axis, or what was done on it; where, when. Words lead to what they ask for (303)."""
    try:
        given = wanted.parameters([*FIELDS, wording.QUESTION])
        question = given.pop(wording.QUESTION, "")
        if in_words and not given.keys() - {AS_OF}:
            return _read(wanted, release, question)
        asked = sentence.read(release, given)
    except (ParameterError, UnknownTerm, MalformedValue) as error:
        if not problems.prefers_html(wanted):
            raise
        page = refusals.page(wanted, release, error)
        headers = {"Vary": "Accept", "Cache-Control": "no-store", "Content-Language": wanted.language}
        return respond.send(page, HTML.media_type, headers, 422)
    shown = replace(wanted, question=asked.query)

    def view() -> Answer | Activities:
        answer = _answer(release, asked)
        return _answered(release, answer, _understand(wanted, release, question)) if question else answer

    writers: Writers = {
        HTML: lambda: _ask_page(shown, release, asked, view(), question),
        JSON: lambda: respond.view_json(release, shown, view(), OFFERED, asked.query),
        CSV: lambda: formats.table_csv(release.ask(asked.query, asked.values)),
        **respond.rdf_writers(release, lambda: release.describe(_records(view()))),
    }
    return respond.respond(shown, release, writers, query=asked.query, values=asked.values)


def _answer(release: Release, asked: Sentence) -> Answer | Activities:
    if asked.what == ACTIVITIES:
        return asking.activities(release, asked.values, asked.parameters, asked.left_aside)
    return asking.answer(release, asked.values, asked.left_aside)


def _read(wanted: Wanted, release: Release, question: str) -> Response:
    """Lead a question in words to its answer; where it is not understood well enough, say so, with help."""
    understood = _understand(wanted, release, question)
    lead = wording.lead(release, understood)
    if lead and wording.sufficient(understood):
        return respond.see_other(wording.led(wanted, understood.question, lead))
    writers: Writers = {
        HTML: lambda: _words_page(wanted, release, understood),
        JSON: lambda: respond.view_json(
            release, wanted, wording.interpretation(release, understood, wanted.language), (HTML, JSON), BY_AXIS
        ),
    }
    return respond.respond(wanted, release, writers, query=BY_AXIS)


def _understand(wanted: Wanted, release: Release, question: str) -> Understood:
    return searching.understand(release, question, wanted.language)


def _answered(release: Release, answer: Answer | Activities, understood: Understood) -> Answered | AnsweredActivities:
    """An answer, with how its question was understood."""
    kind = AnsweredActivities if isinstance(answer, Activities) else Answered
    return kind(
        **{each.name: getattr(answer, each.name) for each in fields(answer)},
        question=understood.question,
        understood=wording.told(understood),
        not_understood=(*understood.not_understood, *understood.elsewhere),
        records=searching.records_of(release, understood),
    )


def _home_page(wanted: Wanted, release: Release, asked: Sentence) -> str:
    answer = asking.answer(release, asked.values)
    return wanted.page(
        release,
        "home.html",
        **sentence.form(release, asked.chosen),
        question=asked,
        answer=answer,
        axis=sentence.record(release, asked.what, "axis", asked.values.get("axis", "")),
        country=sentence.record(release, asked.what, "country", asked.values.get("country", "")),
        coverage=asking.coverage(release, {}),
        places=tiles(release),
        examples=wording.examples(release, wanted.language)[1:2],
        holdings=[(asking.count(release, name), address, words) for name, (address, words) in HOLDINGS.items()],
    )


def _ask_page(wanted: Wanted, release: Release, asked: Sentence, answer: Answer | Activities, question: str) -> str:
    understood = _understand(wanted, release, question) if question else None
    empty = not (answer.activities if isinstance(answer, Activities) else answer.mandates)
    return wanted.page(
        release,
        "activities.html" if isinstance(answer, Activities) else "institutions.html",
        **sentence.form(release, asked.chosen),
        question=asked,
        answer=answer,
        words=understood,
        named=searching.records_of(release, understood) if understood else (),
        understood=sentence.named(release, asked),
        left_aside=sentence.left_aside(release, asked),
        wider=tuple(sentence.wider(release, asked, wanted.language)) if empty else (),
    )


def _words_page(wanted: Wanted, release: Release, understood: Understood) -> str:
    """How a question was understood, and how to go on, where that is not enough to answer it."""
    return wanted.page(
        release,
        "words.html",
        **sentence.form(release, wording.chosen(understood)),
        words=understood,
        named=searching.records_of(release, understood),
        told=wording.interpretation(release, understood, wanted.language),
        choices=tuple(wording.choices(release, understood)),
        compared=wording.compared(understood),
        search=f"/search?{urlencode({wording.QUESTION: understood.question})}",
    )


def _records(answer: Answer | Activities) -> Iterator[Iri]:
    """The mandates of an answer and the institutions that hold them; or the activities."""
    if isinstance(answer, Activities):
        yield from (each.iri for each in answer.activities)
    else:
        for mandate in answer.mandates:
            yield from (mandate.iri, mandate.institution)


def _example(release: Release) -> Mapping[str, str]:
    """The question that the home page answers: the example of the query file, or what comes first in this graph."""
    query = release.question(BY_AXIS)
    example = {}
    for name in ("axis", "country"):
        slugs = [member.slug for member in release.members(query.parameter(name).scheme or "")]
        wished = query.example.get(name, "")
        if slugs:
            example[name] = wished if wished in slugs else slugs[0]
    return example
