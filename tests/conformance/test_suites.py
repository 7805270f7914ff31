"""The suites are run whole, and the list of exceptions says of each whose it is, why, and where its makers have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
import suites

MANIFESTS = {"sparql11": "sparql11/manifest-all.ttl", "shacl": "shacl/manifest.ttl"}
KINDS = {
    "QueryEvaluationTest", "CSVResultFormatTest", "PositiveSyntaxTest11", "NegativeSyntaxTest11",
    "UpdateEvaluationTest", "PositiveUpdateSyntaxTest11", "NegativeUpdateSyntaxTest11",
    "ProtocolTest", "GraphStoreProtocolTest", "ServiceDescriptionTest",
}  # fmt: skip
COMPLETE = """
[[failures]]
tests = ["add/add01", "add/add02"]
engine = "oxigraph"
reason = "adds nothing"
upstream = "https://example.org/issues/1"
"""


@pytest.fixture(scope="module")
def folder(pytestconfig: pytest.Config) -> Path:
    """Where the suites are."""
    found = suites.suites_folder(pytestconfig)
    if found is None:
        pytest.skip("the official suites are not at hand")
    return found


def described(folder: Path, suite: str) -> Iterator[tuple[Path, rdflib.term.Node]]:
    """Every test that a file of a suite describes, listed or not."""
    pattern = "manifest*.ttl" if suite == "sparql11" else "*.ttl"
    for path in sorted((folder / suite).rglob(pattern)):
        if path.relative_to(folder).as_posix() not in suites.DEPRECATED:
            graph = suites.parse(path)
            kinds = graph.subject_objects(rdflib.RDF.type)
            yield from ((path.resolve().parent, node) for node, kind in kinds if str(kind).endswith(("Test", "Test11")))
            yield from ((path.resolve().parent, node) for node in graph.subjects(rdflib.RDF.type, suites.SHT.Validate))


@pytest.mark.parametrize("suite", sorted(MANIFESTS))
def test_every_test_that_the_files_of_a_suite_describe_is_a_case(folder: Path, suite: str):
    """Also those that no manifest lists; save in what the suite itself has given up."""
    found = {(case.folder, case.node) for case in suites.suite(folder, MANIFESTS[suite])}

    assert set(described(folder, suite)) == found


def test_every_case_is_of_a_kind_that_the_runner_knows(folder: Path):
    """A new kind would be left out without a word."""
    assert {case.kind for case in suites.suite(folder, MANIFESTS["sparql11"])} <= KINDS
    assert {case.kind for case in suites.suite(folder, MANIFESTS["shacl"])} == {"Validate"}


def test_every_exception_names_a_test_that_there_is(folder: Path):
    """Of the suite that its engine is held to."""
    names = {suite: {case.name for case in suites.suite(folder, manifest)} for suite, manifest in MANIFESTS.items()}
    for name, engine in suites.known_failures() | suites.lexical_differences():
        assert name in names["sparql11" if engine == "oxigraph" else "shacl"]


def test_an_exception_is_read_for_each_of_its_tests():
    """By name and engine."""
    known = suites.KnownFailure("adds nothing", "https://example.org/issues/1")

    assert suites.exceptions(COMPLETE, "failures") == {
        ("add/add01", "oxigraph"): known,
        ("add/add02", "oxigraph"): known,
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('reason = "adds nothing"', "", "need a reason and an upstream issue"),
        ('upstream = "https://example.org/issues/1"', "", "need a reason and an upstream issue"),
        ("https://example.org/issues/1", "to be looked up", "need a reason and an upstream issue"),
        ("https://example.org/issues/1", "none found", "say what the engine's own suite does"),
        ("add/add02", "add/add01", "some stand there twice"),
    ],
)
def test_an_exception_without_reason_or_upstream_issue_is_refused(old: str, new: str, message: str):
    """`none found` is an answer where it says what the engine's own suite does with the test."""
    with pytest.raises(ValueError, match=message):
        suites.exceptions(COMPLETE.replace(old, new), "failures")
