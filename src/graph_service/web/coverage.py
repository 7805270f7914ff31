"""Coverage: /matrix and /compare. How much of what is covered, country by country, as of when, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import asking, comparing, formats
from graph_service.asking import MATRIX
from graph_service.comparing import PROFILE, QUERIES
from graph_service.errors import ParameterError, UnknownTerm
from graph_service.release import Release
from graph_service.terms import Iri
from graph_service.views import Comparison, Coverage
from graph_service.web import respond, taking
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS, SVG
from graph_service.web.respond import Writers
from graph_service.web.routes import PERIOD, ROWS_AS_RDF, about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["pages"])

_PERIOD = {"in": "query", "allowEmptyValue": True, "schema": {"type": "string", "pattern": PERIOD}}
MATRIX_PARAMETERS = (
    {
        "name": "compared_to",
        "description": "another date, month or year: each cell then also says what it was, and what changed",
        **_PERIOD,
    },
)
COMPARE_PARAMETERS = (
    {
        "name": "countries",
        "in": "query",
        "description": "two to six codes, separated by commas or given several times; left out, the page asks for them",
        "allowEmptyValue": True,
        "schema": {"type": "string"},
    },
    {"name": "as_of", "description": "date, month or year: what was in force at some time within it", **_PERIOD},
)
STEPS = 5  # of the colours of cells: so many and more
MATRIX_FORMATS = (HTML, JSON, CSV, SVG, *RDF_FORMATS)
COMPARE_FORMATS = (HTML, JSON, CSV, *RDF_FORMATS)


@router.get(
    "/matrix{suffix:suffix}",
    openapi_extra=about(
        *MATRIX_FORMATS, query=MATRIX, description=ROWS_AS_RDF, parameters=MATRIX_PARAMETERS, answer=Coverage
    ),
)
def matrix(wanted: Asked, release: CurrentRelease) -> Response:
    """How many institutions hold a mandate in force, per country and axis; 0 is a gap in the sources."""
    given = wanted.parameters([*(each.name for each in release.question(MATRIX).parameters), "compared_to"])
    compared_to = given.pop("compared_to", "")
    values = release.understood(MATRIX, given)
    view = comparing.coverage(release, values, compared_to)
    writers: Writers = {
        HTML: lambda: _matrix_page(wanted, release, view, values),
        JSON: lambda: respond.view_json(release, wanted, view, MATRIX_FORMATS, MATRIX),
        CSV: lambda: respond.view_csv(release, wanted, view),
        SVG: lambda: wanted.page(release, "matrix.svg.html", coverage=view, steps=STEPS),
        **respond.rdf_writers(release, lambda: formats.view_statements(view)),
    }
    return respond.respond(wanted, release, writers, query=MATRIX, values=values)


@router.get(
    "/compare{suffix:suffix}",
    openapi_extra=about(*COMPARE_FORMATS, description=ROWS_AS_RDF, parameters=COMPARE_PARAMETERS, answer=Comparison),
)
def compare(asked: Asked, release: CurrentRelease) -> Response:
    """Two to six countries side by side."""
    wanted = _joined(asked)
    given = wanted.parameters(("countries", "as_of"))
    codes = given.get("countries", "").split(",") if "countries" in given else []
    as_of = release.understood(MATRIX, {"as_of": given.get("as_of", "")})["as_of"]
    if not codes:
        empty = {HTML: lambda: _compare_page(wanted, release, None, as_of)}
        return respond.respond(wanted, release, empty, values={"as_of": as_of})
    try:
        view = comparing.comparison(release, codes, as_of)
    except (ParameterError, UnknownTerm) as error:
        if wanted.choose(COMPARE_FORMATS) is not HTML:
            raise
        headers = {"Vary": "Accept", "Cache-Control": "no-store", "Content-Language": wanted.language}
        return respond.send(_refused_page(wanted, release, codes, as_of, error), HTML.media_type, headers, 422)
    writers: Writers = {
        HTML: lambda: _compare_page(wanted, release, view, as_of),
        JSON: lambda: respond.view_json(release, wanted, view, COMPARE_FORMATS, PROFILE),
        CSV: lambda: respond.view_csv(release, wanted, view),
        **respond.rdf_writers(release, lambda: formats.view_statements(view)),
    }
    return respond.respond(wanted, release, writers, query=PROFILE, values={"country": codes[0], "as_of": as_of})


def _joined(wanted: Wanted) -> Wanted:
    """The same request with its countries as one list: a form sends each box that is ticked on its own."""
    codes = [code for name, value in wanted.given if name == "countries" for code in value.replace(",", " ").split()]
    others = tuple(each for each in wanted.given if each[0] != "countries")
    return replace(wanted, given=((("countries", ",".join(codes)),) if codes else ()) + others)


def _matrix_page(wanted: Wanted, release: Release, coverage: Coverage, values: Mapping[str, str]) -> str:
    compared_to = wanted.value("compared_to")
    dates = [values["as_of"], *([compared_to] if compared_to else [])]
    return wanted.page(
        release,
        "matrix.html",
        coverage=coverage,
        components=release.members("elp:Component"),
        as_of=wanted.value("as_of"),
        compared_to=compared_to,
        behind=[respond.behind(release, MATRIX, {**values, "as_of": each}) for each in dates],
        years=[year for year in comparing.plan_years(release) if not coverage.as_of.startswith(year)],
        steps=STEPS,
    )


def _refused_page(
    wanted: Wanted, release: Release, codes: Sequence[str], as_of: str, error: ParameterError | UnknownTerm
) -> str:
    """The form with what is wrong; what was chosen stays chosen."""
    unknown = str(error) if isinstance(error, UnknownTerm) else ""
    chosen = [each.iri for each in release.members("elp:Country") if each.slug in codes]
    return _compare_page(wanted, release, None, as_of, chosen=chosen, refused=True, unknown=unknown)


def _compare_page(
    wanted: Wanted,
    release: Release,
    comparison: Comparison | None,
    as_of: str,
    chosen: Sequence[Iri] = (),
    *,
    refused: bool = False,
    unknown: str = "",
) -> str:
    countries = release.members("elp:Country")
    return wanted.page(
        release,
        "compare.html",
        comparison=comparison,
        rows=taking.row_count(respond.view_csv(release, wanted, comparison)) if comparison else 0,
        behind=list(_behind(release, comparison)) if comparison else [],
        components=asking.components(release),
        as_of=as_of,
        chosen=comparison.countries if comparison else chosen,
        refused=refused,
        unknown=unknown,
        countries=countries,
        example=",".join(member.slug for member in countries[:3]),
    )


def _behind(release: Release, comparison: Comparison) -> Iterator[str]:
    """The queries that a comparison is made of."""
    for country in comparison.countries:
        for name in QUERIES:
            yield respond.behind(release, name, {"country": formats.slug_of(country), "as_of": comparison.as_of})
