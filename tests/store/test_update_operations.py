"""Updates on the store: the dataset that patterns see, what is refused, what is told. Oracle: the specification."""

from __future__ import annotations

import time

import pytest

from graph_service.errors import (
    DatasetConflict,
    GraphRefused,
    MalformedValue,
    QueryFailed,
    QueryRefused,
    SparqlSyntaxError,
)
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.protocol import Dataset
from graph_service.store.tokens import tokens
from graph_service.store.updates import operations
from graph_service.terms import DEFAULT_GRAPH, DERIVED_GRAPH, Iri, Literal, Quad

XSD = "http://www.w3.org/2001/XMLSchema#"
SEPARATE = Dataset(union=False)


def quad(subject: str, value: str, graph: str = "urn:g") -> Quad:
    """A quad of one property."""
    return Iri(f"urn:{subject}"), Iri("urn:p"), Iri(f"urn:{value}"), Iri(graph)


@pytest.fixture
def store() -> EmbeddedStore:
    """Two named graphs of one statement each."""
    return EmbeddedStore.in_memory([quad("a", "1", "urn:g"), quad("b", "2", "urn:h")])


def test_patterns_see_the_union(store: EmbeddedStore):
    """Without USING or WITH, a pattern finds what any graph states."""
    store.update("INSERT { GRAPH <urn:seen> { ?s <urn:p> ?o } } WHERE { ?s <urn:p> ?o }")

    assert set(store.graph(Iri("urn:seen"))) == {quad("a", "1")[:3], quad("b", "2")[:3]}


def test_a_later_operation_sees_graphs_that_an_earlier_one_made(store: EmbeddedStore):
    """The union is that of the moment; a prologue may stand before any operation."""
    store.update(
        """PREFIX : <urn:> INSERT DATA { GRAPH :new { :c :p :3 } } ;
           PREFIX x: <urn:> INSERT { GRAPH x:seen { ?s :p ?o } } WHERE { ?s x:p ?o FILTER(?o = :3) }"""
    )

    assert set(store.graph(Iri("urn:seen"))) == {quad("c", "3")[:3]}


@pytest.mark.parametrize(
    "text",
    [
        "WITH <urn:g> INSERT { ?s <urn:q> ?o } WHERE { ?s <urn:p> ?o }",
        "INSERT { GRAPH <urn:g> { ?s <urn:q> ?o } } USING <urn:g> WHERE { ?s <urn:p> ?o }",
        "INSERT { GRAPH <urn:g> { ?s <urn:q> ?o } } WHERE { GRAPH <urn:g> { ?s <urn:p> ?o } }",
    ],
)
def test_what_names_its_graph_sees_that_graph(store: EmbeddedStore, text: str):
    """WITH, USING and GRAPH mean what they mean in the specification."""
    store.update(text)

    assert len(store) == 3
    assert (Iri("urn:a"), Iri("urn:q"), Iri("urn:1")) in set(store.graph(Iri("urn:g")))


def test_what_is_deleted_is_what_the_template_says(store: EmbeddedStore):
    """DELETE with a template and WHERE is not DELETE WHERE."""
    store.update("DELETE { GRAPH <urn:g> { ?s <urn:p> <urn:1> } } WHERE { ?s <urn:p> ?o }")

    assert list(store.quads()) == [quad("b", "2", "urn:h")]


def test_the_dataset_of_the_request_is_used(store: EmbeddedStore):
    """using-graph-uri and using-named-graph-uri, also for DELETE WHERE, which has no USING."""
    store.update("DELETE WHERE { GRAPH ?g { ?s ?p ?o } }", Dataset(named_graphs=("urn:g",)))

    assert list(store.quads()) == [quad("b", "2", "urn:h")]


