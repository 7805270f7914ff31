"""Comparison of answers with what a suite expects: bags of rows, blank nodes matched one to one. No forgiveness."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import rdflib
from rdflib import BNode
from rdflib.compare import isomorphic

Node = tuple[str, ...]  # ("uri", iri), ("bnode", label), ("literal", text, language, datatype)
Row = Mapping[str, Node]
XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
RDF_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
BOOLEAN = "http://www.w3.org/2001/XMLSchema#boolean"
NUMERIC = re.compile(r"http://www\.w3\.org/2001/XMLSchema#(integer|decimal|double|float)")
RS = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
SPARQL_XML = "{http://www.w3.org/2005/sparql-results#}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a SELECT, or of an ASK where `truth` is set."""

    variables: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    truth: bool | None = None


def read_xml(text: str) -> Answer:
    """SPARQL Query Results XML Format."""
    root = ET.fromstring(text)
    truth = root.find(f"{SPARQL_XML}boolean")
    if truth is not None:
        return Answer(truth=(truth.text or "").strip() == "true")
    variables = tuple(each.attrib["name"] for each in root.iterfind(f"{SPARQL_XML}head/{SPARQL_XML}variable"))
    rows = tuple(
        {each.attrib["name"]: _xml_node(each[0]) for each in result.iterfind(f"{SPARQL_XML}binding")}
        for result in root.iterfind(f"{SPARQL_XML}results/{SPARQL_XML}result")
    )
    return Answer(variables, rows)


def _xml_node(element: ET.Element) -> Node:
    text = element.text or ""
    if element.tag == f"{SPARQL_XML}literal":
        language = element.attrib.get("{http://www.w3.org/XML/1998/namespace}lang", "")
        return literal(text, language, element.attrib.get("datatype", ""))
    return (element.tag.removeprefix(SPARQL_XML), text)


def read_json(text: str) -> Answer:
    """SPARQL 1.1 Query Results JSON Format."""
    found = json.loads(text)
    if "boolean" in found:
        return Answer(truth=found["boolean"])
    rows = tuple({name: _json_node(value) for name, value in row.items()} for row in found["results"]["bindings"])
    return Answer(tuple(found["head"]["vars"]), rows)


def _json_node(value: Mapping[str, str]) -> Node:
    if value["type"] in ("literal", "typed-literal"):
        return literal(value["value"], value.get("xml:lang", ""), value.get("datatype", ""))
    return (value["type"], value["value"])


def read_tsv(text: str) -> Answer:
    """SPARQL 1.1 Query Results TSV Format: terms as in Turtle."""
    head, *lines = text.splitlines()
    variables = tuple(name.removeprefix("?") for name in head.split("\t")) if head else ()
    rows = []
    for line in lines:
        cells = line.split("\t")
        assert len(cells) == len(variables), line
        rows.append({name: _turtle_node(cell) for name, cell in zip(variables, cells, strict=True) if cell})
    return Answer(variables, tuple(rows))


def read_result_set(graph: rdflib.Graph) -> Answer:
    """A result set written as RDF (the vocabulary of the first test suites)."""
    root = next(iter(graph.subjects(rdflib.RDF.type, RS.ResultSet)))
    variables = tuple(str(name) for name in graph.objects(root, RS.resultVariable))
    rows = tuple(
        {
            str(graph.value(binding, RS.variable)): node(graph.value(binding, RS.value))
            for binding in graph.objects(solution, RS.binding)
        }
        for solution in graph.objects(root, RS.solution)
    )
    return Answer(variables, rows)


def _turtle_node(cell: str) -> Node:
    """A term in Turtle's syntax, its lexical form untouched."""
    if cell.startswith("_:"):
        return ("bnode", cell[2:])
    normalise, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        graph = rdflib.Graph().parse(data=f"<urn:x-s> <urn:x-p> {cell} .", format="turtle")
    finally:
        rdflib.NORMALIZE_LITERALS = normalise
    return node(next(iter(graph.objects())))


def node(term: rdflib.term.Node) -> Node:
    """A term of rdflib's."""
    if isinstance(term, rdflib.Literal):
        return literal(str(term), term.language or "", str(term.datatype or ""))
    return ("bnode" if isinstance(term, BNode) else "uri", str(term))


def literal(text: str, language: str = "", datatype: str = "") -> Node:
    """A literal; language tags are compared in lower case (RDF 1.1 Concepts, 3.3)."""
    return ("literal", text, language.lower(), RDF_LANG_STRING if language else datatype or XSD_STRING)


