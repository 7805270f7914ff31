"""Queries: the catalogue, and each question of it at its own address: form, table, JSON, CSV or RDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from fastapi import APIRouter
from starlette.responses import Response

from graph_service import formats
from graph_service.catalogue import COLUMN_TYPES, PARAMETER_TYPES, Catalogue, QueryFile
from graph_service.errors import ParameterError
from graph_service.examples import examples
from graph_service.filling import filled_query, without_header
from graph_service.formats.json_schema import array, closed
from graph_service.formats.table import csv_bytes
from graph_service.release import Release, Result
from graph_service.terms import LANGUAGES
from graph_service.views.charts import charts
from graph_service.web import forms, questions, respond
from graph_service.web.media import CSV, GRAPH_OF_QUESTION, HTML, JSON, RDF_FORMATS, RQ, TABLE_OF_QUESTION, Format
from graph_service.web.problems import named_in_path
from graph_service.web.respond import Writers
from graph_service.web.routes import about, in_query
from graph_service.web.wanted import EVERYWHERE, Asked, CurrentRelease, Wanted

router = APIRouter(tags=["queries"])

_TEXT = {"type": "string"}
_PARAMETER = {
    "name": _TEXT,
    "type": {"enum": [*PARAMETER_TYPES, "period"]},
    "required": {"type": "boolean"},
    "in": {"description": "the class or scheme that its values come from", "type": ["string", "null"]},
    "example": _TEXT,
    "description": _TEXT,
}
_COLUMN = {"name": _TEXT, "type": {"enum": list(COLUMN_TYPES)}, "description": _TEXT}
_QUESTION = {
    "name": _TEXT,
    "address": _TEXT,
    "form": {"enum": ["SELECT", "CONSTRUCT", "ASK"]},
    "summary": closed(dict.fromkeys(LANGUAGES, _TEXT)),
    "parameters": array(closed(_PARAMETER)),
    "columns": array(closed(_COLUMN)),
    "tags": array(_TEXT),
}
COLUMNS = ("name", "form", "summary", "parameters", "tags")
CATALOGUE = closed({"queries": array(closed(_QUESTION))})


FIND = in_query({"find": {"description": "only questions with all of these words", "type": "string"}})


@router.get(
    "/queries{suffix:suffix}", openapi_extra=about(HTML, JSON, CSV, *RDF_FORMATS, parameters=FIND, answer=CATALOGUE)
)
def catalogue(wanted: Asked, release: CurrentRelease) -> Response:
    """All questions that can be asked, with their parameters; as RDF, what editors of SPARQL read."""
    find = wanted.parameters(("find",)).get("find", "")
    groups = questions.groups(release.catalogue, wanted.language, find)
    found = [query for group in groups for query in group.queries]
    writers: Writers = {
        HTML: lambda: wanted.page(release, "queries.html", groups=groups, find=find, count=len(found)),
        JSON: lambda: formats.to_json({"queries": [describe(query, wanted) for query in found]}),
        CSV: lambda: csv_bytes(COLUMNS, [_row(query, wanted) for query in found]),
        **respond.rdf_writers(release, lambda: examples(Catalogue({query.name: query for query in found}))),
    }
    return respond.respond(wanted, release, writers)


@router.get("/queries/{group:slug}/{name:slug}{suffix:suffix}", include_in_schema=False)
def query(group: str, name: str, wanted: Asked, release: CurrentRelease) -> Response:
    """The answer of one question; programs without a preference get JSON, or Turtle where it answers in RDF.

    A table is had in RDF too (csv2rdf), and each question as the query with these values in it.
    """
    with named_in_path():
        found = release.catalogue.get(f"{group}/{name}")
    try:
        values = wanted.values(release, found.name)
    except ParameterError:
        known = {*EVERYWHERE, *(each.name for each in found.parameters)}
        if wanted.choose(_offered(found)) is not HTML or any(given not in known for given, _ in wanted.given):
            raise
        return _form(wanted, release, found)
    writers = _writers(wanted, release, found, values)
    answer = respond.respond(wanted, release, writers, query=found.name, values=values)
    if wanted.choose(tuple(writers)) is CSV:
        about_columns = replace(wanted, path=f"/queries/{found.name}.csv-metadata.json").address()
        answer.headers["Link"] += f', <{about_columns}>; rel="describedby"; type="application/csvm+json"'
    return answer


def _row(query: QueryFile, wanted: Wanted) -> tuple[str, ...]:
    """One question as the table has it; the parameters that it needs first."""
    needed = sorted(query.parameters, key=lambda each: not each.required)
    names = " ".join(each.name for each in needed)
    return query.name, query.form, query.summary[wanted.language], names, " ".join(query.tags)


def describe(query: QueryFile, wanted: Wanted) -> Mapping[str, object]:
    """One question as JSON: what it answers, what it needs, its columns."""
    return {
        "name": query.name,
        "address": wanted.kept(f"/queries/{query.name}"),
        "form": query.form,
        "summary": dict(query.summary),
        "parameters": [
            {
                "name": each.name,
                "type": each.type,
                "required": each.required,
                "in": each.scheme,
                "example": each.example,
                "description": each.description,
            }
            for each in query.parameters
        ],
        "columns": [{"name": each.name, "type": each.type, "description": each.description} for each in query.columns],
        "tags": list(query.tags),
    }


def _offered(query: QueryFile) -> tuple[Format, ...]:
    return GRAPH_OF_QUESTION if query.form == "CONSTRUCT" else TABLE_OF_QUESTION


def _writers(wanted: Wanted, release: Release, query: QueryFile, values: Mapping[str, str]) -> Writers:
    text = {RQ: lambda: filled_query(release, query.name, values)}
    if query.form == "CONSTRUCT":
        triples = partial(release.construct, query.name, values)
        page = partial(_page, wanted, release, query, values)
        return {
            **respond.rdf_writers(release, triples),
            HTML: lambda: page(turtle=formats.turtle(triples()).decode()),
            **text,
        }
    result = partial(release.ask, query.name, values)
    return {
        JSON: lambda: respond.table_json(release, wanted, result(), _offered(query)),
        CSV: lambda: formats.table_csv(result()),
        HTML: lambda: _page(wanted, release, query, values, result=result()),
        **respond.result_writers(release, result),
        **text,
    }


def _form(wanted: Wanted, release: Release, query: QueryFile) -> Response:
    """The form alone, for people who come without the value that a question needs."""
    given = wanted.parameters([each.name for each in query.parameters])
    needed = ", ".join(each.name for each in query.parameters if each.required and each.name not in given)
    page = partial(_page, wanted, release, query, {**query.example, **given}, needed=needed)
    return respond.respond(wanted, release, {HTML: page}, query=query.name)


def _page(
    wanted: Wanted,
    release: Release,
    query: QueryFile,
    values: Mapping[str, str],
    *,
    result: Result | None = None,
    turtle: str | None = None,
    needed: str = "",
) -> str:
    countries = {member.iri for member in release.members("elp:Country")}
    pictures = charts([column.name for column in result.columns], result.rows, countries).names if result else ()
    return wanted.page(
        release,
        "query.html",
        query=query,
        fields=forms.fields(release, query, values, wanted.language),
        result=result,
        turtle=turtle,
        needed=needed,
        pictures=pictures,
        text=without_header(query.text) if needed else filled_query(release, query.name, values),
    )
