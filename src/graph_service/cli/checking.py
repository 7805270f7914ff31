"""The commands that check and change nothing: validate, check."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from graph_service.cli.common import NO, pairs
from graph_service.settings import Settings

if TYPE_CHECKING:
    from graph_service.validation import ValidationReport


def validate(chosen: argparse.Namespace, settings: Settings) -> int:
    """Validate files against the project's shapes, together with the project's data."""
    from graph_service.staging import expand_paths, validate_files

    report = validate_files(expand_paths(map(Path, chosen.paths)), settings.project)
    _print_report(report, chosen.language, every=chosen.all)
    return 0 if report.conforms else NO


def _print_report(report: ValidationReport, language: str, *, every: bool) -> None:
    for finding in report.findings:
        if every or finding.severity != "Info":
            print(f"{finding.severity}: {finding.sentence(language)}")
    counts = ", ".join(f"{count} {name.lower()}" for name, count in report.counts.items())
    print(f"{'Conforms' if report.conforms else 'Does not conform'}: {counts}.")


def check(chosen: argparse.Namespace, settings: Settings) -> int:
    """Check that data, queries, links and translations are all in order."""
    from graph_service.checking import check_project_files, fix_format

    texts = {source: Path(file) for source, file in pairs(chosen.text or [])}
    if chosen.fix:
        for name in fix_format(settings.project):
            print(f"formatted {name}")
    problems = check_project_files(settings.project, texts)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problem{'' if len(problems) == 1 else 's'} found.")
    return NO if problems else 0
