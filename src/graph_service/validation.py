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
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import rdflib

from graph_service.errors import RdfSyntaxError, ShapesError
from graph_service.store.embedded import parse_rdf
from graph_service.terms import RDF, RDF_TYPE, SH, XSD, Iri, Literal, Term, Triple, choose, compact, ntriple

if TYPE_CHECKING:
    import shacl

rdflib.NORMALIZE_LITERALS = False  # a report must show literals as they were written; one switch for all threads

Engine = Callable[[str, str], rdflib.Graph]  # (data as N-Triples, shapes as Turtle) → report graph

_Said: TypeAlias = dict[Iri, list[tuple[Iri, Term]]]  # what is said of each node of a report

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
        said: list[Triple] = [
            (report, Iri(RDF_TYPE), Iri(_sh("ValidationReport"))),
            (report, Iri(_sh("conforms")), truth),
        ]
        links: list[Triple] = [(report, Iri(_sh("result")), finding.node) for finding in self.findings]
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
    if engine == "shacl":
        return read_report(_triples(_run(lambda: _compile(shapes).validate_text(data, format="ntriples"))))
    return read_report(_triples(ENGINES[engine](data, shapes).serialize(format="nt")))


def validate_file(data: Path, shapes: str) -> ValidationReport:
    """Validate a graph in a file of N-Triples, which is never held as text; otherwise as `validate`."""
    return read_report(_triples(_run(lambda: _compile(shapes).validate_file(str(data)))))


def check_shapes(shapes: str, file: str = "shapes.ttl") -> None:
    """Refuse shapes that are not valid SHACL or that use an unknown `sh:` term.

    Raises:
        RdfSyntaxError: the text is no Turtle.
        ShapesError: says which term or shape.
    """
    graph = parse_turtle(shapes, file)
    unknown = sorted(
        {str(t) for triple in graph for t in triple if isinstance(t, rdflib.URIRef) and t.startswith(SH)}
        - _shacl_terms()
    )
    if unknown:
        names = ", ".join("sh:" + term.removeprefix(SH) for term in unknown)
        raise ShapesError(f"{file}: not in the SHACL vocabulary: {names}. Check the spelling.")
    data = graph.serialize(format="nt")
    report = validate(parse_rdf(data.encode(), file, "nt"), _asset("shacl-shacl.ttl"))
    if not report.conforms:
        first = report.violations[0]
        raise ShapesError(f"{file}: {first.focus_node} is not a valid shape: {first.sentence()}")


def parse_turtle(text: str, file: str) -> rdflib.Graph:
    """Parse Turtle with rdflib; RdfSyntaxError with the line if it cannot be read."""
    try:
        return rdflib.Graph().parse(data=text, format="turtle")
    except Exception as error:  # rdflib's own BadSyntax and many built-in errors
        line = getattr(error, "lines", None)
        raise RdfSyntaxError(
            str(error).replace("\n", " "), file=file, line=None if line is None else line + 1
        ) from None


def read_report(triples: Iterable[Triple]) -> ValidationReport:
    """Read the findings out of a `sh:ValidationReport` graph."""
    said: _Said = {}
    for subject, predicate, value in triples:
        said.setdefault(subject, []).append((predicate, value))
    nested = {value for facts in said.values() for predicate, value in facts if predicate == _sh("detail")}
    result = (RDF_TYPE, _sh("ValidationResult"))
    findings = {_finding(said, node) for node, facts in said.items() if result in facts and node not in nested}
    return ValidationReport(tuple(sorted(findings, key=_order)))


def _finding(said: _Said, result: Iri) -> Finding:
    def one(name: str) -> Term | None:
        return _value(said, result, _sh(name))

    path = one("resultPath")
    messages = [each for predicate, each in said[result] if predicate == _sh("resultMessage")]
    texts = [message for message in messages if isinstance(message, Literal)]
    return Finding(
        focus_node=one("focusNode") or Iri(""),
        path=None if path is None else _path(said, path),
        value=one("value"),
        severity=str(one("resultSeverity")).removeprefix(SH),
        source_shape=str(one("sourceShape")),
        component=str(one("sourceConstraintComponent")),
        messages=tuple(sorted(texts, key=lambda message: (message.language or "", message.value))),
        statements=tuple(_statements(said, result)),
        node=result,
    )


def _statements(said: _Said, node: Iri) -> Iterator[Triple]:
    """What is said of a result, its path and its details; the shape and the value stay names."""
    for predicate, value in said.get(node, ()):
        yield node, predicate, value
        followed = predicate not in map(_sh, ("sourceShape", "sourceConstraint", "focusNode", "value"))
        if isinstance(value, Iri) and value.startswith("_:") and followed:
            yield from _statements(said, value)


def _value(said: _Said, node: Term, predicate: str) -> Term | None:
    facts = said.get(node, ()) if isinstance(node, Iri) else ()
    return next((value for name, value in facts if name == predicate), None)


def _sh(name: str) -> str:
    return SH + name


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    severity = SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else len(SEVERITIES)
    return severity, str(finding.focus_node), finding.path or "", finding.source_shape, str(finding.value or "")


def _path(said: _Said, node: Term) -> str:
    """Write a result path in SPARQL property-path syntax; a plain property as its bare IRI."""
    if not str(node).startswith("_:"):
        return str(node)
    if (inverse := _value(said, node, _sh("inversePath"))) is not None:
        return f"^{_path(said, inverse)}"
    if (choice := _value(said, node, _sh("alternativePath"))) is not None:
        return "|".join(_path(said, part) for part in _items(said, choice))
    return "/".join(_path(said, part) for part in _items(said, node))


def _items(said: _Said, node: Term | None) -> Iterator[Term]:
    while node is not None and (first := _value(said, node, RDF + "first")) is not None:
        yield first
        node = _value(said, node, RDF + "rest")


def _by_shacl(data: str, shapes: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=_run(lambda: _compile(shapes).validate_text(data, format="ntriples")), format="nt")


def _run(validation: Callable[[], shacl.Report]) -> str:
    """The report as N-Triples."""
    try:
        return validation().serialize("ntriples")
    except ValueError as error:
        raise ShapesError(str(error)) from None


def _triples(report: str) -> Iterator[Triple]:
    return parse_rdf(report.encode(), "report", "nt")


@lru_cache(maxsize=8)
def _compile(shapes: str) -> shacl.Shapes:
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
