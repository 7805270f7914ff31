"""Answers: the home page and /ask. Who covers what, where, as of when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from graph_service import asking, formats, searching
from graph_service.asking import BY_AXIS
from graph_service.formats.json_schema import view_schema
from graph_service.release import Release
from graph_service.terms import Iri
from graph_service.understanding import AS_OF, Understood
from graph_service.views import Answer
from graph_service.views.words import Answered, Interpretation
from graph_service.web import respond, wording
from graph_service.web.language import later, translations
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS
from graph_service.web.respond import Writers
from graph_service.web.routes import about
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


# a part of the question that is left open
ANY = {
    "component": later("Any component"),
    "kind": later("Any kind of institution"),
    "country": later("Any country"),
    "axis": later("Any axis"),
}


WORDS = (
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


@dataclass(frozen=True, slots=True)
class Wider:
    """A wider question than one without an answer: what is left open, and how many mandates it gives."""

    words: str
    address: str
    count: int


@router.get("/", openapi_extra=about(HTML))
def home(wanted: Asked, release: CurrentRelease) -> Response:
    """The question, already answered once, and the coverage of all countries."""
    wanted.parameters(())
    values = release.understood(BY_AXIS, _example(release))
    return respond.respond(wanted, release, {HTML: lambda: _home_page(wanted, release, values)}, values=values)


@router.get(
    "/ask{suffix:suffix}",
    openapi_extra=about(
        HTML,
        JSON,
        CSV,
        *RDF_FORMATS,
        query=BY_AXIS,
        parameters=WORDS,
        answer={"anyOf": [view_schema(each) for each in (Answer, Answered, Interpretation)]},
        statuses=(200, 303),
    ),
)
def ask(wanted: Asked, release: CurrentRelease, in_words: InWords) -> Response:
    """Which institutions cover an axis, where, as of when; a question in words leads to what it asks for (303)."""
    names = [each.name for each in release.question(BY_AXIS).parameters]
    given = wanted.parameters([*names, wording.QUESTION])
    question = given.pop(wording.QUESTION, "")
    if in_words and not given.keys() - {AS_OF}:
        return _read(wanted, release, question)
    values = release.understood(BY_AXIS, given)
    offered = (HTML, JSON, CSV, *RDF_FORMATS)

    def view() -> Answer:
        answer = asking.answer(release, values)
        return _answered(release, answer, _understand(wanted, release, question)) if question else answer

    writers: Writers = {
        HTML: lambda: _ask_page(wanted, release, view(), question),
        JSON: lambda: respond.view_json(release, wanted, view(), offered, BY_AXIS),
        CSV: lambda: formats.table_csv(release.ask(BY_AXIS, values)),
        **respond.rdf_writers(release, lambda: release.describe(_records(view()))),
    }
    return respond.respond(wanted, release, writers, query=BY_AXIS, values=values)


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


def _answered(release: Release, answer: Answer, understood: Understood) -> Answered:
    """An answer, with how its question was understood."""
    return Answered(
        **{each.name: getattr(answer, each.name) for each in fields(answer)},
        question=understood.question,
        understood=wording.told(understood),
        not_understood=(*understood.not_understood, *understood.elsewhere),
        records=searching.records_of(release, understood),
    )


def _home_page(wanted: Wanted, release: Release, values: Mapping[str, str]) -> str:
    answer = asking.answer(release, values)
    return wanted.page(
        release,
        "home.html",
        **_question(release, answer.parameters),
        answer=answer,
        axis=_iri("axis", release, values),
        country=_iri("country", release, values),
        coverage=asking.coverage(release, {}),
        places=tiles(release),
        examples=wording.examples(release, wanted.language)[1:2],
        holdings=[(len(release.members(f"elp:{name}")), address, words) for name, (address, words) in HOLDINGS.items()],
    )


def _ask_page(wanted: Wanted, release: Release, answer: Answer, question: str) -> str:
    understood = _understand(wanted, release, question) if question else None
    return wanted.page(
        release,
        "ask.html",
        **_question(release, answer.parameters),
        answer=answer,
        words=understood,
        named=searching.records_of(release, understood) if understood else (),
        understood=[iri for name in ("axis", "country", "component", "kind")
                    if (iri := _iri(name, release, answer.parameters))],
        wider=() if answer.mandates else tuple(_wider(release, answer.parameters, wanted.language)),
    )  # fmt: skip


def _words_page(wanted: Wanted, release: Release, understood: Understood) -> str:
    """How a question was understood, and how to go on, where that is not enough to answer it."""
    return wanted.page(
        release,
        "words.html",
        **_question(release, understood.parts),
        words=understood,
        named=searching.records_of(release, understood),
        told=wording.interpretation(release, understood, wanted.language),
        choices=tuple(wording.choices(release, understood)),
        compared=wording.compared(understood),
        search=f"/search?{urlencode({wording.QUESTION: understood.question})}",
    )


def _question(release: Release, values: Mapping[str, str]) -> Mapping[str, object]:
    """What the sentence form needs: the choices, and what was chosen."""
    query = release.question(BY_AXIS)
    chosen = {each.name: values.get(each.name, "") for each in query.parameters}
    options = {each.name: release.members(each.scheme) for each in query.parameters if each.scheme}
    return {"asked": chosen, "options": options}


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


def _iri(name: str, release: Release, values: Mapping[str, str]) -> Iri | None:
    """The record that a parameter of the question names, if it was given."""
    parameter = release.question(BY_AXIS).parameter(name)
    if not parameter.scheme or not values.get(name):
        return None
    return release.find(parameter.scheme, values[name], kind=name, parameter=name).iri


def _records(answer: Answer) -> Iterator[Iri]:
    """The mandates of an answer and the institutions that hold them."""
    for mandate in answer.mandates:
        yield from (mandate.iri, mandate.institution)


def _wider(release: Release, values: Mapping[str, str], language: str) -> Iterator[Wider]:
    """The same question with one part left open, where that has an answer."""
    for name, words in ANY.items():
        if values.get(name):
            open_values = {key: value for key, value in values.items() if key != name}
            count = len({row["mandate"] for row in release.ask(BY_AXIS, open_values).rows})
            yield Wider(translations(language).gettext(words), f"/ask?{urlencode(open_values)}", count)
