"""Lists: one address per family of records; filtered by a form, sorted and paged by links, taken away whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import formats
from graph_service.catalogue import Column
from graph_service.errors import MalformedValue, UnknownTerm, nearest
from graph_service.release import Release, Result
from graph_service.terms import Binding, Iri, Literal, Term, choose, fold, record_iri
from graph_service.views import listing
from graph_service.views.lists import Page, SortKey, arranged, page
from graph_service.web import forms, respond
from graph_service.web.language import translations
from graph_service.web.media import CSV, HTML, JSON, RDF_FORMATS
from graph_service.web.render import SLUG_COLUMNS, ask_address
from graph_service.web.resources import FAMILIES, PAGE, Family, page_number, parts_of
from graph_service.web.respond import Writers
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease, Wanted
from graph_service.web.words import words

router = APIRouter(tags=["records"])

OFFERED = (HTML, JSON, CSV, *RDF_FORMATS)
SORT, ORDER = "sort", "order"
NAME = "name"  # the first column of each list: what its records are called
DIRECTIONS = {"asc": "ascending", "desc": "descending"}  # as the address says it → as aria-sort does
# columns of the lists that a page does not show: names have a column of their own, the rest serves sorting
HIDDEN_COLUMNS = {
    "iri", "slug", "name", "name_en", "name_es", "name_fr", "name_pt", "title", "rank", "start_earliest", "inferred",
    "roadmap", "url", "note",
}  # fmt: skip
ARRANGED: Sequence[Mapping[str, object]] = (
    {"name": SORT, "in": "query", "description": "the column to sort by; else in its own order",
     "schema": {"type": "string"}},
    {"name": ORDER, "in": "query", "description": "in which direction", "schema": {"enum": list(DIRECTIONS)}},
    {"name": PAGE, "in": "query", "description": "which part of the list its page shows; tables hold all rows",
     "schema": {"type": "integer", "minimum": 1}},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heading:
    """A column as the page heads it."""

    column: Column | None  # None: the name of the record
    words: str
    address: str  # of the same list sorted by it, or the other way round where it is so already
    direction: str  # "ascending", "descending", or "" where the list is not sorted by it


def _list(family: Family, wanted: Wanted, release: Release) -> Response:
    filters = [each.name for each in release.question(family.query).parameters]
    given = wanted.parameters([*filters, SORT, ORDER, PAGE])
    values = release.understood(family.query, {name: given[name] for name in filters if name in given})
    number = page_number(wanted)
    _direction(wanted)
    result = cache(partial(_rows, wanted, release, family, values))
    writers: Writers = {
        HTML: lambda: _page(wanted, release, family, result(), page(result().rows, number)),
        JSON: lambda: respond.table_json(release, wanted, result(), OFFERED),
        CSV: lambda: formats.table_csv(result()),
        **respond.record_writers(release, lambda: (Iri(str(row["iri"])) for row in result().rows)),
    }
    return respond.respond(wanted, release, writers, query=family.query, values=values)


def _rows(wanted: Wanted, release: Release, family: Family, values: Mapping[str, str]) -> Result:
    """All rows of the filtered list, in the order asked for."""
    result = release.ask(family.query, values)
    by = wanted.value(SORT)
    if not by:
        return result
    known = {NAME: None} | {column.name: column for column in result.columns}
    if by not in known:
        raise UnknownTerm("column", given=by, near=nearest(by, list(known)), parameter=SORT)
    key = _name_key(wanted, release) if by == NAME else _key(known[by], wanted, release)
    return replace(result, rows=arranged(result.rows, key, descending=_direction(wanted) == "descending"))


def _direction(wanted: Wanted) -> str:
    given = wanted.value(ORDER) or "asc"
    if given not in DIRECTIONS:
        raise MalformedValue(ORDER, given=given, expected="write asc or desc")
    return DIRECTIONS[given]


def _name_key(wanted: Wanted, release: Release) -> SortKey:
    """By the name that the page shows: the official one, the title, or that in its language."""

    def key(row: Binding) -> tuple[float, str] | None:
        shown = row.get("name") or row.get("title")
        return 0.0, fold(str(shown) if shown else _name(row["iri"], wanted, release))

    return key


def _key(column: Column | None, wanted: Wanted, release: Release) -> SortKey:
    """By what a column shows: numbers by size, dates by time, records by their names in the page's language."""
    name = column.name if column else NAME
    number = column is not None and column.type in ("integer", "decimal")

    def key(row: Binding) -> tuple[float, str] | None:
        term = row.get("start_earliest", row.get(name)) if name == "start" else row.get(name)
        if term is None:
            return None
        if number:
            return float(str(term)), ""
        return 0.0, fold(_text(term, name, wanted, release))

    return key


def _text(term: Term, column: str, wanted: Wanted, release: Release) -> str:
    kind = SLUG_COLUMNS.get(column)
    if isinstance(term, Literal) and kind:
        return ", ".join(_name(record_iri(kind, slug), wanted, release) for slug in term.value.split())
    return _name(term, wanted, release) if isinstance(term, Iri) else term.value


def _name(iri: Term, wanted: Wanted, release: Release) -> str:
    found = choose(release.labels(Iri(str(iri))), wanted.language)
    return found.value if found else str(iri)


def _page(wanted: Wanted, release: Release, family: Family, result: Result, part: Page) -> str:
    view = listing(result)
    joined = {"end", "precision"} if "precision" in view.columns else set()  # shown with the start
    hidden = HIDDEN_COLUMNS | joined
    shown = [column for column in result.columns if column.name in view.columns and column.name not in hidden]
    return wanted.page(
        release,
        "list.html",
        heading=translations(wanted.language).gettext(family.title),
        result=result,
        named=_heading(wanted, None, words("iri", wanted.language)),
        columns=[_heading(wanted, column, words("when" if joined and column.name == "start" else column.name,
                                                wanted.language)) for column in shown],
        part=part,
        neighbours=parts_of(wanted, part),
        counted=[_counted(family, row, result.parameters) for row in part.rows],
        kept={name: wanted.value(name) for name in (SORT, ORDER) if wanted.value(name)},
        fields=forms.fields(release, result.query, result.parameters, wanted.language),
    )  # fmt: skip


def _heading(wanted: Wanted, column: Column | None, shown: str) -> Heading:
    name = column.name if column else NAME
    direction = _direction(wanted) if wanted.value(SORT) == name else ""
    whole = replace(wanted, given=tuple(each for each in wanted.given if each[0] not in (SORT, ORDER, PAGE)))
    turned = {ORDER: "desc"} if direction == "ascending" else {}
    return Heading(column, shown, whole.address(sort=name, **turned), direction)


def _counted(family: Family, row: Binding, asked: Mapping[str, str]) -> Mapping[str, str]:
    """The columns of a row that count something → the address of the list that is counted."""
    slug = str(row["slug"])
    if family.kind == "axis":
        return {"institutions": ask_address(asked.get("country", ""), axis=slug, as_of=asked.get("as_of", ""))}
    return {"statements": f"{family.address}/{slug}#states"} if family.kind == "source" else {}


def _routes(family: Family) -> None:
    """Give a family the address of its list."""
    told = about(
        *OFFERED,
        query=family.query,
        summary=f"List: {family.title.lower()}",
        description="As RDF: the statements of the records listed, with their evidence and its sources.",
        parameters=ARRANGED,
    )

    @router.get(family.address + "{suffix:suffix}", openapi_extra=told)
    def records(wanted: Asked, release: CurrentRelease) -> Response:
        return _list(family, wanted, release)


for each in FAMILIES:
    _routes(each)
