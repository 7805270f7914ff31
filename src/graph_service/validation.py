"""Validation: SHACL, graph in, findings out. Two engines behind one function; neither is seen outside.

`shacl` (Rust) is the gate's engine; pySHACL is the reference, and stands in where `shacl` has no wheel.
Shapes are themselves validated when read: against the SHACL shapes of SHACL (SHACL, appendix C), and for
`sh:` terms that the vocabulary does not have, which both engines would pass over without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

import rdflib
from rdflib.namespace import RDF, SH

from graph_service.errors import RdfSyntaxError, ShapesError
from graph_service.terms import RDF_TYPE, XSD, XSD_STRING, Iri, Literal, Term, Triple, choose, compact, ntriple

rdflib.NORMALIZE_LITERALS = False  # a report must show literals as they were written; one switch for all threads

Engine = Callable[[str, str], rdflib.Graph]  # (data as N-Triples, shapes as Turtle) → report graph

SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, slots=True)
class Finding:
    """One validation result: which node breaks which shape where, and how to mend it."""

    focus_node: Term
    path: str | None  # IRI of the property, or a property path in SPARQL syntax
    value: Term | None
    severity: str  # one of SEVERITIES
    source_shape: str
    component: str  # IRI of the constraint component
    messages: tuple[Literal, ...]
    statements: tuple[Triple, ...] = field(default=(), compare=False, repr=False)  # the result as RDF
    node: Iri = field(default=Iri(""), compare=False, repr=False)  # the result itself in these statements

    def message(self, language: str = "en") -> str:
        """The message in a language, or the next best."""
        chosen = choose(self.messages, language)
        return chosen.value if chosen else f"breaks {compact(self.source_shape)}"

    def sentence(self, language: str = "en") -> str:
        """Node, property and message in one line."""
        where = f" {compact(self.path)}" if self.path else ""
        return f"{compact(str(self.focus_node))}{where}: {self.message(language)}"


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """The findings of one validation, violations first, in a stable order."""

    findings: tuple[Finding, ...]

    def of(self, severity: str) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What stops a release."""
        return self.of("Violation")

    @property
    def conforms(self) -> bool:
        """True when nothing stops a release; warnings and advice may remain."""
        return not self.violations

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings of each severity."""
        return {severity: len(self.of(severity)) for severity in SEVERITIES}

    def triples(self) -> tuple[Triple, ...]:
        """The report as RDF (SHACL, 3.6); blank nodes are Iris that start with `_:`."""
        report = Iri("_:report")
        truth = Literal("true" if self.conforms else "false", datatype=XSD + "boolean")
        said: list[Triple] = [(report, Iri(RDF_TYPE), Iri(SH.ValidationReport)), (report, Iri(SH.conforms), truth)]
        links: list[Triple] = [(report, Iri(SH.result), finding.node) for finding in self.findings]
        results = [triple for finding in self.findings for triple in finding.statements]
        return tuple(dict.fromkeys([*said, *links, *results]))


def validate(triples: Iterable[Triple], shapes: str, engine: str = "shacl") -> ValidationReport:
    """Validate a graph against shapes.

    Args:
        triples: the data graph, with the ontology (its subclass statements count).
        shapes: the shapes graph as Turtle, already checked by `check_shapes`.
        engine: "shacl" or "pyshacl".
    """
    data = "".join(map(ntriple, triples))
    return read_report(ENGINES[engine](data, shapes))


def check_shapes(shapes: str, file: str = "shapes.ttl") -> None:
    """Refuse shapes that are not valid SHACL or that use an unknown `sh:` term.

    Raises:
        RdfSyntaxError: the text is no Turtle.
        ShapesError: says which term or shape.
    """
    graph = parse_turtle(shapes, file)
    unknown = sorted(
        {str(t) for triple in graph for t in triple if isinstance(t, rdflib.URIRef) and t.startswith(str(SH))}
        - _shacl_terms()
    )
    if unknown:
        names = ", ".join("sh:" + term.removeprefix(str(SH)) for term in unknown)
        raise ShapesError(f"{file}: not in the SHACL vocabulary: {names}. Check the spelling.")
    data = graph.serialize(format="nt")
    report = read_report(ENGINES["shacl"](data, _asset("shacl-shacl.ttl")))
    if not report.conforms:
        first = report.violations[0]
        raise ShapesError(f"{file}: {first.focus_node} is not a valid shape: {first.sentence()}")


def parse_turtle(text: str, file: str) -> rdflib.Graph:
    """Parse Turtle with rdflib; RdfSyntaxError with the line if it cannot be read."""
    try:
        return rdflib.Graph().parse(data=text, format="turtle")
    except Exception as error:  # rdflib's own BadSyntax and many built-in errors
        line = getattr(error, "lines", None)
        raise RdfSyntaxError(str(error).replace("\n", " "), file=file, line=line and line + 1) from None


def read_report(graph: rdflib.Graph) -> ValidationReport:
    """Read the findings out of a `sh:ValidationReport` graph."""
    results = graph.subjects(RDF.type, SH.ValidationResult)
    nested = set(graph.objects(None, SH.detail))
    findings = {_finding(graph, result) for result in results if result not in nested}
    return ValidationReport(tuple(sorted(findings, key=_order)))


def _finding(graph: rdflib.Graph, result: rdflib.term.Node) -> Finding:
    def one(predicate: rdflib.URIRef) -> rdflib.term.Node | None:
        return graph.value(result, predicate)

    path, value = one(SH.resultPath), one(SH.value)
    messages = [term for node in graph.objects(result, SH.resultMessage) if isinstance(term := _term(node), Literal)]
    return Finding(
        focus_node=_term(one(SH.focusNode)),
        path=None if path is None else _path(graph, path),
        value=None if value is None else _term(value),
        severity=str(one(SH.resultSeverity)).removeprefix(str(SH)),
        source_shape=str(one(SH.sourceShape)),
        component=str(one(SH.sourceConstraintComponent)),
        messages=tuple(sorted(messages, key=lambda message: (message.language or "", message.value))),
        statements=tuple(_statements(graph, result)),
        node=Iri(str(_term(result))),
    )


def _statements(graph: rdflib.Graph, node: rdflib.term.Node) -> Iterator[Triple]:
    """What is said of a result, its path and its details; the shape and the value stay names."""
    for predicate, value in graph.predicate_objects(node):
        yield Iri(str(_term(node))), Iri(str(predicate)), _term(value)
        followed = predicate not in (SH.sourceShape, SH.sourceConstraint, SH.focusNode, SH.value)
        if isinstance(value, rdflib.BNode) and followed:
            yield from _statements(graph, value)


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    severity = SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else len(SEVERITIES)
    return severity, str(finding.focus_node), finding.path or "", finding.source_shape, str(finding.value or "")


def _term(node: rdflib.term.Node | None) -> Term:
    if isinstance(node, rdflib.Literal):
        return Literal(str(node), node.language, str(node.datatype or XSD_STRING))
    return Iri(f"_:{node}" if isinstance(node, rdflib.BNode) else str(node))


def _path(graph: rdflib.Graph, node: rdflib.term.Node) -> str:
    """Write a result path in SPARQL property-path syntax; a plain property as its bare IRI."""
    if isinstance(node, rdflib.URIRef):
        return str(node)
    if (inverse := graph.value(node, SH.inversePath)) is not None:
        return f"^{_path(graph, inverse)}"
    if (choice := graph.value(node, SH.alternativePath)) is not None:
        return "|".join(_path(graph, part) for part in graph.items(choice))
    return "/".join(_path(graph, part) for part in graph.items(node))


def _by_shacl(data: str, shapes: str) -> rdflib.Graph:
    try:
        compiled = _compile(shapes)
        report = compiled.validate_text(data, format="ntriples")
    except ValueError as error:
        raise ShapesError(str(error)) from None
    return rdflib.Graph().parse(data=report.serialize("ntriples"), format="nt") if len(report) else rdflib.Graph()


@lru_cache(maxsize=8)
def _compile(shapes: str):  # type: ignore[no-untyped-def]  # the package has no types
    import shacl

    return shacl.Shapes.from_turtle(shapes)


def _by_pyshacl(data: str, shapes: str) -> rdflib.Graph:
    import pyshacl

    graph = rdflib.Graph().parse(data=data, format="nt")
    shapes_graph = rdflib.Graph().parse(data=shapes, format="turtle")
    try:
        _, report, words = pyshacl.validate(graph, shacl_graph=shapes_graph, inference="none")
    except Exception as error:  # its own, and bare ones of rdflib for SPARQL that it cannot run
        raise ShapesError(str(error)) from None
    finally:
        rdflib.NORMALIZE_LITERALS = False  # pySHACL leaves it on
    if not isinstance(report, rdflib.Graph):  # a failure in the sense of SHACL, 3.4.1
        raise ShapesError(words)
    return report


ENGINES: Mapping[str, Engine] = {"shacl": _by_shacl, "pyshacl": _by_pyshacl}


@lru_cache(maxsize=1)
def _shacl_terms() -> frozenset[str]:
    vocabulary = rdflib.Graph().parse(data=_asset("shacl.ttl"), format="turtle")
    return frozenset(str(s) for s in vocabulary.subjects() if isinstance(s, rdflib.URIRef))


def _asset(name: str) -> str:
    """A file of the W3C's SHACL vocabulary, as pySHACL carries it."""
    return (files("pyshacl") / "assets" / name).read_text(encoding="utf-8")
