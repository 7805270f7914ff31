"""The vocabulary and the shapes as tables (RFC 4180): one row a term, one row a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from graph_service.formats.table import csv_bytes
from graph_service.terms import LANGUAGES, Iri, Literal, Term, compact

if TYPE_CHECKING:
    from graph_service.views.shapes import Rule, Shape
    from graph_service.views.vocabulary import Vocabulary

TERM_COLUMNS = (
    "iri", "kind", *(f"label_{code}" for code in LANGUAGES), *(f"definition_{code}" for code in LANGUAGES),
    "wider", "used_on", "values", "example", "derived",
)  # fmt: skip
RULE_COLUMNS = (
    "shape", "about", "rule", "path", "at_least", "at_most", "constraints", "severity",
    *(f"message_{code}" for code in LANGUAGES),
)  # fmt: skip


def terms_csv(vocabulary: Vocabulary) -> bytes:
    """Write each class and property with its names and meanings; several IRIs of a cell are joined by one space."""
    rows = (
        [
            str(each.iri),
            each.kind,
            *_in_each_language(each.labels),
            *_in_each_language(each.definitions),
            _joined(each.parents),
            _joined(each.domains),
            _joined(each.ranges),
            " | ".join(str(example) for example in each.examples),
            "true" if each.derived else "false",
        ]
        for each in vocabulary.terms
    )
    return csv_bytes(TERM_COLUMNS, rows)


def rules_csv(shapes: Iterable[Shape]) -> bytes:
    """Write each rule of each shape: what it is about, what must hold, how grave it is, and the mend."""
    return csv_bytes(RULE_COLUMNS, (_rule(shape, rule) for shape in shapes for rule in shape.rules))


def _rule(shape: Shape, rule: Rule) -> Sequence[str]:
    path = "/".join(compact(step) for step in rule.path)
    return [
        str(shape.iri),
        " | ".join(f"{each.name} {_joined(each.values)}" for each in shape.targets),
        str(rule.shape),
        f"^{path}" if rule.inverse else path,
        "" if rule.at_least is None else str(rule.at_least),
        "" if rule.at_most is None else str(rule.at_most),
        " | ".join(f"{each.name} {_joined(each.values)}" for each in rule.constraints),
        rule.severity,
        *_in_each_language(rule.messages),
    ]


def _in_each_language(texts: Iterable[Literal]) -> Iterator[str]:
    """One cell per language; empty where there is no text in it."""
    found = {text.language: text.value for text in texts}
    return (found.get(code, "") for code in LANGUAGES)


def _joined(values: Iterable[Term]) -> str:
    return " ".join(compact(value) if isinstance(value, Iri) else value.value for value in values)
