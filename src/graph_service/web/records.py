"""Records: lists, one page per record, and /id, where every resource can be looked up. Any record, in any format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from graph_service import asking, formats
from graph_service.errors import MalformedValue, RecordWithdrawn, UnknownTerm, nearest
from graph_service.history import departures
from graph_service.release import Release, Result
from graph_service.releases import Releases
from graph_service.store.embedded import is_iri
from graph_service.terms import (
    BASE,
    GENID,
    GRAPH,
    KINDS,
    PREFIXES,
    Iri,
    Literal,
    choose,
    compact,
    record_iri,
    record_key,
)  # fmt: skip
from graph_service.views import Record, Row, listing
from graph_service.views.records import Page, Withdrawal
from graph_service.web import forms, respond
from graph_service.web.language import later, translations
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS
from graph_service.web.problems import named_in_path
from graph_service.web.render import address
from graph_service.web.respond import Asked, CurrentRelease, Wanted, Writers, about
from graph_service.web.words import words

router = APIRouter(tags=["records"])


class _Name(Convertor[str]):
    """The end of an address, with slashes, so that a suffix can follow."""

    regex = r"[^.]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("name", _Name())


def _followed(request: Request) -> Releases:
    releases: Releases = request.app.state.releases
    return releases


Followed = Annotated[Releases, Depends(_followed)]

RECORD = "records/graph"
PAGE = "page"  # which part of what points to a record
PAGE_PARAMETERS = (
    {
        "name": PAGE,
        "in": "query",
        "description": "which part of what points to it, where that is much",
        "schema": {"type": "integer", "minimum": 1},
    },
)
# where a resource that is no record of ours is described: kind in /doc/ → its namespace
NAMESPACES: Mapping[str, str] = {"graph": GRAPH, "genid": GENID}
ONTOLOGY = Iri(BASE + "ontology")
CLASSES: Mapping[str, str] = {  # kind of record → its class
    "programme": "elp:Programme",
    "plan": "elp:ActionPlan",
    "roadmap": "elp:Roadmap",
    "country": "elp:Country",
    "institution": "elp:Institution",
    "organisation": "elp:RegionalOrganisation",
    "partner": "elp:Partner",
    "mandate": "elp:Mandate",
    "membership": "org:Membership",
    "event": "elp:Event",
    "participation": "elp:Participation",
    "axis": "elp:TransversalAxis",
    "component": "elp:Component",
    "concept": "skos:Concept",
    "gap": "elp:CoverageGap",
    "statement": "elp:PlanStatement",
    "source": "elp:Source",
    "evidence": "elp:Evidence",
}
# columns of the lists that a page does not show: names have a column of their own, the rest serves sorting
HIDDEN_COLUMNS = {
    "iri", "slug", "name", "name_en", "name_es", "name_fr", "name_pt", "rank", "start_earliest", "inferred", "roadmap",
}  # fmt: skip
# properties that a record page does not show: derived for queries, or shown as what points to the record
HIDDEN_PROPERTIES = {
    "elp:startEarliest", "elp:startLatest", "elp:endEarliest", "elp:endLatest", "elp:hasInstitution",
    "elp:hasMandate", "elp:hasParticipation", "elp:covers", "skos:hiddenLabel",
}  # fmt: skip
# properties that rules derive: their certainty is not that of the record's evidence
DERIVED_PROPERTIES = {"elp:onRoadmap", "elp:replaces"}
# kinds without a name of their own → the properties whose values name them
NAMED_BY: Mapping[str, Sequence[str]] = {
    "evidence": ("elp:source",),
    "gap": ("elp:country", "elp:axis"),
    "institution": ("skos:prefLabel",),
    "mandate": ("elp:holder", "elp:axis"),
    "membership": ("org:member", "org:organization"),
    "participation": ("elp:participant", "elp:event"),
    "source": ("dcterms:title",),
}


@dataclass(frozen=True, slots=True)
class Family:
    """Records that have a list and pages of their own."""

    address: str
    kind: str
    query: str  # of the list
    title: str


FAMILIES = tuple(
    Family(f"/{name}", kind, f"{name}/all", title)
    for name, kind, title in (
        ("countries", "country", later("Countries")),
        ("axes", "axis", later("Axes")),
        ("institutions", "institution", later("Institutions")),
        ("organisations", "organisation", later("Regional organisations")),
        ("events", "event", later("Activities")),
    )
)


def _list(family: Family, wanted: Asked, release: CurrentRelease) -> Response:
    values = wanted.values(release, family.query)
    result = partial(release.ask, family.query, values)
    writers: Writers = {
        HTML: lambda: _list_page(wanted, release, family, result()),
        JSON: lambda: respond.table_json(release, wanted, result(), (HTML, JSON, CSV)),
        CSV: lambda: formats.table_csv(result()),
    }
    return respond.respond(wanted, release, writers, query=family.query, values=values)


def _one(family: Family, slug: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    iri = _found(wanted, release, followed, family.kind, slug)
    if renamed := _renamed(release, iri):
        return _moved_permanently(wanted.moved(address(renamed)))
    if iri != record_iri(family.kind, slug):
        return respond.see_other(wanted.moved(f"{family.address}/{compact(iri)}"))
    return _record(wanted, release, iri, family.kind)


def _routes(family: Family) -> None:
    """Give a family its two addresses."""

    lists = about(HTML, JSON, CSV, query=family.query, summary=f"List: {family.title.lower()}")
    shows = about(
        HTML,
        JSON,
        CSV,
        *RDF_FORMATS,
        summary=f"Record of the list: {family.title.lower()}",
        parameters=PAGE_PARAMETERS,
        statuses=(200, 301, 303, 410),
    )

    @router.get(family.address + "{suffix:suffix}", openapi_extra=lists)
    def records(wanted: Asked, release: CurrentRelease) -> Response:
        return _list(family, wanted, release)

    @router.get(family.address + "/{slug:slug}{suffix:suffix}", openapi_extra=shows)
    def record(slug: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
        return _one(family, slug, wanted, release, followed)


for each in FAMILIES:
    _routes(each)


@router.get("/id/{kind}/{slug}", openapi_extra=about(statuses=(301, 303, 410), parameters=PAGE_PARAMETERS))
def identifier(kind: str, slug: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    """The address of a thing itself: leads to what is said of it (303); to its new one where it was renamed (301)."""
    wanted.parameters((PAGE,))
    if kind == "release":
        return respond.see_other(wanted.moved(f"/releases/{slug}"))
    iri = _found(wanted, release, followed, kind, slug)
    if renamed := _renamed(release, iri):
        return _moved_permanently(wanted.moved(_path("/id", renamed)))
    return respond.see_other(wanted.moved(f"/doc/{kind}/{slug}"))


@router.get("/graph/{name:path}", openapi_extra=about(statuses=(303, 410)))
def graph(name: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    """The address of a named graph: leads to what is said of it (303)."""
    wanted.parameters((PAGE,))
    _found(wanted, release, followed, "graph", name)
    return respond.see_other(wanted.moved(f"/doc/graph/{name}"))


@router.get("/.well-known/genid/{name}", openapi_extra=about(statuses=(303, 410)))
def named_blank_node(name: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    """The address given to a blank node (RDF 1.1 Concepts, 3.5): leads to what is said of it (303)."""
    wanted.parameters((PAGE,))
    _found(wanted, release, followed, "genid", name)
    return respond.see_other(wanted.moved(f"/doc/genid/{name}"))


@router.get("/ontology/{version}", openapi_extra=about(statuses=(303,)))
def ontology_version(version: str, wanted: Asked, release: CurrentRelease) -> Response:
    """The address of the version of the ontology that a release holds: leads to the ontology (303)."""
    wanted.parameters(())
    known = release.store.objects(ONTOLOGY, Iri(PREFIXES["owl"] + "versionIRI"))
    versions = [str(iri).rpartition("/")[2] for iri in known]
    if version not in versions:
        raise UnknownTerm("version of the ontology in this release", given=version, near=versions)
    return respond.see_other(wanted.moved("/ontology"))


@router.get(
    "/doc/{kind:slug}/{slug:name}{suffix:suffix}",
    openapi_extra=about(HTML, JSON, CSV, *RDF_FORMATS, parameters=PAGE_PARAMETERS, statuses=(200, 301, 303, 410)),
)
def document(kind: str, slug: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    """What is said of any record, and what points to it; browsers are led to its own page where it has one."""
    wanted.parameters((PAGE,))
    if kind == "release":
        return respond.see_other(wanted.moved(f"/releases/{slug}"))
    iri = _found(wanted, release, followed, kind, slug)
    if renamed := _renamed(release, iri):
        return _moved_permanently(wanted.moved(_path("/doc", renamed)))
    own = address(iri)
    if own.startswith("/") and not own.startswith("/doc/") and wanted.choose((HTML, JSON, CSV, *RDF_FORMATS)) is HTML:
        return respond.see_other(wanted.moved(own))
    return _record(wanted, release, iri, kind)


def _iri(kind: str, slug: str) -> Iri:
    """The IRI of a resource, from what stands in its address."""
    return Iri(NAMESPACES[kind] + slug) if kind in NAMESPACES else record_iri(kind, slug)


def _path(parent: str, iri: Iri) -> str:
    kind, slug = record_key(iri) or ("", "")
    return f"{parent}/{kind}/{slug}"


def _found(wanted: Wanted, release: Release, followed: Releases, kind: str, slug: str) -> Iri:
    """The IRI of a resource that stands in a release, or that was renamed.

    Raises:
        RecordWithdrawn: it stood in an earlier release, or the data says that it was withdrawn.
        UnknownTerm: no such kind, or no such record; with near names.
    """
    if kind not in KINDS and kind not in NAMESPACES:
        raise UnknownTerm("kind of record", given=kind, near=nearest(kind, KINDS))
    iri = _iri(kind, slug)
    if not is_iri(iri):
        raise UnknownTerm(kind, given=slug)
    gone = asking.withdrawal(release, iri)
    if gone.renamed if gone else asking.exists(release, iri):
        return iri
    last = departures(followed).last_release(iri, release.number)
    if gone or last:
        raise _withdrawn(wanted, release, followed, gone or Withdrawal(iri, False, (), ()), last)
    if kind not in CLASSES:
        raise UnknownTerm(kind, given=slug)
    with named_in_path():
        return release.find(CLASSES[kind], slug, kind=kind).iri


def _renamed(release: Release, iri: Iri) -> Iri | None:
    """The IRI that a record has now; None for one that was not renamed."""
    gone = asking.withdrawal(release, iri)
    return gone.replaced_by[0] if gone and gone.renamed else None


def _withdrawn(
    wanted: Wanted, release: Release, followed: Releases, gone: Withdrawal, last: int | None
) -> RecordWithdrawn:
    reason = choose(gone.reasons, wanted.language)
    return RecordWithdrawn(
        gone.record,
        last_release=last,
        kept=last in followed.kept(),
        withdrawn=followed.record(last + 1).moment.date().isoformat() if last else "",
        replaced_by=gone.replaced_by,
        reason=str(reason) if reason else "",
        statements=asking.statements(release, gone.record, ()),
    )


def _moved_permanently(address: str) -> Response:
    """Point to the address that a resource has from now on (301; RFC 9110, 15.4.2); to be asked again each time."""
    return RedirectResponse(address, 301, {"Vary": "Accept", "Cache-Control": "no-cache"})


def _page_number(wanted: Wanted) -> int:
    given = wanted.parameters((PAGE,)).get(PAGE, "1")
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise MalformedValue(PAGE, given=given, expected="write the number of a page, such as 2")
    return int(given)


def _record(wanted: Wanted, release: Release, iri: Iri, kind: str) -> Response:
    incoming = cache(partial(asking.incoming, release, iri, _page_number(wanted)))
    view = cache(lambda: asking.record(release, iri, incoming().rows))
    values = {"record": str(iri)}
    writers: Writers = {
        HTML: lambda: _record_page(wanted, release, view(), kind, incoming()),
        JSON: lambda: _record_json(wanted, release, view(), incoming()),
        CSV: lambda: respond.view_csv(release, wanted, view()),
        **respond.rdf_writers(release, lambda: asking.statements(release, iri, incoming().rows), iri),
    }
    as_of = {"as_of": release.today.isoformat()} if kind == "axis" else {}
    query = RECORD if release.exists(iri) else None  # a graph of which no statement speaks
    response = respond.respond(wanted, release, writers, query=query, values={**values, **as_of})
    if response.status_code == 200:
        response.headers["Link"] += "".join(f", {link}" for link in _links(wanted, iri, incoming()))
    return response


def _links(wanted: Wanted, iri: Iri, incoming: Page) -> Iterator[str]:
    """What this document describes (RFC 6892), its first address (RFC 6596), and its other parts (RFC 8288)."""
    yield f'<{iri}>; rel="describes"'
    yield f'<{wanted.kept(address(iri))}>; rel="canonical"'
    for relation, other in _neighbours(wanted, incoming, wanted.suffix).items():
        yield f'<{other}>; rel="{relation}"'


def _neighbours(wanted: Wanted, incoming: Page, suffix: str = "") -> Mapping[str, str]:
    """The other parts of a document: relation → address. Empty where it is whole."""
    if incoming.last == 1:
        return {}
    numbers = {"first": 1, "prev": incoming.number - 1, "next": incoming.number + 1, "last": incoming.last}
    return {
        relation: wanted.address(suffix, page=str(number))
        for relation, number in numbers.items()
        if 1 <= number <= incoming.last
    }


def _record_json(wanted: Wanted, release: Release, view: Record, incoming: Page) -> bytes:
    formed = respond.links(wanted, (HTML, JSON, CSV, *RDF_FORMATS), RECORD)
    links = {**formed, **_neighbours(wanted, incoming, wanted.suffix)}
    return formats.view_json(view, release.number, links, respond.names(release), language=wanted.language)


def _list_page(wanted: Wanted, release: Release, family: Family, result: Result) -> str:
    view = listing(result)
    joined = {"end", "precision"} if "precision" in view.columns else set()  # shown with the start
    hidden = HIDDEN_COLUMNS | joined
    shown = [column for column in result.columns if column.name in view.columns and column.name not in hidden]
    return wanted.page(
        release,
        "list.html",
        heading=translations(wanted.language).gettext(family.title),
        result=result,
        columns=[(column, words("when" if joined and column.name == "start" else column.name, wanted.language))
                 for column in shown],
        rows=result.rows,
        fields=forms.fields(release, result.query, result.parameters, wanted.language),
    )  # fmt: skip


def _record_page(wanted: Wanted, release: Release, record: Record, kind: str, incoming: Page) -> str:
    families = {family.kind: family for family in FAMILIES}
    family = families.get(kind)
    title = translations(wanted.language).gettext(family.title) if family else ""
    country = _value(record, "elp:country") if kind == "institution" else None
    return wanted.page(
        release,
        "record.html",
        record=record,
        kind=kind,
        above=[(family.address, title)] if family else [],
        heading=[value for name in NAMED_BY.get(kind, ()) if (value := _value(record, name))],
        rows=_shown(record),
        derived=DERIVED_PROPERTIES,
        incoming=incoming,
        neighbours=_neighbours(wanted, incoming),
        content=f"/store/{record.iri.removeprefix(GRAPH)}" if kind == "graph" else "",
        missing=[each for each in record.missing if compact(each) not in HIDDEN_PROPERTIES],
        cells=asking.axis_cells(release, record.iri) if kind == "axis" else None,
        mandates=asking.mandates_of(release, record.iri, compact(str(country))) if country else (),
    )


def _shown(record: Record) -> list[Row]:
    """The properties to show; a name that stands as official name is not repeated."""
    official = {value for row in record.rows if compact(row.property) == "skos:prefLabel" for value in row.values}
    rows = []
    for row in record.rows:
        values = row.values
        if compact(row.property) == "rdfs:label":
            values = tuple(value for value in values if value not in official)
        if values and compact(row.property) not in HIDDEN_PROPERTIES:
            rows.append(Row(row.property, values))
    return rows


def _value(record: Record, name: str) -> Iri | Literal | None:
    """The first value of a property, given by its prefixed name."""
    return next((row.values[0] for row in record.rows if compact(row.property) == name), None)
