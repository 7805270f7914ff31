"""Shapes as people read them: what each is about, what must hold, how grave it is, and how to mend it (SHACL)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graph_service.terms import RDF, RDF_TYPE, SH, Iri, Literal, Term, Triple

# constraints that stand for themselves; counts and qualified values are told together with theirs
CONSTRAINTS = (
    "class", "datatype", "nodeKind", "in", "hasValue", "languageIn", "uniqueLang", "pattern", "minLength", "maxLength",
    "minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "lessThan", "lessThanOrEquals", "equals",
    "disjoint", "node", "not", "and", "or", "xone", "qualifiedValueShape", "closed", "sparql",
)  # fmt: skip
_TARGETS = ("targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing that must hold: its name in SHACL, and its values (those of a list one by one)."""

    name: str
    values: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold for a record itself (no path) or for the values of one property."""

    shape: Iri
    names: tuple[Literal, ...]  # of the property, as editors read it
    path: tuple[Iri, ...]  # the properties from the record to the values
    inverse: bool  # whether the path leads from the values to the record
    at_least: int | None
    at_most: int | None
    constraints: tuple[Constraint, ...]
    severity: str  # Violation, Warning or Info
    messages: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A node shape: what it is about, and its rules."""

    iri: Iri
    targets: tuple[
        Constraint, ...
    ]  # targetClass, targetSubjectsOf, targetObjectsOf, targetNode; none: others refer to it
    rules: tuple[Rule, ...]


class _Graph:
    """Statements by subject and property."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.said: dict[Iri, dict[str, list[Term]]] = {}
        for subject, predicate, value in triples:
            self.said.setdefault(subject, {}).setdefault(predicate, []).append(value)

    def values(self, subject: Iri, name: str) -> list[Term]:
        return self.said.get(subject, {}).get(name, [])

    def iris(self, subject: Iri, name: str) -> list[Iri]:
        return sorted(value for value in self.values(subject, SH + name) if isinstance(value, Iri))

    def members(self, value: Term) -> tuple[Term, ...]:
        """The members of an RDF list; a value that is none, alone."""
        found: list[Term] = []
        node = value
        while isinstance(node, Iri) and (first := self.values(node, RDF + "first")):
            found.append(first[0])
            node = self.values(node, RDF + "rest")[0]
        return tuple(found) if found else (value,)


def shapes(triples: Iterable[Triple]) -> tuple[Shape, ...]:
    """Read the node shapes out of a shapes graph: those with a target first, each group by IRI."""
    graph = _Graph(triples)
    nodes = [subject for subject in graph.said if Iri(SH + "NodeShape") in graph.values(subject, RDF_TYPE)]
    found = [_shape(graph, node) for node in nodes]
    return tuple(sorted(found, key=lambda each: (not each.targets, each.iri)))


def _shape(graph: _Graph, iri: Iri) -> Shape:
    targets = [Constraint(name, tuple(found)) for name in _TARGETS if (found := graph.iris(iri, name))]
    own = _rule(graph, iri)
    rules = [_rule(graph, each) for each in graph.iris(iri, "property")]
    return Shape(iri, tuple(targets), tuple(([own] if own.constraints else []) + rules))


def _rule(graph: _Graph, iri: Iri) -> Rule:
    steps, inverse = _path(graph, iri)
    severity = (graph.iris(iri, "severity") or [Iri(SH + "Violation")])[0]
    return Rule(
        shape=iri,
        names=_texts(graph, iri, "name"),
        path=steps,
        inverse=inverse,
        at_least=_number(graph, iri, "minCount", "qualifiedMinCount"),
        at_most=_number(graph, iri, "maxCount", "qualifiedMaxCount"),
        constraints=tuple(_constraints(graph, iri)),
        severity=severity.removeprefix(SH),
        messages=_texts(graph, iri, "message"),
    )


def _path(graph: _Graph, iri: Iri) -> tuple[tuple[Iri, ...], bool]:
    for value in graph.values(iri, SH + "path"):
        back = graph.values(value, SH + "inversePath") if isinstance(value, Iri) else []
        steps = graph.members(back[0] if back else value)
        return tuple(step for step in steps if isinstance(step, Iri)), bool(back)
    return (), False


def _constraints(graph: _Graph, iri: Iri) -> Iterator[Constraint]:
    for name in CONSTRAINTS:
        values = [member for value in graph.values(iri, SH + name) for member in graph.members(value)]
        if values:
            yield Constraint(name, tuple(values))


def _texts(graph: _Graph, iri: Iri, name: str) -> tuple[Literal, ...]:
    found = [value for value in graph.values(iri, SH + name) if isinstance(value, Literal)]
    if not found:  # a query says its own message
        found = [
            value
            for query in graph.iris(iri, "sparql")
            for value in graph.values(query, SH + name)
            if isinstance(value, Literal)
        ]
    return tuple(sorted(found, key=lambda each: (each.language or "", each.value)))


def _number(graph: _Graph, iri: Iri, *names: str) -> int | None:
    told: Mapping[str, list[Term]] = graph.said.get(iri, {})
    return next((int(str(told[SH + name][0])) for name in names if SH + name in told), None)
