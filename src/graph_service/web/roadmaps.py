"""Roadmaps: the list, and one page per country with all that is known of it in the programme."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import asking, formats
from graph_service.release import Release, Result
from graph_service.terms import Iri, record_iri
from graph_service.views import Event, Mandate, Roadmap
from graph_service.web import language as languages
from graph_service.web import respond, taking
from graph_service.web.media import CSV, HTML, JSON, MD, RDF_FORMATS, SVG
from graph_service.web.problems import named_in_path
from graph_service.web.respond import Writers
from graph_service.web.routes import PERIOD, about
from graph_service.web.tiles import tiles
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["pages"])

COUNTRY, GRAPH, ALL = "roadmaps/country", "roadmaps/graph", "countries/all"
ALL_FORMATS = (HTML, JSON, CSV, SVG, *RDF_FORMATS)
ONE_FORMATS = (HTML, JSON, CSV, *RDF_FORMATS, MD)
PARAMETERS = (
    {
        "name": "as_of",
        "in": "query",
        "description": "date, month or year: what was in force at some time within it",
        "allowEmptyValue": True,
        "schema": {"type": "string", "pattern": PERIOD},
    },
)
IN_FORCE = ("certain", "possible")


@router.get(
    "/roadmaps{suffix:suffix}",
    openapi_extra=about(
        *ALL_FORMATS,
        description="As RDF: the statements of the countries and of their roadmaps, with their evidence and its "
        "sources. As SVG: the countries near where they lie, with how many institutions cover each axis.",
        answer=ALL,
    ),
)
def roadmaps(wanted: Asked, release: CurrentRelease) -> Response:
    """The countries that have a roadmap."""
    wanted.parameters(())
    result = release.ask(ALL)
    page = partial(_list_page, wanted, release, result)
    writers: Writers = {
        HTML: lambda: page("roadmaps.html"),
        JSON: lambda: respond.table_json(release, wanted, result, ALL_FORMATS),
        CSV: lambda: formats.table_csv(result),
        SVG: lambda: page("tiles.svg.html"),
        **respond.record_writers(
            release, lambda: (Iri(str(row[name])) for row in result.rows for name in ("iri", "roadmap") if name in row)
        ),
    }
    values = {"as_of": release.today.isoformat()}
    return respond.respond(wanted, release, writers, query=ALL, values=values)


def _list_page(wanted: Wanted, release: Release, result: Result, template: str) -> str:
    """The list, or the map beside it as a picture of its own."""
    counts = asking.coverage(release, {})
    return wanted.page(release, template, result=result, places=tiles(release), coverage=counts)


@router.get(
    "/roadmaps/{country:slug}{suffix:suffix}",
    openapi_extra=about(*ONE_FORMATS, parameters=PARAMETERS, answer=Roadmap, statuses=(200, 303)),
)
def roadmap(country: str, wanted: Asked, release: CurrentRelease) -> Response:
    """All that is known of one country in the programme, and what is not published."""
    given = wanted.parameters(("as_of",))
    with named_in_path():
        member = release.find("elp:Country", country, kind="country")
    values = _values(release, {**given, "country": member.slug})
    if country != member.slug:
        return respond.see_other(wanted.moved(f"/roadmaps/{member.slug}"))
    return respond.respond(wanted, release, _writers(wanted, release, values), query=GRAPH, values=values)


def written(release: Release, country: str, suffix: str, as_of: str = "") -> bytes:
    """The roadmap of a country as its address gives it, without a server.

    Raises:
        UnknownTerm, MalformedValue: no such country, or the date cannot be read.
        UnknownFormat: the suffix is none of those offered.
    """
    member = release.find("elp:Country", country, kind="country")
    values = _values(release, {"country": member.slug, "as_of": as_of})
    given = (("as_of", as_of),) if as_of else ()
    wanted = Wanted(path=f"/roadmaps/{member.slug}", suffix=suffix, given=given)
    writers = _writers(wanted, release, values)
    body = writers[wanted.choose(tuple(writers))]()
    return body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes) else b"".join(body)


def _values(release: Release, given: Mapping[str, str]) -> Mapping[str, str]:
    """The country and the date, as understood."""
    return release.understood("roadmaps/mandates", given)


def _writers(wanted: Wanted, release: Release, values: Mapping[str, str]) -> Writers:
    country = values["country"]
    view = partial(asking.roadmap, release, country, values["as_of"], wanted.language)
    return {
        HTML: lambda: _page(wanted, release, view()),
        JSON: lambda: respond.view_json(release, wanted, view(), ONE_FORMATS, COUNTRY),
        CSV: lambda: respond.view_csv(release, wanted, view()),
        **respond.rdf_writers(
            release, lambda: release.construct(GRAPH, {"country": country}), record_iri("roadmap", country)
        ),
        MD: lambda: _markdown(wanted, release, view()),
    }


def _page(wanted: Wanted, release: Release, roadmap: Roadmap) -> str:
    table = respond.view_csv(release, wanted, roadmap)
    held = [each for each in roadmap.mandates if each.in_force in IN_FORCE]
    then = {each.iri for each in roadmap.mandates_then if each.in_force in IN_FORCE}
    return wanted.page(
        release,
        "roadmap.html",
        roadmap=roadmap,
        rows=taking.row_count(table),
        axes=asking.axes(release),
        components=asking.components(release),
        covered={each.axis for each in held},
        reached={component for each in held for component in each.components},
        in_force=IN_FORCE,
        events_of=_by_axis(roadmap),
        new={each.iri for each in held if each.iri not in then},
        ended=sum(each.period.end is not None for each in roadmap.institutions),
        for_all=sum(each.for_all for each in roadmap.events),
        source_count=len({each.source for each in roadmap.sources}),
        mandates_of=_by_institution(roadmap),
        places=tiles(release),
    )


def _markdown(wanted: Wanted, release: Release, roadmap: Roadmap) -> bytes:
    """The page for those who go on writing, in its language."""
    language = wanted.language
    words = formats.Words(
        language=language,
        say=languages.translations(language).gettext,
        label=respond.names(release),
        date=partial(languages.write_date, language=language),
        interval=partial(languages.write_interval, language=language),
        enumerated=partial(languages.enumerate_, language=language),
    )
    return formats.roadmap_markdown(
        roadmap,
        words,
        axes=asking.axes(release),
        components=asking.components(release),
        release=release.number,
        address=roadmap.roadmap,
    )


def _by_institution(roadmap: Roadmap) -> dict[Iri, list[Mandate]]:
    found: dict[Iri, list[Mandate]] = {}
    for mandate in roadmap.mandates:
        found.setdefault(mandate.institution, []).append(mandate)
    return found


def _by_axis(roadmap: Roadmap) -> dict[Iri, list[Event]]:
    found: dict[Iri, list[Event]] = {}
    for event in roadmap.events:
        for axis in event.axes:
            found.setdefault(axis, []).append(event)
    return found
