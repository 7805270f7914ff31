"""Network: who meets whom, as a picture laid out here and as tables of every node and link."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import formats, views
from graph_service.errors import UnknownTerm
from graph_service.release import Release
from graph_service.terms import Iri
from graph_service.views import Network
from graph_service.views.network import EVENT, KINDS, LINKS, MEMBERSHIP, strongest
from graph_service.web import respond
from graph_service.web.drawing import picture
from graph_service.web.language import later
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS, SVG
from graph_service.web.respond import Writers
from graph_service.web.routes import ROWS_AS_RDF, about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["pages"])

ATTENDANCE, MEMBERSHIPS = "network/attendance", "network/memberships"
OFFERED = (HTML, JSON, CSV, SVG, *RDF_FORMATS)
DRAWN_NODES, DRAWN_LINKS = 44, 90  # what can be read in one picture
PAGE_LINKS = 50  # so many rows of the table of links at once
OWN_PARAMETERS = ("country", "organisation", "link", "page")
WORDS: Mapping[str, str] = {
    "country": later("Countries"),
    "organisation": later("Regional organisations"),
    "institution": later("Institutions"),
    EVENT: later("took part in the same events"),
    MEMBERSHIP: later("membership"),
}
_TEXT = {"in": "query", "allowEmptyValue": True, "schema": {"type": "string"}}
NETWORK_PARAMETERS = (
    {"name": "country", "description": "only links of this country or of its institutions: its code", **_TEXT},
    {"name": "organisation", "description": "only links of this regional organisation: its slug", **_TEXT},
    {
        "name": "link",
        "description": "only links of this kind",
        **_TEXT,
        "schema": {"type": "string", "enum": list(LINKS)},
    },
    {
        "name": "page",
        "description": "which part of the table of links; the data have all of them",
        **_TEXT,
        "schema": {"type": "integer", "minimum": 1},
    },
)


@router.get(
    "/network{suffix:suffix}",
    openapi_extra=about(
        *OFFERED,
        query=ATTENDANCE,
        description=ROWS_AS_RDF,
        parameters=NETWORK_PARAMETERS,
        answer=Network,
        statuses=(404,),
    ),
)
def network(wanted: Asked, release: CurrentRelease) -> Response:
    """Who meets whom: countries, regional organisations and institutions, joined by events and memberships."""
    view = _network(release, _understood(wanted, release))
    writers: Writers = {
        HTML: lambda: _page(wanted, release, view),
        JSON: lambda: respond.view_json(release, wanted, view, OFFERED, ATTENDANCE),
        CSV: lambda: respond.view_csv(release, wanted, view),
        SVG: lambda: wanted.page(release, "network.svg.html", **_drawn(view)),
        **respond.rdf_writers(release, lambda: formats.view_statements(view)),
    }
    return respond.respond(wanted, release, writers, query=ATTENDANCE, values=view.parameters)


def _understood(wanted: Wanted, release: Release) -> Mapping[str, str]:
    """What is asked, as slugs and codes.

    Raises:
        ParameterError, MalformedValue, UnknownTerm: a value cannot be read or is not in the graph.
    """
    own = [each.name for each in release.question(ATTENDANCE).parameters]
    given = wanted.parameters([*own, *OWN_PARAMETERS])
    found = dict(release.understood(ATTENDANCE, {name: given[name] for name in own if name in given}))
    for name, scheme in (("country", "elp:Country"), ("organisation", "elp:RegionalOrganisation")):
        if name in given:
            found[name] = release.find(scheme, given[name], kind=name, parameter=name).slug
    if "link" in given:
        if given["link"] not in LINKS:
            raise UnknownTerm("kind of link", given=given["link"], near=LINKS, parameter="link")
        found["link"] = given["link"]
    return found


def _network(release: Release, asked: Mapping[str, str]) -> Network:
    """All links that are asked for. A membership is on no axis: asked for one, there are only events."""
    rows = {name: release.ask(name, values).rows for name, values in _asks(asked).items()}
    return views.network(
        rows.get(ATTENDANCE, ()),
        rows.get(MEMBERSHIPS, ()),
        parameters=asked,
        country=_record(release, "elp:Country", asked.get("country", "")),
        organisation=_record(release, "elp:RegionalOrganisation", asked.get("organisation", "")),
    )


def _asks(asked: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """The queries that the network is made of, each with its values."""
    link = asked.get("link", "")
    given = {name: asked[name] for name in ("axis", "period") if name in asked}
    of_events = {ATTENDANCE: given} if link != MEMBERSHIP else {}
    return of_events | ({MEMBERSHIPS: given} if link != EVENT and "axis" not in asked else {})


def _record(release: Release, scheme: str, slug: str) -> Iri | None:
    return release.find(scheme, slug, kind=scheme).iri if slug else None


def _drawn(view: Network) -> Mapping[str, object]:
    """What the picture needs: the part that can be drawn, and of how much it is a part."""
    shown = strongest(view, nodes=DRAWN_NODES, links=DRAWN_LINKS)
    return {"network": view, "shown": shown, "picture": picture(shown), "words": WORDS}


def _page(wanted: Wanted, release: Release, view: Network) -> str:
    number = _number(wanted.value("page"), last=max(1, -(-len(view.ties) // PAGE_LINKS)))
    return wanted.page(
        release,
        "network.html",
        **_drawn(view),
        behind=[respond.behind(release, name, values) for name, values in _asks(view.parameters).items()],
        kinds=KINDS,
        link_kinds=LINKS,
        options={
            "country": release.members("elp:Country"),
            "organisation": release.members("elp:RegionalOrganisation"),
            "axis": release.members("elp:TransversalAxis"),
        },
        rows=view.ties[(number - 1) * PAGE_LINKS : number * PAGE_LINKS],
        number=number,
        last=max(1, -(-len(view.ties) // PAGE_LINKS)),
    )


def _number(given: str, last: int) -> int:
    """Read the number of a page.

    Raises:
        UnknownTerm: there is no such page.
    """
    number = int(given or "1") if (given or "1").isascii() and (given or "1").isdigit() else 0
    if not 1 <= number <= last:
        raise UnknownTerm("page", given=given, near=[str(last)], parameter="page")
    return number
