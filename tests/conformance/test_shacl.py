"""The W3C SHACL suite, core and SPARQL parts, against the gate's engine and against the reference."""

from __future__ import annotations

import comparing
import pytest
import rdflib
import suites
from rdflib import SH

from graph_service.errors import ShapesError
from graph_service.validation import ENGINES

FAILURE = suites.SHT.Failure
GRAPHS = (suites.SHT.dataGraph, suites.SHT.shapesGraph)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case of the suite."""
    metafunc.parametrize("case", suites.parameters(metafunc.config, "shacl/manifest.ttl"))


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_the_engine_reports_what_the_suite_expects(case: suites.Case, engine: str, verdict):
    """Equal reports: conforms, and every result by focus node, path, value, shape, component and severity."""
    with verdict(case, engine):
        expected = case.one(suites.MF.result)
        data, shapes = (suites.parse(case.file(suites.MF.action, part)) for part in GRAPHS)
        try:
            found = ENGINES[engine](data.serialize(format="nt"), shapes.serialize(format="turtle"))
        except ShapesError:
            found = None
        if expected == FAILURE:
            assert found is None, "the shapes should have been refused"
        else:
            assert found is not None, "the shapes were refused"
            assert comparing.same_graph(plain(found), comparing.report(case.graph, expected))


def plain(found: rdflib.Graph) -> rdflib.Graph:
    """The report as the suite writes it; an engine may leave an empty report out."""
    root = next(iter(found.subjects(rdflib.RDF.type, SH.ValidationReport)), None)
    if root is None:
        return rdflib.Graph().add((rdflib.BNode(), SH.conforms, rdflib.Literal(True)))
    return comparing.report(found, root)
