"""Looking: reads a SPARQL query and tells what it looks at (see `patterns`), by rdflib's algebra of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, count, islice, product

import rdflib
from rdflib.paths import AlternativePath, InvPath, SequencePath
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.algebra import translateGroupGraphPattern
from rdflib.plugins.sparql.parserutils import CompValue

from graph_service.patterns import Group, Look, Looked, Part, Pattern, Variable
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.native import as_kept
from graph_service.terms import XSD_STRING, Iri, Literal, Quad, Term, Triple

REMEMBERED = 16  # so many triples of one answer
PASSED = ("Distinct", "Reduced", "OrderBy")


class Unanalysable(Exception):
    """The query looks at things in a way that cannot be told from its text."""


@dataclass(frozen=True)
class Analysed:
    """What a query looks at, and the triples that it constructs; their variables are computed or bound."""

    looked: Looked
    template: tuple[Pattern, ...]
    guards: tuple[Pattern, ...] = ()  # of the template: where such a triple is there already, nothing is constructed


@dataclass
class _Scope:
    """What is noted while a query is read."""

    computed: dict[Variable, set[Variable]] = field(default_factory=dict)  # variable → those it is computed from
    used: set[Variable] = field(default_factory=set)  # in filters and computations
    aggregated: bool = False
    names: Iterator[int] = field(default_factory=count)


def look_in(store: EmbeddedStore, sees: Callable[[Quad], bool] = lambda quad: True) -> Look:
    """Look up triples in all graphs of a store, or those among them that can be seen.

    What few triples answer is remembered, so the store must not change as far as it is seen.
    """
    known: dict[tuple[Term | None, Term | None, Term | None], list[Triple]] = {}

    def look(subject: Term | None, predicate: Term | None, value: Term | None) -> Iterable[Triple]:
        asked = subject, predicate, value
        if asked in known:
            return known[asked]
        if isinstance(subject, Literal) or isinstance(predicate, Literal):
            return ()
        found = (quad[:3] for quad in store.match(subject, predicate, value) if sees(quad))
        first = list(islice(found, REMEMBERED))
        if len(first) == REMEMBERED:
            return chain(first, found)
        known[asked] = first
        return first

    return look


@lru_cache(maxsize=256)
def analysed(text: str, projected: tuple[str, ...] = ()) -> Analysed:
    """Tell what a CONSTRUCT, or a SELECT of which some variables matter, looks at.

    A name that is computed is taken to be made of its parts so that no other parts make it.

    Raises:
        Unanalysable: GRAPH, SERVICE, LIMIT, a path of any length, and the like; or a triple of the template does not
            tell the key that it is constructed for.
    """
    algebra = prepareQuery(text).algebra
    scope = _Scope()
    groups = tuple(_groups(algebra.p, scope))
    if algebra.datasetClause:
        raise Unanalysable("FROM")
    template = tuple(_pattern(triple) for triple in algebra.template or ()) if "template" in algebra else ()
    if any(part.startswith("_:") for triple in template for part in triple if isinstance(part, Variable)):
        raise Unanalysable("a blank node is constructed")
    heads = [{part for part in triple if isinstance(part, Variable)} for triple in template]
    heads = heads or [{Variable(name) for name in projected}]
    bound = frozenset.intersection(*(group.variables for group in groups)) if groups else frozenset()
    told = [_origins(head, scope) & bound for head in heads]
    key = frozenset().union(*told)
    if any(each != key for each in told):
        raise Unanalysable("a triple of the template stands for several keys")
    spoken = frozenset(scope.used).union(*heads)
    guards = tuple(_guards(algebra.p, template))
    marked = (_marked(_unguarded(group, guards), key, spoken, enough=not scope.aggregated) for group in groups)
    return Analysed(Looked(tuple(sorted(key)), tuple(marked)), template, guards)


def _guards(node: CompValue, template: tuple[Pattern, ...]) -> Iterator[Pattern]:
    """The triples of a template that must not be there: `FILTER NOT EXISTS { … }` of the whole query."""
    if node.name == "Project" and node.p.name == "Filter":
        expression = node.p.expr
        conjunction = isinstance(expression, CompValue) and expression.name == "ConditionalAndExpression"
        for each in (expression.expr, *expression.other) if conjunction else (expression,):
            if isinstance(each, CompValue) and each.name == "Builtin_NOTEXISTS":
                ways = _groups(_graph(each), _Scope())
                if len(ways) == 1 and not ways[0].beside and len(ways[0].patterns) == 1:
                    yield from (pattern for pattern in ways[0].patterns if pattern in template)


def _unguarded(group: Group, guards: tuple[Pattern, ...]) -> Group:
    """The group with guards aside: their variables may be computed, so that only the rows tell what to look up."""
    of_guards = [[(pattern,)] for pattern in guards]
    beside = tuple(ways for ways in group.beside if [each.patterns for each in ways] not in of_guards)
    return replace(group, beside=beside, aside=guards)


def _origins(names: Iterable[Variable], scope: _Scope) -> frozenset[Variable]:
    """Variables, and those that they are computed from."""
    found: set[Variable] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += scope.computed.get(name, ())
    return frozenset(found)


def _marked(group: Group, bound: frozenset[Variable], spoken: frozenset[Variable], *, enough: bool) -> Group:
    """The group, knowing whether one match is enough: where nothing else speaks of what only it binds."""
    own = group.variables - bound
    within = bound | group.variables
    beside = tuple(tuple(_marked(each, within, spoken, enough=enough) for each in ways) for ways in group.beside)
    spoken = spoken.union(*(_all_variables(each) for ways in beside for each in ways))
    return replace(group, beside=beside, any_will_do=enough and not own & spoken)


def _all_variables(group: Group) -> frozenset[Variable]:
    return group.variables.union(*(_all_variables(each) for ways in group.beside for each in ways))


def _groups(node: CompValue, scope: _Scope) -> list[Group]:
    """The ways to match a part of the algebra (SPARQL 1.1 Query, 18.2)."""
    if node.name in PASSED:
        return _groups(node.p, scope)
    reader = _READERS.get(node.name)
    if reader is None:
        raise Unanalysable(node.name)
    return reader(node, scope)


def _bgp(node: CompValue, scope: _Scope) -> list[Group]:
    ways = [_ways(s, p, o, scope) for s, p, o in node.triples]
    return [Group(tuple(pattern for way in chosen for pattern in way)) for chosen in product(*ways)]


def _join(node: CompValue, scope: _Scope) -> list[Group]:
    left, right = _groups(node.p1, scope), _groups(node.p2, scope)
    return [_merged(one, other) for one, other in product(left, right)]


def _left_join(node: CompValue, scope: _Scope) -> list[Group]:
    optional = [_beside(group, _told(node.expr, scope)) for group in _groups(node.p2, scope)]
    return [_beside(group, [optional]) for group in _groups(node.p1, scope)]


def _minus(node: CompValue, scope: _Scope) -> list[Group]:
    without = _groups(node.p2, scope)
    return [_beside(group, [without]) for group in _groups(node.p1, scope)]


def _filter(node: CompValue, scope: _Scope) -> list[Group]:
    exists = _told(node.expr, scope)
    return [_beside(group, exists) for group in _groups(node.p, scope)]


def _union(node: CompValue, scope: _Scope) -> list[Group]:
    return _groups(node.p1, scope) + _groups(node.p2, scope)


def _extend(node: CompValue, scope: _Scope) -> list[Group]:
    groups, name = _groups(node.p, scope), Variable(node.var)
    if isinstance(node.expr, rdflib.URIRef | rdflib.Literal):
        values = frozenset((_term(node.expr),))
        return [replace(group, domains={**group.domains, name: values}) for group in groups]
    exists = _told(node.expr, scope)
    if not any(name in group.variables for group in groups):  # a variable of GROUP BY is bound anew, as itself
        scope.computed.setdefault(name, set()).update(_variables(node.expr))
    return [_beside(group, exists) for group in groups]


def _values(node: CompValue, scope: _Scope) -> list[Group]:
    if node.p.name != "values":
        return _groups(node.p, scope)
    names = {Variable(name) for row in node.p.res for name in row}
    columns = {name: {row.get(rdflib.Variable(name), "UNDEF") for row in node.p.res} for name in names}
    return [
        Group(
            domains={
                name: frozenset(map(_term, values))
                for name, values in columns.items()
                if all(isinstance(value, rdflib.URIRef | rdflib.Literal) for value in values)
            }
        )
    ]


def _project(node: CompValue, scope: _Scope) -> list[Group]:
    return _hiding(node.p, frozenset(map(Variable, node.PV)), scope)


def _aggregate(node: CompValue, scope: _Scope) -> list[Group]:
    names = node.p.expr or []
    if not all(isinstance(name, rdflib.Variable) for name in names):
        raise Unanalysable("GROUP BY of an expression")
    scope.aggregated = True
    return _hiding(node.p.p, frozenset(map(Variable, names)), scope)


def _hiding(node: CompValue, shown: frozenset[Variable], scope: _Scope) -> list[Group]:
    """The ways of a part whose other variables are its own: they get names that nothing else has."""
    inner = _Scope(names=scope.names)
    groups, number = _groups(node, inner), next(scope.names)

    def renamed(name: Variable) -> Variable:
        return name if name in shown else Variable(f"{name}~{number}")

    scope.aggregated |= inner.aggregated
    scope.used |= set(map(renamed, inner.used))
    for name, origins in inner.computed.items():
        scope.computed.setdefault(renamed(name), set()).update(map(renamed, origins))
    return [_renamed(group, renamed) for group in groups]


_READERS: Mapping[str, Callable[[CompValue, _Scope], list[Group]]] = {
    "BGP": _bgp,
    "Join": _join,
    "LeftJoin": _left_join,
    "Minus": _minus,
    "Filter": _filter,
    "Union": _union,
    "Extend": _extend,
    "ToMultiSet": _values,
    "Project": _project,
    "AggregateJoin": _aggregate,
}


def _merged(one: Group, other: Group) -> Group:
    domains = dict(one.domains)
    for name, values in other.domains.items():
        domains[name] = domains.get(name, values) & values
    return Group(one.patterns + other.patterns, one.beside + other.beside, domains=domains)


def _beside(group: Group, more: Iterable[list[Group]]) -> Group:
    return replace(group, beside=(*group.beside, *(tuple(ways) for ways in more if ways)))


def _renamed(group: Group, renamed: Callable[[Variable], Variable]) -> Group:
    return Group(
        tuple(tuple(renamed(p) if isinstance(p, Variable) else p for p in each) for each in group.patterns),  # type: ignore[misc]  # of three
        tuple(tuple(_renamed(each, renamed) for each in ways) for ways in group.beside),
        domains={renamed(name): values for name, values in group.domains.items()},
    )


def _told(expression: object, scope: _Scope) -> list[list[Group]]:
    """The ways of each EXISTS and NOT EXISTS of an expression, whose variables are noted as used."""
    scope.used |= _variables(expression)
    return [
        _groups(_graph(each), scope) for each in _parts(expression) if isinstance(each, CompValue) and _is_exists(each)
    ]


def _variables(expression: object) -> set[Variable]:
    return {Variable(each) for each in _parts(expression) if isinstance(each, rdflib.Variable)}


def _parts(expression: object) -> Iterator[object]:
    """An expression and all that it is made of, but not what is inside of EXISTS."""
    yield expression
    if isinstance(expression, CompValue) and not _is_exists(expression):
        for name, value in expression.items():
            if name != "_vars":
                yield from _parts(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _parts(value)


def _is_exists(node: CompValue) -> bool:
    return node.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS")


def _graph(exists: CompValue) -> CompValue:
    graph = exists.graph
    return translateGroupGraphPattern(graph) if graph.name == "GroupGraphPatternSub" else graph


def _ways(subject: rdflib.term.Node, path: object, value: rdflib.term.Node, scope: _Scope) -> list[list[Pattern]]:
    """The ways to follow a path (SPARQL 1.1 Query, 9.1), each as patterns."""
    if isinstance(path, rdflib.term.Node):
        return [[_pattern((subject, path, value))]]
    if isinstance(path, InvPath):
        return _ways(value, path.arg, subject, scope)
    if isinstance(path, AlternativePath):
        return [way for part in path.args for way in _ways(subject, part, value, scope)]
    if isinstance(path, SequencePath):
        between = [rdflib.Variable(f"~{next(scope.names)}") for _ in path.args[1:]]
        steps = zip((subject, *between), path.args, (*between, value), strict=True)
        parts = [_ways(start, part, end, scope) for start, part, end in steps]
        return [[pattern for way in chosen for pattern in way] for chosen in product(*parts)]
    raise Unanalysable(f"the path {path}")


def _pattern(triple: Iterable[rdflib.term.Node]) -> Pattern:
    s, p, o = (_part(node) for node in triple)
    return s, p, o


def _part(node: rdflib.term.Node) -> Part:
    if isinstance(node, rdflib.Variable):
        return Variable(node)
    return Variable(f"_:{node}") if isinstance(node, rdflib.BNode) else _term(node)


def _term(node: rdflib.term.Node) -> Term:
    """A constant, as the engine keeps it."""
    if not isinstance(node, rdflib.Literal):
        return Iri(str(node))
    literal = Literal(str(node), node.language, str(node.datatype or XSD_STRING))
    return next(iter(as_kept([(Iri("urn:x"), Iri("urn:x"), literal)])))[2]
