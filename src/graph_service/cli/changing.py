"""The commands that change something: what is published, the data files, the tokens."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from graph_service.cli.common import publisher_of
from graph_service.cli.watching import loading
from graph_service.settings import Settings


def load(chosen: argparse.Namespace, settings: Settings) -> int:
    """Publish the project, or some files."""
    from graph_service.bulk import data_files, load_files
    from graph_service.publishing import user_name

    with publisher_of(settings) as publisher:
        if files := data_files(map(Path, chosen.paths)):
            with loading() as progress:
                change = load_files(files, progress)
                done = publisher.write(change, who=user_name(), reason=chosen.reason or "load of files")
        else:
            reason = chosen.reason or "load of the project"
            done = publisher.load_project(settings.project, who=user_name(), reason=reason)
    record = done.record
    if not done.new:
        print(f"Nothing to do: release {record.number} already holds this.")
        return 0
    findings = ", ".join(f"{count} {name.lower()}" for name, count in record.report.items() if count) or "none"
    print(
        f"Release {record.number}: {record.quads} statements in {len(record.graphs)} graphs "
        f"(+{record.added} -{record.removed}). SHACL findings: {findings}."
    )
    return 0


def import_(chosen: argparse.Namespace, settings: Settings) -> int:
    """Turn a folder of tables into the Turtle files of the project."""
    from graph_service.tables import import_tables

    report = import_tables(Path(chosen.directory), settings.project, prune=chosen.prune, dry_run=chosen.dry_run)
    print("\n".join(report.lines()))
    return 0


def rollback(chosen: argparse.Namespace, settings: Settings) -> int:
    """Publish an earlier release again."""
    from graph_service.publishing import user_name

    with publisher_of(settings) as publisher:
        done = publisher.rollback(chosen.number, who=user_name(), reason=chosen.reason or "")
    print(f"Release {done.record.number} now holds the content of release {chosen.number}.")
    return 0


def update(chosen: argparse.Namespace, settings: Settings) -> int:
    """Run a SPARQL update, from a file or stdin, and publish what it makes."""
    from graph_service import writing
    from graph_service.publishing import user_name
    from graph_service.store.protocol import Dataset

    text = sys.stdin.read() if chosen.file == "-" else Path(chosen.file).read_text(encoding="utf-8")
    change = writing.update(text, Dataset(union=settings.default_graph == "union"))
    with publisher_of(settings) as publisher:
        reason = chosen.reason or f"update by {Path(chosen.file).name}"
        done = publisher.write(change, who=user_name(), reason=reason, dry_run=chosen.dry_run)
    for warning in done.warnings:
        print(f"graph-service: warning: {warning}", file=sys.stderr)
    if not done.new:
        print(f"Nothing to do: release {done.record.number} already holds this.")
    else:
        verb = "would be" if chosen.dry_run else "is"
        print(f"Release {done.record.number} {verb} published: +{done.added} -{done.removed} statements.")
    return 0


def new_token(chosen: argparse.Namespace, settings: Settings) -> int:
    """Make a token and print it, alone and for the only time."""
    from graph_service.tokens import Tokens

    print(Tokens(settings.home).new(chosen.name, chosen.scope, days=chosen.days))
    return 0


def list_tokens(chosen: argparse.Namespace, settings: Settings) -> int:
    """List the tokens: name, scope, when made, when it ends."""
    from graph_service.tokens import Tokens

    for token in Tokens(settings.home).all():
        ends = f"{'ended' if token.ended else 'ends'} {token.ends}" if token.ends else "no end"
        print(f"{token.name}\t{token.scope}\t{token.created}\t{ends}")
    return 0


def revoke_token(chosen: argparse.Namespace, settings: Settings) -> int:
    """Forget a token."""
    from graph_service.tokens import Tokens

    Tokens(settings.home).revoke(chosen.name)
    print(f"The token {chosen.name} is revoked.")
    return 0