def same_answer(found: Answer, expected: Answer, *, ordered: bool = False) -> bool:
    """Whether two answers are equal: the same variables, the same bag of rows, in the same order if that counts."""
    if found.truth is not None or expected.truth is not None:
        return found.truth == expected.truth
    if set(found.variables) != set(expected.variables) or len(found.rows) != len(expected.rows):
        return False
    return _match(list(found.rows), list(expected.rows), {}, ordered)


def _match(found: Sequence[Row], expected: Sequence[Row], known: Mapping[str, str], ordered: bool) -> bool:
    """Match rows one to one under one bijection of blank nodes, going back where a choice leads nowhere."""
    if not expected:
        return True
    first, *others = expected
    tried: set[tuple[tuple[str, Node], ...]] = set()
    for index, row in enumerate(found[:1] if ordered else found):
        key = tuple(sorted(row.items()))
        if key in tried:
            continue
        tried.add(key)
        extended = _extend(known, row, first)
        if extended is not None and _match([*found[:index], *found[index + 1 :]], others, extended, ordered):
            return True
    return False


def _extend(known: Mapping[str, str], row: Row, wanted: Row) -> Mapping[str, str] | None:
    """The bijection with what this pair of rows adds; None where they cannot be the same."""
    if row.keys() != wanted.keys():
        return None
    pairs = dict(known)
    for name, value in row.items():
        other = wanted[name]
        if value[0] == other[0] == "bnode":
            if pairs.setdefault(value[1], other[1]) != other[1]:
                return None
        elif value != other:
            return None
    return pairs if len(set(pairs.values())) == len(pairs) else None


def by_value(answer: Answer) -> Answer:
    """The same answer with its numbers and booleans in one form for each value; their datatypes stay."""
    rows = tuple({name: _canonical(value) for name, value in row.items()} for row in answer.rows)
    return Answer(answer.variables, rows, answer.truth)


def _canonical(value: Node) -> Node:
    if value[0] != "literal":
        return value
    if value[3] == BOOLEAN:
        return ("literal", {"0": "false", "1": "true"}.get(value[1], value[1]), value[2], value[3])
    return ("literal", number(value[1]), value[2], value[3]) if NUMERIC.fullmatch(value[3]) else value


def number(text: str) -> str:
    """A number in one form for each value; any other text as it is."""
    try:
        return str(Decimal(text).normalize())
    except InvalidOperation:
        return text


def rows_of_csv(text: str) -> Counter[tuple[tuple[str, str], ...]]:
    """The bag of records of a CSV, as texts by column; the order of columns is free, and blank nodes look the same."""
    head, *records = csv.reader(io.StringIO(text, newline=""))
    plain = (["_:" if cell.startswith("_:") else cell for cell in record] for record in records)
    return Counter(tuple(sorted(zip(head, record, strict=True))) for record in plain)


def same_graph(found: rdflib.Graph, expected: rdflib.Graph) -> bool:
    """Whether two graphs are isomorphic."""
    return isomorphic(found, expected)


def report(graph: rdflib.Graph, root: rdflib.term.Node) -> rdflib.Graph:
    """The part of a validation report that the SHACL suite compares: conforms, and each result by its six parts.

    Paths are compared by what they say: whether results share one blank node for it is not part of the report.
    """
    sh = rdflib.SH
    kept = rdflib.Graph()
    kept += [(root, sh.conforms, value) for value in graph.objects(root, sh.conforms)]
    parts = (sh.focusNode, sh.value, sh.sourceShape, sh.sourceConstraintComponent, sh.resultSeverity)
    for result in graph.objects(root, sh.result):
        kept.add((root, sh.result, result))
        kept += [(result, part, value) for part in parts for value in graph.objects(result, part)]
        paths = graph.objects(result, sh.resultPath)
        kept += [(result, sh.resultPath, rdflib.Literal(_path(graph, path))) for path in paths]
    return kept


def _path(graph: rdflib.Graph, node: rdflib.term.Node) -> str:
    """A property path as text, blank nodes by what is said of them."""
    if not isinstance(node, BNode):
        return node.n3()
    said = sorted((predicate.n3(), _path(graph, value)) for predicate, value in graph.predicate_objects(node))
    return f"[{'; '.join(' '.join(pair) for pair in said)}]"
