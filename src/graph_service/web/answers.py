"""Answers: the home page, /ask, /matrix and /compare. Who covers what, where, as of when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import asking, formats
from graph_service.asking import BY_AXIS, MATRIX, PROFILE
from graph_service.release import Release
from graph_service.terms import Iri
from graph_service.views import Answer, Comparison, Coverage
from graph_service.web import respond
from graph_service.web.language import later, translations
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS
from graph_service.web.respond import PERIOD, Asked, CurrentRelease, Wanted, Writers, about
from graph_service.web.tiles import tiles

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
COMPARE_PARAMETERS = (
    {
        "name": "countries",
        "in": "query",
        "description": "two to six codes, separated by commas; left out, the page asks for them",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
    },
    {
        "name": "as_of",
        "in": "query",
        "description": "date, month or year: what was in force at some time within it",
        "allowEmptyValue": True,
        "schema": {"type": "string", "pattern": PERIOD},
    },
)


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


@router.get("/ask{suffix:suffix}", openapi_extra=about(HTML, JSON, CSV, *RDF_FORMATS, query=BY_AXIS, answer=Answer))
def ask(wanted: Asked, release: CurrentRelease) -> Response:
    """Which institutions cover an axis, where, as of when; and which do not although a source names them."""
    values = wanted.values(release, BY_AXIS)
    offered = (HTML, JSON, CSV, *RDF_FORMATS)

    def view() -> Answer:
        return asking.answer(release, values)

    writers: Writers = {
        HTML: lambda: _ask_page(wanted, release, view()),
        JSON: lambda: respond.view_json(release, wanted, view(), offered, BY_AXIS),
        CSV: lambda: formats.table_csv(release.ask(BY_AXIS, values)),
        **respond.rdf_writers(release, lambda: release.describe(_records(view()))),
    }
    return respond.respond(wanted, release, writers, query=BY_AXIS, values=values)


@router.get("/matrix{suffix:suffix}", openapi_extra=about(HTML, JSON, CSV, query=MATRIX, answer=Coverage))
def matrix(wanted: Asked, release: CurrentRelease) -> Response:
    """How many institutions hold a mandate in force, per country and axis; 0 is a gap in the sources."""
    values = wanted.values(release, MATRIX)
    offered = (HTML, JSON, CSV)
    writers: Writers = {
        HTML: lambda: _matrix_page(wanted, release, values),
        JSON: lambda: respond.view_json(release, wanted, asking.coverage(release, values), offered, MATRIX),
        CSV: lambda: respond.view_csv(release, wanted, asking.coverage(release, values)),
    }
    return respond.respond(wanted, release, writers, query=MATRIX, values=values)


@router.get(
    "/compare{suffix:suffix}",
    openapi_extra=about(HTML, JSON, CSV, parameters=COMPARE_PARAMETERS, answer=Comparison),
)
def compare(wanted: Asked, release: CurrentRelease) -> Response:
    """Two to six countries side by side."""
    given = wanted.parameters(("countries", "as_of"))
    codes = [code for code in given.get("countries", "").replace(",", " ").split() if code]
    as_of = release.understood(MATRIX, {"as_of": given.get("as_of", "")})["as_of"]
    if not codes:
        empty = {HTML: lambda: _compare_page(wanted, release, None, as_of)}
        return respond.respond(wanted, release, empty, values={"as_of": as_of})
    view = asking.comparison(release, codes, as_of)
    writers: Writers = {
        HTML: lambda: _compare_page(wanted, release, view, as_of),
        JSON: lambda: respond.view_json(release, wanted, view, (HTML, JSON, CSV), PROFILE),
        CSV: lambda: respond.view_csv(release, wanted, view),
    }
    return respond.respond(wanted, release, writers, query=PROFILE, values={"country": codes[0], "as_of": as_of})


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
        holdings=[(len(release.members(f"elp:{name}")), address, words) for name, (address, words) in HOLDINGS.items()],
    )


def _ask_page(wanted: Wanted, release: Release, answer: Answer) -> str:
    return wanted.page(
        release,
        "ask.html",
        **_question(release, answer.parameters),
        answer=answer,
        understood=[iri for name in ("axis", "country", "component", "kind")
                    if (iri := _iri(name, release, answer.parameters))],
        wider=() if answer.mandates else tuple(_wider(release, answer.parameters, wanted.language)),
    )  # fmt: skip


def _matrix_page(wanted: Wanted, release: Release, values: Mapping[str, str]) -> str:
    return wanted.page(
        release,
        "matrix.html",
        coverage=asking.coverage(release, values),
        components=release.members("elp:Component"),
        chosen=values.get("component", ""),
        as_of=wanted.value("as_of"),
    )


def _compare_page(wanted: Wanted, release: Release, comparison: Comparison | None, as_of: str) -> str:
    countries = release.members("elp:Country")
    return wanted.page(
        release,
        "compare.html",
        comparison=comparison,
        as_of=as_of,
        chosen=wanted.value("countries"),
        countries=countries,
        example=",".join(member.slug for member in countries[:3]),
    )


def _question(release: Release, values: Mapping[str, str]) -> Mapping[str, object]:
    """What the sentence form needs: the choices, and what was chosen."""
    query = release.catalogue.get(BY_AXIS)
    chosen = {each.name: values.get(each.name, "") for each in query.parameters}
    options = {each.name: release.members(each.scheme) for each in query.parameters if each.scheme}
    return {"asked": chosen, "options": options}


def _example(release: Release) -> Mapping[str, str]:
    """The question that the home page answers: the example of the query file, or what comes first in this graph."""
    query = release.catalogue.get(BY_AXIS)
    example = {}
    for name in ("axis", "country"):
        slugs = [member.slug for member in release.members(query.parameter(name).scheme or "")]
        wished = query.example.get(name, "")
        if slugs:
            example[name] = wished if wished in slugs else slugs[0]
    return example


def _iri(name: str, release: Release, values: Mapping[str, str]) -> Iri | None:
    """The record that a parameter of the question names, if it was given."""
    parameter = release.catalogue.get(BY_AXIS).parameter(name)
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
