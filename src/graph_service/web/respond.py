"""Respond: the one place that writes an answer, with its ETag, Vary, Link and 304. Asks nothing of the graph.

A handler names the formats that it can write, each with a function that writes it; only the chosen one runs,
and none at all where the client already has the answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response, StreamingResponse

from graph_service import formats
from graph_service.release import Release, Result
from graph_service.terms import Iri, Triple, choose
from graph_service.web import taking
from graph_service.web.media import CSV, HTML, JSONLD, NT, RDF, TTL, Format, tabular
from graph_service.web.wanted import Wanted

Body: TypeAlias = bytes | str | Iterator[bytes]
Writer: TypeAlias = Callable[[], Body]
Writers: TypeAlias = Mapping[Format, Writer]


def respond(
    wanted: Wanted,
    release: Release,
    writers: Writers,
    *,
    query: str | None = None,
    values: Mapping[str, str] | None = None,
) -> Response:
    """Answer in the format that the client prefers among those that can be written.

    Args:
        writers: format → what writes it; the first is the one for clients without a preference. What is written as
            CSV can also be had as XLSX.
        query, values: the query behind this view and what it was asked, for Link and ETag.

    Raises:
        NotAcceptable, UnknownFormat: none of the formats is wanted.
    """
    offered = tabular(tuple(writers))
    chosen = wanted.choose(offered)
    headers = {
        "ETag": entity_tag(release, wanted, chosen, values or {}),
        "Vary": "Accept, Accept-Language" if wanted.path == "/" else "Accept",
        "Cache-Control": "no-cache",
        "Link": ", ".join(_links(wanted, offered, chosen, behind(release, query, values or {}) if query else "")),
    }
    if has_tag(wanted.if_none_match, headers["ETag"]):
        return not_modified(chosen.media_type, headers)
    if chosen is HTML:
        headers["Content-Language"] = wanted.language
    body = writers[chosen]() if chosen in writers else _workbook(wanted, release, writers[CSV](), query, values or {})
    return send(body, chosen.media_type, headers)


def _workbook(wanted: Wanted, release: Release, table: Body, query: str | None, values: Mapping[str, str]) -> bytes:
    """A table as a spreadsheet, with what it answers on its first sheet."""
    written = b"".join([table] if isinstance(table, bytes) else [table.encode()] if isinstance(table, str) else table)
    question = release.question(query) if query else None
    address = wanted.pinned(release)
    return formats.table_workbook(written, taking.cover(release, question, values, address, wanted.language))


def result_writers(release: Release, result: Callable[[], Result]) -> Writers:
    """What writes the rows of a question in each RDF format (csv2rdf)."""
    return rdf_writers(release, lambda: formats.table_statements(result()))


def record_writers(release: Release, iris: Callable[[], Iterable[Iri]]) -> Writers:
    """What writes the statements of some records in each RDF format, with their evidence and its sources."""
    return rdf_writers(release, lambda: release.describe(iris()))


def rdf_writers(release: Release, triples: Callable[[], Iterable[Triple]], root: Iri | None = None) -> Writers:
    """What writes some statements in each RDF format; as JSON-LD they begin with the root."""
    return {
        TTL: lambda: formats.turtle(triples()),
        JSONLD: lambda: formats.jsonld(triples(), json_context(release), root),
        NT: lambda: formats.graph_bytes(triples(), "nt", {}),
        RDF: lambda: formats.graph_bytes(triples(), "rdf", {}),
    }


def json_context(release: Release) -> Mapping[str, Any]:
    """The JSON-LD context that came with the release."""
    context: Mapping[str, Any] = json.loads(release.file("ontology/context.jsonld"))
    return context


def view_json(release: Release, wanted: Wanted, view: object, offered: Sequence[Format], query: str) -> bytes:
    """Write a view as JSON, with links to its other formats and to the query behind it."""
    return formats.view_json(
        view, release.number, links(wanted, offered, query), names(release), language=wanted.language
    )


def view_csv(release: Release, wanted: Wanted, view: Any) -> bytes:
    """Write a view as one table."""
    return formats.view_csv(view, names(release), language=wanted.language)


def table_json(release: Release, wanted: Wanted, result: Result, offered: Sequence[Format]) -> bytes:
    """Write the answer of a query as JSON, with links to its other formats and to its own address."""
    as_of = result.parameters.get("as_of")
    return formats.table_json(result, release.number, as_of, links(wanted, offered, result.query.name))


def names(release: Release) -> Callable[[Iri, str], str]:
    """What gives the name of a record in a language; empty where it has none."""

    def name(iri: Iri, language: str) -> str:
        found = choose(release.labels(iri), language)
        return found.value if found else ""

    return name


def links(wanted: Wanted, offered: Sequence[Format], query: str) -> Mapping[str, str]:
    """Where to go from a JSON answer: the same in other formats, the query behind it, the release."""
    return {
        **{each.name: wanted.address(each.name) for each in tabular(offered)},
        "query": wanted.kept(f"/queries/{query}"),
        "releases": wanted.kept("/releases"),
    }


def send(body: Body, media_type: str, headers: Mapping[str, str], status: int = 200) -> Response:
    """Send a body whole, or as it comes where it is an iterator."""
    if isinstance(body, bytes | str):
        return Response(body, status, dict(headers), media_type)
    return StreamingResponse(body, status, dict(headers), media_type)


def not_modified(media_type: str, headers: Mapping[str, str]) -> Response:
    """The client has it already (RFC 9110, 15.4.5); compression reads the media type on its way out and drops it."""
    return Response(status_code=304, headers={**headers, "Content-Type": media_type})


def see_other(address: str) -> Response:
    """Point to another address that describes the thing (303; RFC 9110, 15.4.4)."""
    return RedirectResponse(address, 303, {"Vary": "Accept", "Cache-Control": "no-cache"})


def entity_tag(release: Release, wanted: Wanted, chosen: Format, values: Mapping[str, str]) -> str:
    """Name a representation: the release, then a digest of all else that its bytes depend on.

    `values` hold the date that "today" stands for, so that an answer does not outlive its day.
    """
    language = wanted.language if chosen is HTML else ""
    return tag(release, wanted.origin, wanted.path, wanted.given, chosen.name, sorted(values.items()), language)


def tag(
    release: Release,
    origin: str,
    path: str,
    given: Sequence[tuple[str, str]],
    suffix: str,
    values: Sequence[tuple[str, str]] = (),
    language: str = "",
) -> str:
    """As `entity_tag`, of what an address says: its parameters, and the suffix of its format."""
    parts = (build(), release.record.digest, origin, path, given, [*values], suffix, language)
    return f'"{release.number}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:20]}"'


def has_tag(if_none_match: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; compared weakly, as RFC 9110, 13.1.2 asks."""
    return tag in re.findall(r'"[^"]*"', if_none_match)


@cache
def build() -> str:
    """Name this version of the software: a digest of its own files, so that new templates make new tags."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent.parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".html", ".css", ".js", ".po"}:
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _links(wanted: Wanted, offered: Sequence[Format], chosen: Format, query: str) -> Iterator[str]:
    for each in offered:
        if each is not chosen:
            yield f'<{wanted.address(each.name)}>; rel="alternate"; type="{each.media_type}"'
    if query:
        yield f'<{wanted.kept(query)}>; rel="describedby"'


def behind(release: Release, query: str, values: Mapping[str, str]) -> str:
    """The address of the query behind a view, with those of its values that the query takes."""
    taken = [each.name for each in release.question(query).parameters if each.name in values]
    asked = urlencode({name: values[name] for name in taken})
    return f"/queries/{query}?{asked}" if asked else f"/queries/{query}"
