"""Reach: which focus nodes of which shapes a change can reach, and what the shapes look at from there.

A shape looks from its focus node along paths; a changed triple on such a path reaches the nodes from which the path
leads to it. SPARQL constraints are read as rules are (see `patterns`): their keys are focus node, path and value.
SHACL: https://www.w3.org/TR/shacl/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TypeAlias

from graph_service.looking import Unanalysable, analysed
from graph_service.patterns import MOST, Key, Look, Looked, TooMany
from graph_service.store.embedded import parse_rdf
from graph_service.terms import RDF, RDF_TYPE, RDFS, SH, Iri, Literal, Term, Triple, n3
from graph_service.validation import Finding

SUBCLASS = Iri(RDFS + "subClassOf")
TYPE = Iri(RDF_TYPE)
DEEPEST = 8  # steps from a focus node
_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_SHAPES = ("node", "qualifiedValueShape", "not")  # constraints whose values are shapes
_LISTS = ("and", "or", "xone")  # or lists of them
_OF_FOCUS = ("equals", "disjoint", "lessThan", "lessThanOrEquals")  # whose values are properties of the focus node
_PLAIN = (  # what looks no further than at the value nodes, or says something of the shape itself
    "path", "property", "sparql", "class", "closed", "ignoredProperties", "datatype", "nodeKind", "minCount",
    "maxCount", "minExclusive", "minInclusive", "maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern",
    "flags", "languageIn", "uniqueLang", "hasValue", "in", "qualifiedMinCount", "qualifiedMaxCount",
    "qualifiedValueShapesDisjoint", "severity", "message", "name", "description", "order", "group", "defaultValue",
    "deactivated",
)  # fmt: skip
_COMPONENT = SH + "SPARQLConstraintComponent"


@dataclass(frozen=True)
class Step:
    """One step along a path; a predicate of None is any."""

    predicate: Iri | None
    forward: bool = True

    def ends(self, triple: Triple) -> tuple[Term, Term]:
        """From where to where a triple leads."""
        return (triple[0], triple[2]) if self.forward else (triple[2], triple[0])

    def from_(self, node: Term, look: Look) -> Iterable[Triple]:
        """The triples that lead on from a node."""
        return look(node, self.predicate, None) if self.forward else look(None, self.predicate, node)

    def to(self, node: Term, look: Look) -> Iterable[Triple]:
        """The triples that lead to a node."""
        return look(None, self.predicate, node) if self.forward else look(node, self.predicate, None)


Steps: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True)
class Sight:
    """Something that a shape looks at: a step from the nodes that a path leads to."""

    path: Steps
    step: Step
    of_class: Iri | None = None  # classes matter as far as they are, or are below, this one


@dataclass(frozen=True)
class Constraint:
    """A SPARQL constraint: the shape that has it, and what it looks at."""

    shape: str
    looked: Looked

    def key(self, finding: Finding) -> Key:
        """The key of a finding of it."""
        parts = {"this": finding.focus_node, "path": Iri(finding.path or ""), "value": finding.value or Iri("")}
        return tuple(parts[name] for name in self.looked.key)


@dataclass
class Target:
    """A shape with targets: which nodes these are, and what it looks at from there."""

    targets: Mapping[str, tuple[Term, ...]]
    sights: set[Sight] = field(default_factory=set)
    constraints: list[Constraint] = field(default_factory=list)

    def is_target(self, node: Term, look: Look) -> bool:
        """Whether a node is a focus node of the shape (SHACL, 2.1.3)."""
        return next(self.proofs(node, look), None) is not None

    def proofs(self, node: Term, look: Look) -> Iterator[Triple | None]:
        """The triples by which a node is a focus node; None where none is needed."""
        if node in self.targets["targetNode"]:
            yield None
        if isinstance(node, Literal):
            return
        if wanted := self.targets["targetClass"]:
            for triple in look(node, TYPE, None):
                if any(each in wanted for each in superclasses(triple[2], look)):
                    yield triple
        for predicate in self.targets["targetSubjectsOf"]:
            yield from _first(look(node, predicate, None))
        for predicate in self.targets["targetObjectsOf"]:
            yield from _first(look(None, predicate, node))


@dataclass(frozen=True)
class Reached:
    """What of the findings a change can alter."""

    nodes: frozenset[Term]  # focus nodes, of all constraints but those in SPARQL
    keys: Mapping[int, set[Key]]  # place of a SPARQL constraint → keys

    def __bool__(self) -> bool:
        return bool(self.nodes or any(self.keys.values()))


class Reach:
    """The shapes of a project, read for what they look at."""

    def __init__(self, shapes: str) -> None:
        """Read shapes; Unanalysable where something in them cannot be followed."""
        graph = _Graph(shapes)
        self._targets = [_target(graph, shape) for shape in graph.shapes_with_targets()]
        self._sights: dict[Iri | None, list[Sight]] = {}
        for sight in {each for target in self._targets for each in target.sights}:
            self._sights.setdefault(sight.step.predicate, []).append(sight)
        self._constraints = [each for target in self._targets for each in target.constraints]
        self._owners = [target for target in self._targets for _ in target.constraints]

    def reached(self, changes: Iterable[tuple[bool, Triple]], before: Look, after: Look) -> Reached:
        """What triples that were added or removed can reach.

        Raises:
            TooMany, Unanalysable.
        """
        changes = list(changes)
        if any(triple[1] == SUBCLASS for _, triple in changes):
            raise Unanalysable("the hierarchy of classes changes")
        nodes: set[Term] = set()
        for added, triple in changes:
            look = after if added else before
            for sight in (*self._sights.get(triple[1], ()), *self._sights.get(None, ())):
                nodes.update(_seen_from(sight, triple, look))
            if len(nodes) > MOST:
                raise TooMany
        keys = {place: each.looked.reached(changes, before, after) for place, each in enumerate(self._constraints)}
        looks = (before, after)
        kept = {node for node in nodes if any(self._is_focus(node, look) for look in looks)}
        return Reached(frozenset(kept), keys)

    def neighbourhood(self, reached: Reached, look: Look) -> set[Triple]:
        """The triples that the shapes look at for what is reached."""
        found: set[Triple] = set()
        for node in reached.nodes:
            for target in self._targets:
                if target.is_target(node, look):
                    found.update(triple for triple in target.proofs(node, look) if triple)
                    for sight in target.sights:
                        found.update(_along(sight, node, look))
        for place, keys in reached.keys.items():
            looked, owner = self._constraints[place].looked, self._owners[place]
            found |= looked.needed(keys, look)
            for key in keys:
                this = dict(zip(looked.key, key, strict=True))["this"]  # type: ignore[index]  # a variable is a string
                found.update(triple for triple in owner.proofs(this, look) if triple)
        for _, predicate, value in tuple(found):
            if predicate == TYPE:
                found |= {triple for each in superclasses(value, look) for triple in look(each, SUBCLASS, None)}
        return found

    def of_reached(self, findings: Iterable[Finding], reached: Reached) -> tuple[Finding, ...]:
        """The findings that are about what is reached."""
        return tuple(finding for finding in findings if self._is_about(finding, reached))

    def _is_about(self, finding: Finding, reached: Reached) -> bool:
        if finding.component != _COMPONENT:
            return finding.focus_node in reached.nodes
        of_shape = ((place, each) for place, each in enumerate(self._constraints) if each.shape == finding.source_shape)
        return any(each.key(finding) in reached.keys[place] for place, each in of_shape)

    def _is_focus(self, node: Term, look: Look) -> bool:
        return any(target.is_target(node, look) for target in self._targets)


@lru_cache(maxsize=8)
def reach_of(shapes: str) -> Reach:
    """The reach of some shapes, read once. Raises as `Reach`."""
    return Reach(shapes)


def superclasses(of: Term, look: Look) -> Iterator[Term]:
    """A class and those above it."""
    seen: set[Term] = set()
    left = [of]
    while left:
        each = left.pop()
        if each not in seen and isinstance(each, Iri):
            seen.add(each)
            yield each
            left += [triple[2] for triple in look(each, SUBCLASS, None)]


def _first(triples: Iterable[Triple]) -> Iterator[Triple]:
    for triple in triples:
        yield triple
        return


def _seen_from(sight: Sight, triple: Triple, look: Look) -> set[Term]:
    """The nodes from which a triple of its predicate is seen."""
    if sight.of_class and sight.of_class not in superclasses(triple[2], look):
        return set()
    nodes = {sight.step.ends(triple)[0]}
    for step in reversed(sight.path):
        nodes = {step.ends(each)[0] for node in nodes for each in step.to(node, look)}
        if len(nodes) > MOST:
            raise TooMany
    return nodes


def _along(sight: Sight, node: Term, look: Look) -> Iterator[Triple]:
    """The triples of a sight from a node, those on the way among them."""
    nodes = {node}
    for step in (*sight.path, sight.step):
        triples = [triple for each in nodes for triple in step.from_(each, look)]
        yield from triples
        nodes = {step.ends(triple)[1] for triple in triples}


class _Graph:
    """A shapes graph, for reading."""

    def __init__(self, shapes: str) -> None:
        self._said: dict[tuple[Term, Iri], list[Term]] = {}
        for subject, predicate, value in parse_rdf(shapes.encode(), "shapes.ttl"):
            self._said.setdefault((subject, predicate), []).append(value)

    def of(self, node: Term, name: str) -> list[Term]:
        return self._said.get((node, Iri(SH + name)), [])

    def one(self, node: Term, name: str) -> Term | None:
        return next(iter(self.of(node, name)), None)

    def items(self, node: Term) -> list[Term]:
        found: list[Term] = []
        while node != RDF + "nil":
            found += self._said.get((node, Iri(RDF + "first")), [])
            node = self._said.get((node, Iri(RDF + "rest")), [Iri(RDF + "nil")])[0]
        return found

    def shapes_with_targets(self) -> list[Term]:
        targets = {Iri(SH + name) for name in _TARGETS}
        classes = {Iri(RDFS + "Class"), Iri("http://www.w3.org/2002/07/owl#Class")}
        shapes = {Iri(SH + "NodeShape"), Iri(SH + "PropertyShape")}
        found = {node for node, predicate in self._said if predicate in targets}
        for (_, predicate), values in self._said.items():
            if predicate == TYPE and classes & set(values) and shapes & set(values):
                raise Unanalysable("a class that is a shape")
            if predicate in (SH + "target", SH + "parameter"):
                raise Unanalysable(predicate)
        return sorted(found, key=str)

    def refuse_unknown(self, shape: Term) -> None:
        known = {Iri(SH + name) for name in (*_TARGETS, *_SHAPES, *_LISTS, *_OF_FOCUS, *_PLAIN)}
        for node, predicate in self._said:
            if node == shape and predicate.startswith(SH) and predicate not in known:
                raise Unanalysable(predicate)


def _target(graph: _Graph, shape: Term) -> Target:
    made = Target({name: tuple(graph.of(shape, name)) for name in _TARGETS})
    for each in made.targets["targetClass"]:
        made.sights.add(Sight((), Step(TYPE), Iri(str(each))))
    for each in made.targets["targetSubjectsOf"]:
        made.sights.add(Sight((), Step(Iri(str(each)))))
    for each in made.targets["targetObjectsOf"]:
        made.sights.add(Sight((), Step(Iri(str(each)), forward=False)))
    _read(graph, shape, (), made, own=True)
    return made


def _read(graph: _Graph, shape: Term, path: Steps, target: Target, *, own: bool) -> None:
    """Note what a shape looks at from where a path leads to.

    Args:
        own: whether findings of it are about the focus node of the target.
    """
    if len(path) > DEEPEST:
        raise Unanalysable("shapes that refer to each other")
    graph.refuse_unknown(shape)
    way = graph.one(shape, "path")
    ends = [path] if way is None else [path + steps for steps in _paths(graph, way)]
    for end in ends:
        for place in range(len(path), len(end)):
            target.sights.add(Sight(end[:place], end[place]))
        for value in graph.of(shape, "class"):
            target.sights.add(Sight(end, Step(TYPE), Iri(str(value))))
        if any(str(value) == "true" for value in graph.of(shape, "closed")):
            target.sights.add(Sight(end, Step(None)))
        inner = [value for name in _SHAPES for value in graph.of(shape, name)]
        inner += [value for name in _LISTS for each in graph.of(shape, name) for value in graph.items(each)]
        for each in inner:
            _read(graph, each, end, target, own=False)
    for name in _OF_FOCUS:
        for value in graph.of(shape, name):
            target.sights.add(Sight(path, Step(Iri(str(value)))))
    for value in graph.of(shape, "property"):
        if way is not None and own:
            raise Unanalysable("a property shape in a property shape: its focus nodes are others")
        for end in ends:
            _read(graph, value, end, target, own=own)
    for value in graph.of(shape, "sparql"):
        if not own or not isinstance(shape, Iri) or shape.startswith("_:"):
            raise Unanalysable("a SPARQL constraint in a shape without a name, or of values")
        target.constraints.append(Constraint(shape, _constraint(graph, value, way)))


def _constraint(graph: _Graph, node: Term, way: Term | None) -> Looked:
    text = graph.one(node, "select")
    if text is None:
        raise Unanalysable("a SPARQL constraint without SELECT")
    path = "|".join("/".join(map(_sparql, steps)) for steps in _paths(graph, way)) if way is not None else ""
    looked = analysed(
        _prefixes(graph, node) + str(text).replace("$PATH", f"({path})"), ("this", "value", "path")
    ).looked
    if "this" not in looked.key:
        raise Unanalysable("a SPARQL constraint that does not bind $this")
    return looked


def _prefixes(graph: _Graph, node: Term) -> str:
    said = [each for ontology in graph.of(node, "prefixes") for each in graph.of(ontology, "declare")]
    return "".join(f"PREFIX {graph.one(each, 'prefix')}: <{graph.one(each, 'namespace')}>\n" for each in said)


def _sparql(step: Step) -> str:
    name = n3(step.predicate or Iri(""))
    return name if step.forward else f"^{name}"


def _paths(graph: _Graph, node: Term) -> list[Steps]:
    """The ways along a path (SHACL, 2.3.1)."""
    if (inverse := graph.one(node, "inversePath")) is not None:
        return [
            tuple(Step(step.predicate, not step.forward) for step in reversed(way)) for way in _paths(graph, inverse)
        ]
    if (choice := graph.one(node, "alternativePath")) is not None:
        return [way for each in graph.items(choice) for way in _paths(graph, each)]
    if parts := graph.items(node) if _is_list(graph, node) else []:
        return [
            tuple(step for way in ways for step in way) for ways in product(*(_paths(graph, each) for each in parts))
        ]
    if not isinstance(node, Iri) or node.startswith("_:"):
        raise Unanalysable("a path of any length")
    return [(Step(node),)]


def _is_list(graph: _Graph, node: Term) -> bool:
    return isinstance(node, Iri) and node.startswith("_:") and bool(graph.items(node))
