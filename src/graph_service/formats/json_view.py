"""A view as JSON: its own names, each statement with its sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from graph_service.formats.common import Code, Label, slug_of, to_json
from graph_service.formats.table import json_rows, typed
from graph_service.terms import (
    Iri,
    Literal,
    compact,
    record_key,
)
from graph_service.views import (
    Activities,
    Answer,
    Citation,
    Coverage,
    Listing,
    Profile,
    Roadmap,
)

if TYPE_CHECKING:
    pass


def view_json(
    view: Any, release: int, links: Mapping[str, str], label: Label, language: str = "en", code: Code = slug_of
) -> bytes:
    """Write a view as JSON: its fields under their own names, each statement with its sources.

    A record is `{"id", "iri", "label"}`; a text that has a language is `{"value", "language"}`; dates are text as
    precise as their source; what is not recorded is null. The first key tells which view it is.

    Args:
        view: Roadmap, Answer, Coverage, Record, Listing or Comparison.
        label: gives the name of a record in `language`; an empty name is left out.
    """
    body = _JsonView(label, language, code).fields(view)
    return to_json({"view": type(view).__name__.lower(), "release": release, **body, "links": dict(links)})


class _JsonView:
    """Turns the values of a view into plain JSON values."""

    def __init__(self, label: Label, language: str, code: Code) -> None:
        self.label, self.language, self.code = label, language, code

    def fields(self, view: Any) -> dict[str, object]:
        """A dataclass by its fields; the record that it stands for first, as id, IRI and name."""
        values: dict[str, Any] = {field.name: getattr(view, field.name) for field in fields(view)}
        named = self.reference(values.pop("iri")) if "iri" in values else {}
        values.pop("mandates_then", None)  # in_force_then says it
        own = self.own(view)
        return named | {name: own.get(name) or self.value(value) for name, value in values.items()} | own

    def own(self, view: Any) -> dict[str, Any]:
        """What is not shown as it stands in the dataclass."""
        if isinstance(view, Coverage):
            return self.matrix(view)
        if isinstance(view, Roadmap):
            return self.roadmap(view) | self.sources(view.sources)
        if isinstance(view, Answer | Activities):
            return self.sources(view.sources)
        if isinstance(view, Profile):
            return {"coverage": {self.code(axis): count for axis, count in view.coverage.items()}}
        if isinstance(view, Listing):
            return {"rows": json_rows(view.rows, view.columns, self.code), "count": len(view.rows)}
        return {}

    def sources(self, cited: Iterable[Citation]) -> dict[str, Any]:
        """The numbered sources; certainty and evidence stand with each statement."""
        told = [self.fields(citation) for citation in cited]
        for number, citation in enumerate(told, 1):
            for name in ("evidence", "certainty", "supports"):
                del citation[name]
            told[number - 1] = {"number": number, **citation}
        return {"sources": told}

    def roadmap(self, view: Roadmap) -> dict[str, Any]:
        """Facts typed; each mandate once, with its state at both dates."""
        then = {mandate.iri: mandate.in_force for mandate in view.mandates_then}
        typed: dict[str, object] = {"true": True, "false": False, "": None}
        return {
            "facts": {name: typed.get(text, text) for name, text in view.facts.items()},
            "mandates": [self.fields(each) | {"in_force_then": then.get(each.iri)} for each in view.mandates],
        }

    def matrix(self, view: Coverage) -> dict[str, Any]:
        """Counts by country and axis, with their totals."""
        code = self.code
        return {
            "counts": {code(c): {code(a): view.counts[c, a] for a in view.axes} for c in view.countries},
            "country_totals": {code(country): view.row_total(country) for country in view.countries},
            "axis_totals": {code(axis): view.column_total(axis) for axis in view.axes},
        }

    def value(self, value: Any) -> object:
        if isinstance(value, Iri):
            return self.reference(value)
        if isinstance(value, Literal):
            return {"value": value.value, "language": value.language} if value.language else typed(value)
        if is_dataclass(value):
            return self.fields(value)
        if isinstance(value, Mapping):
            return {str(name): self.value(item) for name, item in value.items() if isinstance(name, str)}
        if isinstance(value, tuple):
            return [self.value(item) for item in value]
        return value

    def reference(self, iri: Iri) -> dict[str, object]:
        """A record by id, IRI and name. Evidence has no name, and a source's title stands beside it."""
        key = record_key(iri)
        short = self.code(iri) if key else compact(iri)
        name = "" if key and key[0] in ("evidence", "source") else self.label(iri, self.language)
        told = {"label": name} if name and name != short else {}
        return {"id": short, "iri": str(iri), **told}
