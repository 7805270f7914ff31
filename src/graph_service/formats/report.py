"""SHACL findings as data for programs, each with its message in one language."""

from __future__ import annotations

from collections.abc import Mapping

from graph_service.validation import Finding


def finding_members(finding: Finding, language: str) -> Mapping[str, str | None]:
    """What a finding says: which node, where, why, and how to mend it."""
    return {
        "focus_node": str(finding.focus_node),
        "path": finding.path,
        "value": None if finding.value is None else str(finding.value),
        "severity": finding.severity,
        "shape": finding.source_shape,
        "component": finding.component,
        "message": finding.message(language),
    }
