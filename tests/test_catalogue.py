"""The catalogue refuses every file that could answer wrongly, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_service.catalogue import read_catalogue, read_query
from graph_service.errors import CatalogueError, UnknownTerm

GOOD = """#+ summary: {en: Things, es: Cosas, fr: Choses, pt: Coisas}
#+ params:
#+   kind: {in: elp:Country, example: PE, description: the kind}
#+   as_of: {from: from_day, to: to_day, example: 2018, description: when}
#+ columns:
#+   thing: iri, the thing
#+ tags: [test]
SELECT ?_kind_iri ?__from_day_date ?__to_day_date ?thing
WHERE { ?thing a ?_kind_iri . FILTER(COALESCE(?__from_day_date <= ?__to_day_date, true)) }
ORDER BY ?thing
"""


def refusal(text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        read_query("group/name", text, file="queries/group/name.rq")
    return str(caught.value)


def test_a_sound_file_tells_its_parameters_and_columns():
    """Header and variables become typed parameters and columns, the prefixes and suffixes dropped."""
    query = read_query("group/name", GOOD, file="queries/group/name.rq")

    kind, as_of = query.parameters
    assert (kind.name, kind.type, kind.required) == ("kind", "iri", True)
    assert kind.scheme == "https://w3id.org/elpaccto/ontology#Country"
    assert (as_of.is_period, as_of.variables) == (True, ("__from_day_date", "__to_day_date"))
    assert [column.name for column in query.columns] == ["kind", "from_day", "to_day", "thing"]
    assert query.columns[3].description == "the thing"


@pytest.mark.parametrize(
    ("change", "problem", "line"),
    [
        (("pt: Coisas", "pt: ''"), "lacks a text in pt", 1),
        (("#+   thing: iri, the thing\n", ""), "'thing' is not described", 7),
        (("thing: iri, the thing", "thing: place, the thing"), "type of iri", 6),
        (("thing: iri, the thing", "thing: iri, x\n#+   other: text, y"), "'other' is not projected", 7),
        (("?_kind_iri ?__from", "?__from"), "?_kind_iri must be projected", 8),
        (("a ?_kind_iri", "a ?_kind_iri ; ?p ?_other_literal"), "?_other_literal is not declared", 9),
        (("kind: {in", "sort: {in"), "declares 'sort'", 3),
        (("in: elp:Country", "in: nowhere"), "neither a prefixed name nor an IRI", 3),
        (("description: the kind", "note: x"), "'kind' needs a description", 3),
        (("ORDER BY ?thing", ""), "needs an ORDER BY", 8),
        (("ORDER BY ?thing", "ORDER BY ?thing LIMIT 3"), "LIMIT needs an ORDER BY over every", 10),
        (("SELECT ?_kind_iri", "SELECT (SAMPLE(?x) AS ?y) ?_kind_iri"), "SAMPLE can differ", 8),
        (("WHERE {", "WHERE { { SELECT ?thing WHERE { ?thing a ?_kind_iri } } "), "projected by the sub-select", 8),
        (("COALESCE(?__from_day_date <= ?__to_day_date, true)", "BOUND(?__to_day_date)"), "BOUND(?__to_day_date)", 9),
        (("WHERE { ?thing", "WHERE { ?thing ?thing"), "not valid SPARQL", 9),
        (("#+ tags: [test]", "#+ tags: [test"), "the header is not YAML", 8),
        (("#+ tags", "#+ labels"), "unknown entry 'labels'", 7),
    ],
)
def test_an_unsound_file_is_refused_with_file_and_line(change: tuple[str, str], problem: str, line: int):
    """Each fault alone is refused; the message says where and what to change."""
    message = refusal(GOOD.replace(*change, 1))

    assert problem in message
    assert message.startswith("queries/group/name.rq:")
    assert abs(int(message.split(":")[1]) - line) <= 1


def test_group_concat_needs_an_ordered_sub_select():
    """Concatenation over unordered rows can differ from run to run."""
    unordered = GOOD.replace("?thing\nWHERE", '(GROUP_CONCAT(STR(?x); separator=" ") AS ?thing)\nWHERE', 1)

    assert "GROUP_CONCAT must stand over" in refusal(unordered)


def test_the_real_catalogue_has_at_least_30_questions_and_offers_near_names(project_dir: Path):
    """A mistyped query name gets close ones."""
    catalogue = read_catalogue(project_dir / "queries")

    with pytest.raises(UnknownTerm, match="institutions/by-axis"):
        catalogue.get("institutions/by-axes")
    assert len(catalogue) >= 30
