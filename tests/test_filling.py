"""Values in the text of a query: whoever runs it gets the rows that the service gives for these values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graph_service.filling import filled, filled_query
from graph_service.release import Release
from graph_service.terms import ELP, Iri, Literal

QUERIES = sorted(
    path.relative_to(folder).with_suffix("").as_posix()
    for folder in (Path(__file__).resolve().parents[1] / "queries",)
    for path in folder.glob("*/*.rq")
)
BOUND = {"_x_iri": Iri("urn:x")}


@pytest.mark.parametrize("name", QUERIES)
def test_a_filled_query_gives_the_rows_of_the_bound_one(release: Release, name: str):
    """In the same order, for the example of each question: run by the engine without any binding."""
    query = release.catalogue.get(name)
    text = filled_query(release, name, query.example)
    if query.form == "CONSTRUCT":
        assert set(release.store.construct(text)) == set(release.construct(name, query.example))
        return
    rows = [{query.variables[key]: value for key, value in row.items()} for row in release.store.select(text).rows]

    assert rows == list(release.ask(name, query.example).rows)


def test_a_value_stands_in_each_group_that_uses_it():
    """What is in a group, in a sub-select or a union, does not see what is bound around it."""
    text = (
        "SELECT ?_x_iri WHERE { { ?a ?b ?_x_iri } UNION { SELECT ?_x_iri WHERE { ?_x_iri ?b ?c } } UNION { ?d ?e ?f } }"
    )

    assert filled(text, BOUND).count("VALUES ?_x_iri { <urn:x> }") == 3


def test_a_sub_select_has_the_values_that_it_gives():
    """Also where only some branches of it name them: else its groups would be two, with the value and without."""
    text = "SELECT ?_x_iri WHERE { { SELECT ?_x_iri (SUM(?n) AS ?m) WHERE { { ?a ?b ?n } UNION { ?_x_iri ?c ?n } } } }"
    written = filled(text, BOUND)

    assert written.count("VALUES ?_x_iri { <urn:x> }") == 3
    assert re.search(r"AS \?m\) WHERE {\s+VALUES", written)


def test_a_filter_with_exists_sees_the_value_around_it():
    text = "SELECT ?_x_iri WHERE { ?a ?b ?c FILTER EXISTS { ?a ?d ?_x_iri } }"

    assert filled(text, BOUND).count("VALUES") == 1


def test_braces_and_names_in_texts_and_comments_are_none():
    """The tokens of the query decide, not its characters."""
    text = 'SELECT ?_x_iri WHERE { # { ?_x_iri\n ?a ?b "{ ?_x_iri }" ; ?p ?_x_iri . VALUES ?a { <urn:a> } }'

    assert filled(text, BOUND).count("VALUES ?_x_iri") == 1
    assert "VALUES ?a { <urn:a> }" in filled(text, BOUND)


def test_values_are_written_so_that_they_stay_one_term():
    """Quotes and line ends in a literal cannot end it; a name is written short where its prefix is declared."""
    text = (
        "PREFIX elp: <https://w3id.org/elpaccto/ontology#>\nSELECT ?_x_iri ?_y_literal WHERE { ?a ?_x_iri ?_y_literal }"
    )
    written = filled(text, {"_x_iri": Iri(ELP + "axis"), "_y_literal": Literal('a" }\n#')})

    assert "VALUES ?_x_iri { elp:axis }" in written
    assert r'VALUES ?_y_literal { "a\" }\n#" }' in written


def test_the_header_is_left_out(release: Release):
    assert "#+" not in filled_query(release, "coverage/matrix", {})
