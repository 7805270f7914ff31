"""Brief queries: what is read as one is small for certain, and answered as the engine does; no other is one."""

from __future__ import annotations

import io
import math
import random

import pytest

from graph_service.store.brief import SOLUTIONS, Brief, patterns
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.protocol import Dataset
from graph_service.terms import Iri, Literal, Quad

JSON = "application/sparql-results+json"
BASE = "http://example.org/sparql"
MANY = 2 * SOLUTIONS
NOT_BRIEF = (
    "SELECT * { ?s ?p ?o FILTER(?o > 1) }",
    "SELECT * { <urn:a> <urn:p>* ?o }",
    "SELECT * { <urn:a> <urn:p>/<urn:q> ?o }",
    "SELECT * { <urn:a> ^<urn:p> ?o }",
    "SELECT * { <urn:a> <urn:p>|<urn:q> ?o }",
    "SELECT * { <urn:a> !<urn:p> ?o }",
    "SELECT * { <urn:a> <urn:p> [] }",
    "SELECT * { _:a <urn:p> ?o }",
    "SELECT * { <urn:a> <urn:p> (1 2) }",
    "SELECT * { <urn:a> ?p ?o . OPTIONAL { ?s ?q ?r } }",
    "SELECT * { <urn:a> ?p ?o . { ?s ?q ?r } }",
    "SELECT * { { <urn:a> ?p ?o } UNION { ?s ?q ?r } }",
    "SELECT * { GRAPH ?g { <urn:a> ?p ?o } }",
    "SELECT * FROM <urn:g> { <urn:a> ?p ?o }",
    "SELECT * { SERVICE <http://example.org/> { <urn:a> ?p ?o } }",
    "SELECT * { VALUES ?x { 1 2 } <urn:a> ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { <urn:a> ?p ?o }",
    "SELECT * { <urn:a> ?p ?o } ORDER BY ?o",
    "SELECT * { <urn:a> ?p ?o } GROUP BY ?o",
    "SELECT * { <urn:a> ?p ?o } VALUES ?o { 1 }",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "DESCRIBE ?s { ?s ?p ?o }",
    "BASE <http://example.org/> SELECT * { <a> ?p ?o }",
    "SELECT * { <a> ?p ?o }",
    "SELECT * { <http://example.org/x/../y> ?p ?o }",
    "SELECT * { <urn:\\u0061> ?p ?o }",
    "SELECT * { ?s ?p ?o }",
    "SELECT * { <urn:a> ?p ?o . ?s ?q ?r }",
    "SELECT * { <urn:a> ?p ; ?o }",
    "SELECT * { <urn:a> A ?o }",
    "SELECT * { ex:a ?p ?o }",
    "PREFIX ex: <urn:> SELECT * { ex:a.b ?p ?o }",
    "SELECT * { <urn:a> ?p ?o } # and more\n VALUES ?o { 1 }",
    "# SELECT * { <urn:a> ?p ?o }",
    "SELECT * { <urn:a> ?p ?o # } \n . ?s ?q ?r }",
    "ASK {}",
    "",
)


def store(quads: list[Quad]) -> EmbeddedStore:
    """A store of these."""
    return EmbeddedStore.in_memory(quads)


def written(held: EmbeddedStore, text: str, *, union: bool = True) -> bytes:
    """What the engine answers."""
    out = io.BytesIO()
    held.write(text, JSON, Dataset(union=union), BASE, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def many() -> EmbeddedStore:
    """One subject with little said of it, and many with much."""
    graph = Iri("urn:g")
    own = [(Iri("urn:a"), Iri(f"urn:p{number}"), Literal(str(number)), graph) for number in range(3)]
    others = [(Iri("urn:b"), Iri("urn:p"), Iri(f"urn:o{number}"), graph) for number in range(MANY)]
    return store(own + others)


@pytest.mark.parametrize("text", NOT_BRIEF, ids=range(len(NOT_BRIEF)))
def test_what_may_be_long_is_not_brief(many, text: str):
    assert Brief(many, union=True).answer(text, JSON, BASE) is None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?p ?o WHERE { <urn:a> ?p ?o } LIMIT 2",
        "select distinct * { <urn:a> <urn:p1> ?x ; ?p ?o . }",
        "PREFIX b: <urn:> PREFIX n: <urn:none:> SELECT * { b:a b:p0 ?x . b:a b:p1 '1' }".replace("'1'", '"1"'),
        "ASK WHERE { <urn:a> ?p <urn:nothing> }",
        "PREFIX x: <urn:other:> PREFIX x: <urn:> ASK { x:a ?p ?o }",
        'ASK { <urn:a> ?p "2 . } {"@en }',
        "# first\n # second { ?s\n\nASK { <urn:a> ?p ?o } # and more { ?s ?p ?o }\n",
    ],
)
def test_a_brief_one_is_answered_as_by_the_engine(many, text: str):
    assert Brief(many, union=True).answer(text, JSON, BASE) == written(many, text)


def test_what_matches_much_is_not_brief(many):
    """A pattern that matches much, and few that make much of each other."""
    brief = Brief(many, union=True)
    seven = " ".join(f"<urn:a> ?p{number} ?o{number} ." for number in range(7))

    assert brief.answer("ASK { <urn:b> ?p ?o }", JSON, BASE) is None
    assert brief.answer("ASK { <urn:b> ?p <urn:o7> }", JSON, BASE) is not None
    assert SOLUTIONS < 3**7 and brief.answer(f"SELECT * {{ {seven} }}", JSON, BASE) is None


def test_the_default_graph_is_the_one_of_the_service(many):
    text = "SELECT ?p ?o WHERE { <urn:a> ?p ?o }"

    assert Brief(many, union=False).answer(text, JSON, BASE) == written(many, text, union=False)
    assert written(many, text, union=False) != written(many, text)


def test_no_brief_query_meets_more_than_was_counted():
    """Random patterns over a small graph: as many solutions as the product of what each pattern matches, at most."""
    chance = random.Random(7)
    nodes = [Iri(f"urn:n{number}") for number in range(6)]
    held = store([(*chance.choices(nodes, k=3), Iri("urn:g")) for _ in range(60)])  # type: ignore[misc]
    parts = [*(f"<{node}>" for node in nodes), "?x", "?y", "?z"]
    for _ in range(300):
        text = " . ".join(" ".join(chance.choices(parts, k=3)) for _ in range(chance.randint(1, 3)))
        query = f"SELECT * {{ {text} }}"
        read = patterns(query)
        assert read is not None
        counts = [held.count(*each, most=SOLUTIONS) for each in read]
        assert sum(1 for _ in held.select(query).rows) <= math.prod(counts)
        # what matches everything is not counted; what matches nothing does not make the others brief
        brief = all(map(any, read)) and math.prod(max(count, 1) for count in counts) <= SOLUTIONS
        assert Brief(held, union=True).answer(query, JSON, BASE) == (written(held, query) if brief else None)


def test_a_product_beside_what_matches_nothing_is_not_brief(many):
    """An engine may begin with the product."""
    text = "SELECT * { ?a <urn:p> ?b . ?c <urn:p> ?d . <urn:none> ?e ?f }"
    product = "SELECT * { ?a ?b ?c . ?d ?e ?f . <urn:none> ?g ?h }"

    assert many.count(None, Iri("urn:p"), None, most=MANY) > SOLUTIONS
    assert [Brief(many, union=True).answer(each, JSON, BASE) for each in (text, product)] == [None, None]
