"""The SPARQL 1.1 query suites over HTTP: evaluation in every results format, and syntax."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import comparing
import pytest
import rdflib
import service
import suites
from rdflib import URIRef
from service import Service

MANIFEST = "sparql11/manifest-all.ttl"
EVALUATION = ("QueryEvaluationTest", "CSVResultFormatTest")
POSITIVE, NEGATIVE = "PositiveSyntaxTest11", "NegativeSyntaxTest11"
ACCEPT = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
    ".ttl": "text/turtle",
    ".rdf": "text/turtle",
}
READERS = {
    ".srx": comparing.read_xml,
    ".srj": comparing.read_json,
    ".tsv": comparing.read_tsv,
    ".csv": comparing.rows_of_csv,
}
Read: TypeAlias = "comparing.Answer | rdflib.Graph | Counter[tuple[tuple[str, str], ...]]"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each case of the suites."""
    if "evaluation" in metafunc.fixturenames:
        metafunc.parametrize("evaluation", suites.parameters(metafunc.config, MANIFEST, *EVALUATION))
    if "syntax" in metafunc.fixturenames:
        metafunc.parametrize("syntax", suites.parameters(metafunc.config, MANIFEST, POSITIVE, NEGATIVE))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The real app over what each test publishes."""
    with service.reading(tmp_path_factory.mktemp("reading")) as ours:
        yield ours


def test_a_query_gives_the_expected_answer(evaluation: suites.Case, reader: Service, contest):
    """The same variables and bag of rows, in the order asked for; or the same graph; in the format of the suite."""
    case, root = evaluation, evaluation.folder.parent
    query, expected = case.file(suites.MF.action, suites.QT.query), case.file(suites.MF.result)
    wanted = read_expected(expected, suites.official(expected, root))
    suffix = ".srj" if isinstance(wanted, comparing.Answer) and expected.suffix == ".ttl" else expected.suffix
    text = f"BASE <{suites.official(query, root)}>\n{query.read_text(encoding='utf-8')}"
    headers = {"Content-Type": "application/sparql-query", "Accept": ACCEPT[suffix]}
    answers: list[Read] = []

    def check(tested: Service) -> None:
        tested.put(*dataset(case, root))
        answer = tested.client.post(tested.query, content=text.encode(), headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].partition(";")[0] == ACCEPT[suffix]
        found = read(answer.text, suffix)
        answers.append(found)
        assert same(found, wanted, text, case.name), f"\nfound    {found}\nexpected {wanted}"

    contest(case, reader, check, alike=lambda: len(answers) == 2 and same(*answers, text, ""))


def test_a_query_is_read_or_refused_as_the_grammar_says(syntax: suites.Case, reader: Service, contest):
    """A malformed query gets 400; a well-formed one is answered, or refused for what it asks (SERVICE, functions)."""
    text = f"BASE <{service.NOWHERE}>\n{syntax.file(suites.MF.action).read_text(encoding='utf-8')}"

    def check(tested: Service) -> None:
        tested.put((), {})
        answer = tested.client.get(tested.query, params={"query": text})
        if syntax.kind == NEGATIVE:
            assert answer.status_code == 400, answer.text
        else:
            assert answer.status_code == 200 or tested.refuses(answer), answer.text

    contest(syntax, reader, check)


def dataset(case: suites.Case, root: Path) -> tuple[list[service.Source], dict[str, service.Source]]:
    """The files of the default graph and those of the named graphs by name, with their base IRIs."""
    action = case.one(suites.MF.action)
    default = [suites.local(iri) for iri in case.graph.objects(action, suites.QT.data)]
    named = [suites.local(iri) for iri in case.graph.objects(action, suites.QT.graphData) if isinstance(iri, URIRef)]
    return [(path, suites.official(path, root)) for path in default], {
        suites.official(path, root): (path, suites.official(path, root)) for path in named
    }


def read_expected(path: Path, base: str) -> Read:
    """A file of the suite: a table, or a graph; tables are sometimes written as RDF."""
    if path.suffix not in (".ttl", ".rdf"):
        return read(path.read_text(encoding="utf-8"), path.suffix)
    graph = suites.parse(path, base)
    tables = (None, rdflib.RDF.type, comparing.RS.ResultSet)
    return comparing.read_result_set(graph) if tables in graph else graph


def read(text: str, suffix: str) -> Read:
    """An answer in the format that a suffix stands for."""
    if suffix in READERS:
        return READERS[suffix](text)
    return rdflib.Graph().parse(data=text, format="turtle")


def same(found: Read, wanted: Read, text: str, name: str) -> bool:
    """Whether two answers are equal; to the letter, save where the engine is known to write numbers otherwise."""
    if isinstance(found, rdflib.Graph):
        return comparing.same_graph(found, wanted)
    strictly = equal(found, wanted, text)
    if (name, "oxigraph") in suites.lexical_differences():
        if strictly:
            pytest.fail(f"{name} is equal to the letter now: take it out of {suites.KNOWN.name}")
        return equal(by_value(found), by_value(wanted), text)
    return strictly


def equal(found: Read, wanted: Read, text: str) -> bool:
    """Whether two tables are equal to the letter."""
    if isinstance(found, comparing.Answer):
        return comparing.same_answer(found, wanted, ordered=ordered(text))
    return found == wanted


def by_value(table: Read) -> Read:
    """A table with its numbers in one form for each value."""
    if isinstance(table, comparing.Answer):
        return comparing.by_value(table)
    return Counter(tuple((name, comparing.number(cell)) for name, cell in record) for record in table.elements())


def ordered(text: str) -> bool:
    """Whether the outermost SELECT has an ORDER BY."""
    plain = re.sub(r"#[^\n]*(?=\n)", "", text)
    while re.search(r"{[^{}]*}", plain):
        plain = re.sub(r"{[^{}]*}", "", plain)
    return re.search(r"\bORDER\s+BY\b", plain, re.IGNORECASE) is not None
