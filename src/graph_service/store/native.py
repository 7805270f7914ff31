"""Native: terms of the embedded engine and terms of ours, each as the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import pyoxigraph as ox

from graph_service.terms import DEFAULT_GRAPH, XSD_STRING, Iri, Literal, Quad, Term, Triple, n3

Node: TypeAlias = "ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | ox.DefaultGraph"


def term(node: Node) -> Term:
    """Turn an engine's term into ours: a triple term is written as text, a base direction in the language tag."""
    if isinstance(node, ox.Literal):
        direction = f"--{node.direction.value}" if node.direction else ""
        return Literal(node.value, node.language and node.language + direction, node.datatype.value)
    return to_iri(node)


def native(value: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple:
    """Turn our term into the engine's."""
    if not isinstance(value, Literal):
        if value.startswith("<<"):
            quoted: ox.Triple = next(ox.parse(f"<urn:x> <urn:x> {value} .", format=ox.RdfFormat.N_TRIPLES)).object
            return quoted
        return ox.BlankNode(value[2:]) if value.startswith("_:") else ox.NamedNode(value)
    if value.language:
        language, _, direction = value.language.partition("--")
        return ox.Literal(value.value, language=language, direction=ox.BaseDirection(direction) if direction else None)
    if value.datatype == XSD_STRING:
        return ox.Literal(value.value)
    return ox.Literal(value.value, datatype=ox.NamedNode(value.datatype))


def to_iri(node: Node) -> Iri:
    """Turn an engine's node into ours; a triple term is written as text."""
    if isinstance(node, ox.Triple):
        return Iri(f"<<( {node} )>>")
    return Iri(node.value if isinstance(node, ox.NamedNode) else str(node))


def to_graph(graph: ox.NamedNode | ox.BlankNode | ox.DefaultGraph) -> Iri:
    """Turn the name of an engine's graph into ours."""
    return DEFAULT_GRAPH if isinstance(graph, ox.DefaultGraph) else to_iri(graph)


def graph_node(graph: str) -> ox.NamedNode | ox.DefaultGraph:
    """Turn our name of a graph into the engine's."""
    return ox.DefaultGraph() if graph == DEFAULT_GRAPH else named_node(graph)


def named_node(iri: str) -> ox.NamedNode:
    """Turn an IRI into the engine's."""
    return ox.NamedNode(iri)


def quad_node(quad: Quad) -> ox.Quad:
    """Turn our quad into the engine's."""
    subject, predicate, value, graph = quad
    return ox.Quad(native(subject), named_node(predicate), native(value), graph_node(graph))  # type: ignore[arg-type]


def from_quad(quad: ox.Quad) -> Quad:
    """Turn the engine's quad into ours."""
    return to_iri(quad.subject), to_iri(quad.predicate), term(quad.object), to_graph(quad.graph_name)


def triple_node(triple: Triple) -> ox.Triple:
    """Turn our triple into the engine's."""
    return quad_node((*triple, Iri("urn:x-graph"))).triple


def as_kept(triples: Iterable[Triple]) -> set[Triple]:
    """Triples as the engine keeps them, such as "007"^^xsd:integer as 7."""
    store = ox.Store()
    store.extend(quad_node((*triple, DEFAULT_GRAPH)) for triple in triples)
    return {from_quad(quad)[:3] for quad in store}


def rewritings(literals: Iterable[Literal]) -> Iterator[str]:
    """Say of each literal that the engine would keep otherwise how it is kept, such as "007"^^xsd:integer as 7."""
    store, node = ox.Store(), ox.NamedNode("urn:x")
    for literal in dict.fromkeys(literals):
        try:
            store.add(ox.Quad(node, node, native(literal)))
        except ValueError:  # the datatype is no IRI: the engine has refused the update, or never sees it
            continue
        kept = term(next(iter(store)).object)
        store.clear()
        if kept != literal:
            yield f"The literal {n3(literal)} is kept as {n3(kept)}."
