"""Pictures of tables: each number of the picture is one of the table, and none is offered that could mislead."""

from __future__ import annotations

from graph_service.terms import XSD, Iri, Literal, Term
from graph_service.views.charts import BARS, STEPS, charts

PERU, CHILE = Iri("urn:pe"), Iri("urn:cl")


def number(value: object, kind: str = "integer") -> Literal:
    return Literal(str(value), datatype=XSD + kind)


def table(*rows: tuple[Term | None, ...], names: str) -> list[dict[str, Term]]:
    """Rows from tuples; None is an unbound variable."""
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


def test_a_label_and_a_number_make_bars():
    """In the order of the rows, in proportion to the largest."""
    bars = charts("an", table((PERU, number(4)), (CHILE, number(1)), names="an")).bar

    assert bars is not None
    assert [(bar.label, bar.number.value, bar.share) for bar in bars.bars] == [((PERU,), "4", 1), ((CHILE,), "1", 0.25)]


def test_the_shortest_label_that_tells_the_rows_apart_is_taken():
    """A column that is the same everywhere tells nothing; two are joined where one does not do."""
    rows = table(
        (PERU, PERU, CHILE, number(1)), (PERU, CHILE, PERU, number(2)), (PERU, PERU, PERU, number(3)), names="kabn"
    )

    bars = charts("kabn", rows).bar

    assert bars is not None and bars.labels == ("a", "b")


def test_rows_beyond_what_can_be_read_are_counted():
    rows = table(*((Literal(str(each)), number(each)) for each in range(BARS + 5)), names="an")
    bars = charts("an", rows).bar

    assert bars is not None and (len(bars.bars), bars.left_out) == (BARS, 5)


def test_two_dimensions_make_a_matrix_and_a_pair_without_a_row_is_no_zero():
    one, two = Literal("one"), Literal("two")
    rows = table((PERU, one, number(0)), (PERU, two, number(10)), (CHILE, one, number(3)), names="abn")
    grid = charts("abn", rows).matrix

    assert grid is not None
    assert {key: each.value for key, each in grid.cells.items()} == {
        (PERU, one): "0",
        (PERU, two): "10",
        (CHILE, one): "3",
    }
    assert (CHILE, two) not in grid.steps
    assert grid.steps == {(PERU, one): 0, (PERU, two): STEPS, (CHILE, one): 2}


def test_small_counts_are_their_own_step():
    """So that 1 never looks like many."""
    rows = table(*((Literal(str(each)), number(each)) for each in (0, 1, 2)), names="an")
    tiles = charts("cn", table((PERU, number(1)), (CHILE, number(2)), names="cn"), {PERU, CHILE}).map

    assert charts("an", rows).map is None
    assert tiles is not None and tiles.steps == {PERU: 1, CHILE: 2}


def test_a_map_needs_one_row_for_each_country():
    """Two numbers of a country are not added up, and what is no country has no place."""
    twice = table((PERU, Literal("a"), number(1)), (PERU, Literal("b"), number(2)), names="cbn")

    assert charts("cbn", twice, {PERU}).map is None
    assert charts("cn", table((PERU, number(1)), (CHILE, number(1)), names="cn"), {PERU}).map is None


def test_what_is_no_number_is_not_drawn():
    """Texts, dates, negative numbers, infinity; a table without numbers has no picture."""
    for value in (Literal("7"), number("2018", "gYear"), number(-1), number("INF", "double"), number("x")):
        assert charts("an", table((PERU, number(1)), (CHILE, value), names="an")).names == ()
    assert charts("a", table((PERU,), names="a")).names == ()
    assert charts("an", []).names == ()


def test_a_number_without_a_label_has_no_picture():
    assert charts("n", table((number(1),), (number(2),), names="n")).names == ()
    assert charts("an", table((PERU, number(1)), (None, number(2)), names="an")).names == ()
