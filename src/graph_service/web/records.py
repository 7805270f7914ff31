"""Records: lists, one page per record, and /id, where every resource can be looked up. Any record, in any format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import asking, formats
from graph_service.errors import UnknownTerm, nearest
from graph_service.release import Release, Result
from graph_service.terms import KINDS, Iri, Literal, compact, graph_iri, record_iri
from graph_service.views import Record, Row, listing
from graph_service.web import forms, respond
from graph_service.web.language import later, translations
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS
from graph_service.web.problems import named_in_path
from graph_service.web.render import address
from graph_service.web.respond import Asked, CurrentRelease, Wanted, Writers, about
from graph_service.web.words import words

router = APIRouter(tags=["records"])

RECORD = "records/graph"
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


def _one(family: Family, slug: str, wanted: Asked, release: CurrentRelease) -> Response:
    iri = _found(release, family.kind, slug)
    if iri != record_iri(family.kind, slug):
        return respond.see_other(wanted.moved(f"{family.address}/{compact(iri)}"))
    return _record(wanted, release, iri, family.kind)


def _routes(family: Family) -> None:
    """Give a family its two addresses."""

    lists = about(HTML, JSON, CSV, query=family.query, summary=f"List: {family.title.lower()}")
    shows = about(HTML, JSON, CSV, *RDF_FORMATS, summary=f"Record of the list: {family.title.lower()}")

    @router.get(family.address + "{suffix:suffix}", openapi_extra=lists)
    def records(wanted: Asked, release: CurrentRelease) -> Response:
        return _list(family, wanted, release)

    @router.get(family.address + "/{slug:slug}{suffix:suffix}", openapi_extra=shows)
    def record(slug: str, wanted: Asked, release: CurrentRelease) -> Response:
        return _one(family, slug, wanted, release)


for each in FAMILIES:
    _routes(each)


@router.get("/id/{kind}/{slug}", openapi_extra=about())
def identifier(kind: str, slug: str, wanted: Asked, release: CurrentRelease) -> Response:
    """The address of a thing itself: leads to what is said of it (303)."""
    wanted.parameters(())
    if kind == "release":
        return respond.see_other(wanted.moved(f"/releases/{slug}"))
    _found(release, kind, slug)
    return respond.see_other(wanted.moved(f"/doc/{kind}/{slug}"))


@router.get("/doc/{kind:slug}/{slug:slug}{suffix:suffix}", openapi_extra=about(HTML, JSON, CSV, *RDF_FORMATS))
def document(kind: str, slug: str, wanted: Asked, release: CurrentRelease) -> Response:
    """What is said of any record; browsers are led to its own page where it has one."""
    wanted.parameters(())
    if kind == "release":
        return respond.see_other(wanted.moved(f"/releases/{slug}"))
    iri = _found(release, kind, slug)
    own = address(iri)
    if not own.startswith("/doc/") and wanted.choose((HTML, JSON, CSV, *RDF_FORMATS)) is HTML:
        return respond.see_other(wanted.moved(own))
    return _record(wanted, release, iri, kind)


def _found(release: Release, kind: str, slug: str) -> Iri:
    """The IRI of a record that exists.

    Raises:
        UnknownTerm: no such kind, or no such record; with near names.
    """
    if kind not in KINDS:
        raise UnknownTerm("kind of record", given=kind, near=nearest(kind, KINDS))
    iri = graph_iri(slug) if kind == "graph" else record_iri(kind, slug)
    if release.exists(iri):
        return iri
    if kind not in CLASSES:
        raise UnknownTerm(kind, given=slug)
    with named_in_path():
        return release.find(CLASSES[kind], slug, kind=kind).iri


def _record(wanted: Wanted, release: Release, iri: Iri, kind: str) -> Response:
    wanted.parameters(())
    view = partial(asking.record, release, iri)
    values = {"record": str(iri)}
    writers: Writers = {
        HTML: lambda: _record_page(wanted, release, view(), kind),
        JSON: lambda: respond.view_json(release, wanted, view(), (HTML, JSON, CSV, *RDF_FORMATS), RECORD),
        CSV: lambda: respond.view_csv(release, wanted, view()),
        **respond.rdf_writers(release, lambda: release.construct(RECORD, values), iri),
    }
    as_of = {"as_of": release.today.isoformat()} if kind == "axis" else {}
    return respond.respond(wanted, release, writers, query=RECORD, values={**values, **as_of})


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


def _record_page(wanted: Wanted, release: Release, record: Record, kind: str) -> str:
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
        incoming=() if kind == "source" else record.incoming,  # what a source states has an address of its own
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
