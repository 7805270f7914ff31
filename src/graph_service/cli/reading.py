"""The commands that read what is published, and the settings."""

from __future__ import annotations

import argparse
import io
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from graph_service.cli.common import followed, pairs, write_out
from graph_service.settings import Settings

if TYPE_CHECKING:
    from graph_service.release import Release


def query(chosen: argparse.Namespace, settings: Settings) -> int:
    """Run a query of the catalogue, or a file."""
    from graph_service import formats

    release = followed(settings).current()
    values = dict(pairs(chosen.values))
    if Path(chosen.name).is_file():
        return _query_file(Path(chosen.name), chosen.format, release)
    form = release.catalogue.get(chosen.name).form
    if form == "CONSTRUCT":
        triples = release.construct(chosen.name, values)
        return write_out(
            [formats.graph_bytes(triples, chosen.format or "ttl", release.file("ontology/context.jsonld"))]
        )
    return write_out([formats.table_bytes(release.ask(chosen.name, values), chosen.format or "csv", release.number)])


def _query_file(path: Path, suffix: str | None, release: Release) -> int:
    from graph_service.formats import RDF_MEDIA_TYPES

    media_types = {**RDF_MEDIA_TYPES, "csv": "text/csv", "json": "application/sparql-results+json"}
    text = path.read_text(encoding="utf-8")
    graph = release.query_form(text) in ("CONSTRUCT", "DESCRIBE")
    found = io.BytesIO()
    release.sparql(text, media_types[suffix or ("ttl" if graph else "csv")], found)
    return write_out([found.getvalue()])


def roadmap(chosen: argparse.Namespace, settings: Settings) -> int:
    """Print the roadmap of a country."""
    from graph_service.web.roadmaps import written

    release = followed(settings).current()
    return write_out([written(release, chosen.country, chosen.format, chosen.as_of or "")])


def export(chosen: argparse.Namespace, settings: Settings) -> int:
    """Write the whole graph, one named graph, or the tables to stdout; the same bytes as at /exports."""
    from graph_service.exporting import STEM, ExportFolder, find_export
    from graph_service.terms import graph_iri

    release = followed(settings).current()
    stem = STEM if chosen.graph is None else chosen.graph.removeprefix(graph_iri(""))
    wanted = find_export(release, f"{stem}.{chosen.format or ('trig' if chosen.graph is None else 'ttl')}")
    with tempfile.TemporaryDirectory() as folder:
        written = ExportFolder(Path(folder), "stdout").get(release, wanted)
        with written.path.open("rb") as file:
            return write_out(iter(lambda: file.read(1 << 20), b""))


def releases(chosen: argparse.Namespace, settings: Settings) -> int:
    """List the releases, newest first."""
    from graph_service.home import Home

    home = Home(settings.home)
    for record in home.records():
        kept = "" if home.keeps(record.number) else " (data no longer kept)"
        change = f"+{record.added} -{record.removed}"
        print(f"{record.number}\t{record.created}\t{record.who}\t{record.quads}\t{change}\t{record.reason}{kept}")
    return 0


def show_settings(chosen: argparse.Namespace, settings: Settings) -> int:
    """List each setting with its value and origin."""
    for item in fields(Settings):
        if item.name != "origins":
            value = getattr(settings, item.name)
            shown = "(set)" if value and item.metadata.get("secret") else value
            print(f"{item.name} = {shown}\t({settings.origin(item.name)}) {item.metadata['help']}")
    return 0
