"""A view that is a table, as statements: the rows of its CSV, with the terms of the graph in their cells."""

from __future__ import annotations

from collections.abc import Iterator

from graph_service.formats.table import Cells, row_statements
from graph_service.terms import BASE, XSD, Iri, Literal, Triple
from graph_service.views import Comparison, Coverage, Network


def view_statements(view: Coverage | Comparison | Network) -> Iterator[Triple]:
    """Say the table of a view in RDF (csv2rdf), with the rows and columns of `view_csv`."""
    if isinstance(view, Coverage):
        return row_statements(f"{BASE}matrix", _difference(view) if view.difference else _coverage(view))
    if isinstance(view, Comparison):
        return row_statements(f"{BASE}compare", _comparison(view))
    return row_statements(f"{BASE}network", _network(view))


def _coverage(view: Coverage) -> Iterator[Cells]:
    for country in view.countries:
        for axis in view.axes:
            yield {"country": (country,), "axis": (axis,), "institutions": (_number(view.counts[country, axis]),)}


def _difference(view: Coverage) -> Iterator[Cells]:
    assert view.difference
    for cell in view.difference.cells:
        yield {
            "country": (cell.country,),
            "axis": (cell.axis,),
            "institutions": (_number(cell.after),),
            "compared_to": (Literal(view.difference.compared_to),),
            **{name: (_number(getattr(cell, name)),) for name in ("before", "change", "gained", "lost")},
        }


def _network(view: Network) -> Iterator[Cells]:
    kinds = {node.iri: Literal(node.kind) for node in view.nodes}
    for tie in view.ties:
        yield {
            "one": (tie.one,),
            "one_kind": (kinds[tie.one],),
            "other": (tie.other,),
            "other_kind": (kinds[tie.other],),
            "link": (Literal(tie.kind),),
            "times": (_number(tie.strength),),
            "records": tie.records,
        }


def _comparison(view: Comparison) -> Iterator[Cells]:
    for profile in view.profiles:
        measured: list[tuple[str, tuple[Iri, ...], Iri | Literal]] = [
            ("institutions", (), _number(profile.institutions)),
            *(("coverage", (axis,), _number(profile.coverage[axis])) for axis in view.axes),
            *(
                ("coverage-by-component", (cell.axis, cell.component), _number(cell.institutions))
                for cell in profile.cells
            ),
            ("events", (), _number(profile.events)),
            ("announced", (), _number(profile.announced)),
            *(("membership", (each.organisation,), each.status) for each in profile.memberships),
            ("gaps", (), _number(profile.gaps)),
            *(("gap", (gap.axis,), gap.iri) for gap in profile.told_gaps),
        ]
        for measure, of, value in measured:
            yield {"country": (profile.country,), "measure": (Literal(measure),), "of": of, "value": (value,)}


def _number(value: int) -> Literal:
    return Literal(str(value), datatype=XSD + "integer")
