"""Binding: values put into queries as data, and what a query may look into."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyoxigraph
import pytest

from graph_service.catalogue import read_catalogue
from graph_service.errors import QueryFailed, QueryRefused
from graph_service.store.binding import bound, concealing, looks_everywhere, refuse_fetching
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import Iri, Literal, nquad

CATALOGUE = read_catalogue(Path(__file__).resolve().parents[2] / "queries")
STORE = EmbeddedStore.in_memory(
    (Iri(f"urn:x:{s}"), Iri(f"urn:x:{p}"), Iri(f"urn:x:{o}"), Iri(f"urn:x:{g}"))
    for s, p, o, g in ("apbg", "bpcg", "cpag", "aqbg", "bqdg", "dpeh", "aqeh")
)
RAW = pyoxigraph.Store()
RAW.bulk_load("".join(map(nquad, STORE.quads())).encode(), format=pyoxigraph.RdfFormat.N_QUADS)
B = {"b": Iri("urn:x:b")}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?a ?b { ?a <urn:x:p> ?b }",
        "SELECT ?a ?b { ?a <urn:x:p> ?c OPTIONAL { ?c <urn:x:q> ?b } }",
        "SELECT ?a ?b { ?a <urn:x:p> ?c FILTER(?c != ?b) }",
        "SELECT ?a ?b { { ?a <urn:x:p> ?b } UNION { ?b <urn:x:q> ?a } UNION { ?a <urn:x:q> <urn:x:e> } }",
        "SELECT ?a ?b { ?a <urn:x:p> ?c FILTER EXISTS { ?c <urn:x:q> ?d FILTER(?c = ?b) } }",
        "SELECT ?a ?b { ?a <urn:x:p> ?c FILTER NOT EXISTS { ?b <urn:x:q> ?d } }",
        "SELECT ?a ?b { ?a <urn:x:p> ?c MINUS { ?c <urn:x:q> ?d . ?b <urn:x:q> ?d } }",
        "SELECT ?a ?b { ?a <urn:x:p> ?c { SELECT ?b (COUNT(*) AS ?n) { ?b ?p ?o } GROUP BY ?b } }",
        "SELECT ?a ?b { ?a <urn:x:p> ?c { SELECT ?c { ?c <urn:x:q> ?b } } }",
        "SELECT ?b (COUNT(?a) AS ?n) { ?a ?p ?b } GROUP BY ?b",
        "SELECT ?a ?b { ?a <urn:x:p> ?c BIND(?b AS ?d) OPTIONAL { BIND(?d AS ?e) } }",
        "SELECT ?a ?b { GRAPH ?g { ?a <urn:x:p> ?b } }",
        "SELECT ?a ?b { VALUES ?a { <urn:x:a> <urn:x:b> } ?a ?p ?b }",
        "SELECT * { ?a <urn:x:p>/<urn:x:q> ?c . ?b ?p ?c }",
    ],
)
def test_bound_by_text_as_bound_by_the_engine(text: str):
    """The same solutions as the substitutions of the embedded engine."""
    substitutions = {pyoxigraph.Variable(name): pyoxigraph.NamedNode(iri) for name, iri in B.items()}

    by_text = solutions(bound(text, B))
    by_engine = solutions(text, substitutions=substitutions)

    assert by_text == by_engine


def solutions(text: str, **more: object) -> Counter[tuple[str, ...]]:
    found = RAW.query(text, use_default_graph_as_union=True, **more)  # type: ignore[arg-type]
    names = sorted(variable.value for variable in found.variables)
    return Counter(tuple(f"{name} {row[name]}" for name in names) for row in found)


@pytest.mark.parametrize("value", [Iri("urn:x:a> ; <urn:x:b"), Iri("no iri"), Iri("_:b0"), Literal("a", "not a tag")])
def test_what_is_no_term_is_not_bound(value: Iri | Literal):
    """Nothing of it reaches the text."""
    with pytest.raises(QueryFailed):
        bound("SELECT ?a { ?a ?p ?o }", {"a": value})


def test_what_is_concealed_is_not_found():
    """A predicate and a graph, wherever variables could stand for them; all else is found as before."""
    for text in (
        "SELECT * { ?s ?p ?o }",
        "SELECT * { ?s a ?t OPTIONAL { ?s ?p ?o } }",
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
    ):
        found = list(STORE.select(concealing(text, Iri("urn:x:q"), Iri("urn:x:h"))).rows)
        everything = list(STORE.select(text).rows)

        kept = [row for row in everything if row.get("p") != "urn:x:q" and row.get("g") != "urn:x:h"]
        assert found == kept


@pytest.mark.parametrize("name", sorted(CATALOGUE.queries))
def test_every_query_file_stays_a_query(name: str):
    """Whatever is put into it, it can be read."""
    query = CATALOGUE.get(name)
    values = {variable: Iri("urn:x:v") for each in query.parameters for variable in each.variables}

    text = bound(concealing(query.text, Iri("urn:x:p"), Iri("urn:x:g")), values)

    pyoxigraph.Store().query(text)
    assert text.count("VALUES") >= bool(values)


@pytest.mark.parametrize(
    ("text", "everywhere"),
    [
        ("ASK { ?s ?p ?o }", True),
        ("ASK { ?s a <urn:c> ; ?p ?o }", True),
        ("ASK { <urn:s> ?p 1 }", True),
        ("ASK { [ ?p ?o ] }", True),
        ("ASK { GRAPH ?g { ?s <urn:p> ?o } }", True),
        ("ASK { ?s <urn:p>* ?o }", True),
        ("ASK { ?s <urn:p>? ?o }", True),
        ("ASK { ?s !<urn:p> ?o }", True),
        ("ASK { ?s (!(<urn:p>|<urn:q>)) ?o }", True),
        ("DESCRIBE <urn:s>", True),
        ("SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o FILTER(!BOUND(?x) && !(?o = 1)) }", False),
        ("SELECT ?a ?b ?c { ?a <urn:p> ?b . ?b <urn:q>+ ?c } ORDER BY ?a ?b ?c", False),
        ("SELECT * { GRAPH <urn:g> { ?s <urn:p>/^<urn:q>|a ?o } }", False),
    ],
)
def test_what_could_see_anything_is_known(text: str, everywhere: bool):
    """From the text alone."""
    assert looks_everywhere(text) is everywhere


@pytest.mark.parametrize(
    "text", ["ASK { SERVICE <urn:x> {} }", "ASK { \\u0053ERVICE <urn:x> {} }", "ask { service ?s {} }"]
)
def test_what_would_fetch_is_refused(text: str):
    """Also behind escapes; not the word in a string."""
    with pytest.raises(QueryRefused):
        refuse_fetching(text)
    refuse_fetching('ASK { ?s <urn:p\\u0041> "SERVICE \\u0041" }')
