"""The comparison of answers is strict."""

from __future__ import annotations

import comparing
import pytest
from comparing import Answer

A, B = ("uri", "urn:a"), ("uri", "urn:b")
X, Y = ("bnode", "x"), ("bnode", "y")
ONE, ONE_POINT_0 = (
    comparing.literal(text, datatype="http://www.w3.org/2001/XMLSchema#decimal") for text in ("1", "1.0")
)


def rows(*values: comparing.Node) -> Answer:
    """An answer with one column."""
    return Answer(("v",), tuple({"v": value} for value in values))


@pytest.mark.parametrize(
    ("found", "expected", "ordered", "same"),
    [
        (rows(A, B), rows(B, A), False, True),
        (rows(A, B), rows(B, A), True, False),
        (rows(A, A, B), rows(A, B, B), False, False),
        (rows(A), rows(A, A), False, False),
        (rows(X, Y), rows(Y, X), False, True),
        (rows(X, X), rows(X, Y), False, False),
        (rows(X, Y), rows(X, X), False, False),
        (rows(X), rows(A), False, False),
        (rows(ONE), rows(ONE_POINT_0), False, False),
        (Answer(("v", "w"), ({"v": A},)), rows(A), False, False),
        (Answer(("v",), ({},)), rows(A), False, False),
        (Answer(truth=True), Answer(truth=False), False, False),
        (rows(comparing.literal("a", "EN")), rows(comparing.literal("a", "en")), False, True),
        (rows(comparing.literal("a", "en")), rows(comparing.literal("a")), False, False),
    ],
)
def test_answers_are_compared_as_bags_with_blank_nodes_one_to_one(found, expected, ordered: bool, same: bool):
    """Order counts where it was asked for; numbers count as they are written."""
    assert comparing.same_answer(found, expected, ordered=ordered) is same


def test_by_value_forgives_the_form_of_numbers_alone():
    """Datatypes and texts still count."""
    assert comparing.by_value(rows(ONE)) == comparing.by_value(rows(ONE_POINT_0))
    assert comparing.by_value(rows(ONE)) != comparing.by_value(rows(comparing.literal("1")))
    assert comparing.by_value(rows(comparing.literal("1.0"))) != comparing.by_value(rows(comparing.literal("1")))