def test_keywords_in_strings_iris_and_comments_are_none(store: EmbeddedStore):
    """The tokenizer knows them, braces and semicolons included."""
    store.update(
        """INSERT { GRAPH <urn:where;SERVICE> { ?s <urn:p> "WHERE { } ; LOAD" } } # WHERE { SERVICE }
           WHERE { ?s <urn:p> ?o FILTER(STR(?o) != 'USING }') } # ; LOAD <urn:x>"""
    )

    assert len(set(store.graph(Iri("urn:where;SERVICE")))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <urn:a> <urn:p> <urn:b> }",
        "DELETE DATA { <urn:a> <urn:p> <urn:b> }",
        "DELETE WHERE { ?s <urn:p> ?o }",
        "INSERT { ?s <urn:q> ?o } WHERE { ?s <urn:p> ?o }",
        "DELETE { ?s <urn:p> ?o } INSERT { GRAPH <urn:g> { ?s <urn:p> ?o } } WHERE { ?s <urn:p> ?o }",
        "CLEAR DEFAULT",
        "COPY <urn:g> TO DEFAULT",
        "MOVE DEFAULT TO <urn:g>",
    ],
)
def test_the_unnamed_graph_is_not_written_where_it_is_a_union(store: EmbeddedStore, text: str):
    """Refused before anything runs; the message says to name a graph."""
    with pytest.raises(GraphRefused, match="say which graph"):
        store.update(text)

    assert len(store) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"INSERT DATA {{ GRAPH <{DERIVED_GRAPH}> {{ <urn:a> <urn:p> <urn:b> }} }}",
        "PREFIX g: <https://w3id.org/elpaccto/graph/> WITH g:derived DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        f"DROP SILENT GRAPH <{DERIVED_GRAPH}>",
        f"ADD <urn:g> TO <{DERIVED_GRAPH}>",
        f"MOVE <{DERIVED_GRAPH}> TO <urn:x>",
    ],
)
def test_the_derived_graph_is_not_written(store: EmbeddedStore, text: str):
    """By whichever name it is called."""
    with pytest.raises(GraphRefused, match="made by rules"):
        store.update(text)


@pytest.mark.parametrize("text", ["CLEAR ALL", "DROP ALL", "CLEAR NAMED", "DROP NAMED"])
def test_clearing_all_is_allowed(store: EmbeddedStore, text: str):
    """What is derived is made anew with the release."""
    store.update(text)

    assert len(store) == 0


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://127.0.0.1:1/x>",
        "LOAD <http://127.0.0.1:1/x> INTO GRAPH <urn:g>",
        "INSERT { GRAPH <urn:g> { ?s ?p ?o } } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "INSERT { GRAPH <urn:g> { ?s ?p ?o } } WHERE { SERVICE SILENT <http://127.0.0.1:1/> { ?s ?p ?o } }",
    ],
)
def test_nothing_is_fetched(store: EmbeddedStore, text: str):
    """SERVICE and LOAD are refused with the reason."""
    with pytest.raises(QueryRefused, match="fetches nothing"):
        store.update(text)


def test_load_silent_does_nothing_and_says_so(store: EmbeddedStore):
    """SPARQL 1.1 Update, 3.1.4: with SILENT a failure is no error."""
    warnings = store.update("LOAD SILENT <http://127.0.0.1:1/x> INTO GRAPH <urn:g>").warnings

    assert len(store) == 2
    assert "fetches nothing" in warnings[0]


def test_a_dataset_given_twice_is_refused(store: EmbeddedStore):
    """SPARQL 1.1 Protocol, 2.2.3."""
    with pytest.raises(DatasetConflict):
        store.update("WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", Dataset(default_graphs=("urn:h",)))


def test_a_graph_of_the_request_must_be_an_iri(store: EmbeddedStore):
    """It is put into the text, so nothing else may come with it."""
    with pytest.raises(MalformedValue, match="absolute IRI"):
        store.update("DELETE WHERE { GRAPH ?g { ?s ?p ?o } }", Dataset(default_graphs=("urn:h> WHERE {} #",)))


