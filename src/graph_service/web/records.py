"""Records: one page per record, and /doc, where every resource is described. Any record, in any format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import asking, formats
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.terms import GRAPH, PREFIXES, Iri, Literal, Term, choose, compact, record_iri, record_key
from graph_service.views import Record, Row
from graph_service.views.lists import Page
from graph_service.views.records import age
from graph_service.web import neighbourhood, reporting, resources, respond, taking
from graph_service.web.language import translations, write_number
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS, SVG
from graph_service.web.render import address
from graph_service.web.resources import FAMILIES, PAGE, PAGE_PARAMETERS, Family, Followed, page_number, parts_of
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted

router = APIRouter(tags=["records"])

RECORD = "records/graph"
OFFERED = (HTML, JSON, CSV, SVG, *RDF_FORMATS)
SHOWN_LINKS = 100  # so many neighbours stand in the table
SHOWN_STATED = 400  # so many records that rest on a source
# properties that a record page does not show: derived for queries, or shown as what points to the record
HIDDEN_PROPERTIES = {
    "elp:startEarliest", "elp:startLatest", "elp:endEarliest", "elp:endLatest", "elp:hasInstitution",
    "elp:hasMandate", "elp:hasParticipation", "elp:covers", "skos:hiddenLabel",
}  # fmt: skip
# properties that rules derive: their certainty is not that of the record's evidence
DERIVED_PROPERTIES = {"elp:hasTranslation", "elp:onRoadmap", "elp:replaces"}
# kinds without a name of their own → the properties whose values name them
NAMED_BY: Mapping[str, Sequence[str]] = {
    "evidence": ("elp:source",),
    "gap": ("elp:country", "elp:axis"),
    "institution": ("skos:prefLabel",),
    "mandate": ("elp:holder", "elp:axis"),
    "membership": ("org:member", "org:organization"),
    "participation": ("elp:participant", "elp:event"),
    "source": ("dcterms:title",),
    "statement": ("dcterms:description",),
    "translation": ("elp:quote",),
}


def _one(family: Family, slug: str, wanted: Wanted, release: Release, followed: Releases, contact: str) -> Response:
    iri = resources.found(wanted, release, followed, family.kind, slug)
    if new := resources.renamed(release, iri):
        return resources.moved_permanently(wanted.moved(address(new)))
    if iri != record_iri(family.kind, slug):
        return respond.see_other(wanted.moved(f"{family.address}/{compact(iri)}"))
    return _record(wanted, release, iri, family.kind, contact)


def _contact(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return settings.contact


def _routes(family: Family) -> None:
    """Give a family the addresses of its records."""
    shows = about(
        HTML,
        JSON,
        CSV,
        SVG,
        *RDF_FORMATS,
        summary=f"Record of the list: {family.title.lower()}",
        parameters=PAGE_PARAMETERS,
        statuses=(200, 301, 303, 410),
    )

    @router.get(family.address + "/{slug:slug}{suffix:suffix}", openapi_extra=shows)
    def record(slug: str, request: Request, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
        wanted.parameters((PAGE,))
        return _one(family, slug, wanted, release, followed, _contact(request))


for each in FAMILIES:
    _routes(each)


@router.get(
    "/doc/{kind:slug}/{slug:name}{suffix:suffix}",
    openapi_extra=about(HTML, JSON, CSV, SVG, *RDF_FORMATS, parameters=PAGE_PARAMETERS, statuses=(200, 301, 303, 410)),
)
def document(
    kind: str, slug: str, request: Request, wanted: Asked, release: CurrentRelease, followed: Followed
) -> Response:
    """What is said of any record, and what points to it; browsers are led to its own page where it has one."""
    wanted.parameters((PAGE,))
    if kind == "release":
        return respond.see_other(wanted.moved(f"/releases/{slug}"))
    iri = resources.found(wanted, release, followed, kind, slug)
    if new := resources.renamed(release, iri):
        return resources.moved_permanently(wanted.moved(resources.path_of("/doc", new)))
    own = address(iri)
    if own.startswith("/") and not own.startswith("/doc/") and wanted.choose(OFFERED) is HTML:
        return respond.see_other(wanted.moved(own))
    return _record(wanted, release, iri, kind, _contact(request))


def _record(wanted: Wanted, release: Release, iri: Iri, kind: str, contact: str) -> Response:
    incoming = cache(partial(asking.incoming, release, iri, page_number(wanted)))
    view = cache(lambda: asking.record(release, iri, incoming().rows, wanted.language))
    values = {"record": str(iri)}
    writers: Writers = {
        HTML: lambda: _record_page(wanted, release, view(), kind, incoming(), contact),
        JSON: lambda: _record_json(wanted, release, view(), incoming()),
        CSV: lambda: respond.view_csv(release, wanted, view()),
        SVG: lambda: _drawing(wanted, release, iri),
        **respond.rdf_writers(release, lambda: asking.statements(release, iri, incoming().rows), iri),
    }
    as_of = {"as_of": release.today.isoformat()} if kind == "axis" else {}
    told = {"contact": contact} if wanted.choose(OFFERED) is HTML else {}  # so that a new one makes a new ETag
    query = RECORD if release.exists(iri) else None  # a graph of which no statement speaks
    response = respond.respond(wanted, release, writers, query=query, values={**values, **as_of, **told})
    if response.status_code == 200:
        response.headers["Link"] += "".join(f", {link}" for link in _links(wanted, iri, incoming()))
    return response


def _links(wanted: Wanted, iri: Iri, incoming: Page) -> Iterator[str]:
    """What this document describes (RFC 6892), its first address (RFC 6596), and its other parts (RFC 8288)."""
    yield f'<{iri}>; rel="describes"'
    yield f'<{wanted.kept(address(iri))}>; rel="canonical"'
    for relation, other in parts_of(wanted, incoming, wanted.suffix).items():
        yield f'<{other}>; rel="{relation}"'


def _record_json(wanted: Wanted, release: Release, view: Record, incoming: Page) -> bytes:
    formed = respond.links(wanted, OFFERED, RECORD)
    links = {**formed, **parts_of(wanted, incoming, wanted.suffix)}
    return formats.view_json(view, release.number, links, respond.names(release), language=wanted.language)


def _record_page(wanted: Wanted, release: Release, record: Record, kind: str, incoming: Page, contact: str) -> str:
    family = next((each for each in FAMILIES if each.kind == kind), None)
    title = translations(wanted.language).gettext(family.title) if family else ""
    country = _value(record, "elp:country") if kind == "institution" else None
    heading = _heading(record, kind)
    name = ": ".join(_plain(each, release, wanted.language) for each in heading or (record.iri,))
    all_links = asking.neighbours(release, record.iri)
    links = neighbourhood.chosen(all_links, SHOWN_LINKS)
    stated = _stated(release, record.iri) if kind == "source" else {}
    return wanted.page(
        release,
        "record.html",
        record=record,
        kind=kind,
        above=[(family.address, title)] if family else [],
        heading=heading,
        named=name,
        table_rows=taking.row_count(respond.view_csv(release, wanted, record)),
        behind=respond.behind(release, RECORD, {"record": record.iri}) if release.exists(record.iri) else "",
        rows=_shown(record),
        derived=DERIVED_PROPERTIES,
        years=age(record.newest, release.date) if record.newest else None,
        readings=[(each, amount(each.value, wanted.language)) for each in record.readings],
        drawing=neighbourhood.draw(record.iri, links) if links else None,
        links=links,
        all_links=len(all_links),
        stated=stated,
        titles=_titles(release, (*(each.iri for each in links), *stated)),
        shown_stated=SHOWN_STATED,
        incoming=incoming,
        neighbours=parts_of(wanted, incoming),
        content=f"/store/{record.iri.removeprefix(GRAPH)}" if kind == "graph" else "",
        missing=[each for each in record.missing if compact(each) not in HIDDEN_PROPERTIES],
        cells=asking.axis_cells(release, record.iri) if kind == "axis" else None,
        mandates=asking.mandates_of(release, record.iri, compact(str(country))) if country else (),
        report=reporting.report(contact, release, record.iri, name, wanted.language),
        citation=taking.citation(release, f"“{name}”", record.iri, wanted.language),
    )


def _drawing(wanted: Wanted, release: Release, iri: Iri) -> str:
    """The neighbourhood as a picture of its own."""
    links = asking.neighbours(release, iri)
    return wanted.page(
        release,
        "neighbourhood.svg.html",
        drawing=neighbourhood.draw(iri, links),
        named=": ".join(_plain(each, release, wanted.language) for each in _named_by(release, iri) or (iri,)),
        titles=_titles(release, (each.iri for each in links)),
    )


def _titles(release: Release, iris: Iterable[Iri]) -> Mapping[Iri, Sequence[Term]]:
    """Records without a name of their own → what names them."""
    return {iri: found for iri in iris if not release.labels(iri) and (found := _named_by(release, iri))}


def _named_by(release: Release, iri: Iri) -> Sequence[Term]:
    kind, _ = record_key(iri) or ("", "")
    names = [_iri(name) for name in NAMED_BY.get(kind, ())]
    return [value for name in names for value in sorted(release.store.objects(iri, name), key=str)[:1]]


def _iri(name: str) -> Iri:
    """The IRI of a prefixed name."""
    prefix, _, local = name.partition(":")
    return Iri(PREFIXES[prefix] + local)


def _heading(record: Record, kind: str) -> Sequence[Term]:
    return [value for name in NAMED_BY.get(kind, ()) if (value := _value(record, name))]


def _plain(term: Term, release: Release, language: str) -> str:
    """A name as plain text, in a language where there is one."""
    if isinstance(term, Literal):
        return term.value
    found = choose(release.labels(term), language)
    if found is None and (own := _named_by(release, term)):
        return ": ".join(_plain(each, release, language) for each in own)
    return found.value if found else compact(term)


def _stated(release: Release, source: Iri) -> Mapping[Iri, Sequence[Any]]:
    key = record_key(source)
    return asking.stated_by(release, key[1]) if key else {}


def amount(value: str, language: str) -> str:
    """A number and its unit as a language writes them.

    >>> amount("19000000 EUR", "en"), amount("2.5 hours", "en")
    ('19,000,000 EUR', '2.5 hours')
    """
    number, _, unit = value.partition(" ")
    return f"{write_number(int(number), language)} {unit}" if number.isdecimal() else value


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