def test_literals_that_are_kept_otherwise_are_told(store: EmbeddedStore):
    """Only those that are inserted."""
    done = store.update(
        f"""PREFIX xsd: <{XSD}>
        INSERT DATA {{ GRAPH <urn:n> {{ <urn:a> <urn:p> "007"^^xsd:integer , 08 , 1.5 , "x" , "300"^^<{XSD}byte> }} }} ;
        DELETE {{ GRAPH <urn:n> {{ ?s ?p "009"^^xsd:integer }} }} WHERE {{ ?s ?p 010 }}"""
    )

    assert [warning.split("^^")[0] for warning in done.warnings] == [
        'The literal "007"', 'The literal "08"', 'The literal "300"'
    ]  # fmt: skip
    assert (Iri("urn:a"), Iri("urn:p"), Literal("7", datatype=XSD + "integer")) in set(store.graph(Iri("urn:n")))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> } }", 1, None),
        ("CREATE GRAPH <urn:x> ;\n\n  DELETE WHERE { GRAPH <urn:g> { ?s ?p } }", 3, None),
        ("PREFIX : <urn:>\nINSERT { GRAPH :g { ?s :q ?o } }\nWHERE { ?s :p ?o . FILTER( }", 3, None),
        ("INSERT DATA {\n GRAPH <g> { <urn:a> <urn:p> 1 } }", 2, 8),
        ("CREATE GRAPH <urn:x> ;; CREATE GRAPH <urn:y>", None, None),
        ("DANCE", 1, None),
        ("WITH", 1, None),
        ("WITH ; INSERT { GRAPH <urn:g> { ?s ?p 1 } } WHERE { ?s ?p ?o }", 1, None),
    ],
)
def test_a_syntax_error_tells_its_place_in_the_request(
    store: EmbeddedStore, text: str, line: int | None, column: int | None
):
    """In the text as it was sent, not as it was given to the engine."""
    with pytest.raises(SparqlSyntaxError) as refused:
        store.update(text)

    assert refused.value.line == line
    assert column is None or refused.value.column == column


def test_what_the_engine_cannot_do_is_told(store: EmbeddedStore):
    """Dropping a graph that does not exist, without SILENT."""
    with pytest.raises(QueryFailed, match="does not exist"):
        store.update("DROP GRAPH <urn:none>")


def test_in_the_plain_dataset_the_default_graph_is_written_and_seen():
    """With `separate` all of it is as the specification says."""
    store = EmbeddedStore.in_memory([quad("a", "1", "urn:g")])
    store.update("INSERT DATA { <urn:b> <urn:p> <urn:2> } ; INSERT { ?s <urn:q> ?o } WHERE { ?s <urn:p> ?o }", SEPARATE)

    assert set(store.graph(DEFAULT_GRAPH)) == {
        (Iri("urn:b"), Iri("urn:p"), Iri("urn:2")),
        (Iri("urn:b"), Iri("urn:q"), Iri("urn:2")),
    }


def test_triple_terms_and_base_direction_come_back_as_they_went():
    """A delta that holds them can be replayed."""
    store = EmbeddedStore.in_memory()
    store.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> <<( <urn:s> <urn:p> 'x'@ar--rtl )>> , 'y'@ar--rtl } }")

    replayed = EmbeddedStore.in_memory(store.quads())

    assert set(replayed.quads()) == set(store.quads())
    assert len(replayed) == 2


@pytest.mark.parametrize("text", ["", "# nothing", "PREFIX : <urn:>", "CREATE GRAPH <urn:x> ;"])
def test_an_update_may_be_empty(text: str):
    """Update ::= Prologue ( Update1 ( ';' Update )? )?"""
    assert len(operations(text)) <= 1
    EmbeddedStore.in_memory().update(text)


@pytest.mark.parametrize("piece", ["a.", "a-", '"""a', "'a", "<a", "?a<", "1e", "\\", "a:.", "@a-"])
def test_reading_a_long_text_takes_time_in_proportion(piece: str):
    """A megabyte of whatever is read within seconds: nobody can keep the service busy with it."""
    began = time.monotonic()
    found = sum(1 for _ in tokens(piece * (500_000 // len(piece))))

    assert found > 0
    assert time.monotonic() - began < 10
