"""Apart: strangers' work ends at its deadline or its limit of memory, in a process that nobody else uses."""

from __future__ import annotations

import os
import re

import pytest

from graph_service import errors
from graph_service.apart import Workshop
from graph_service.validation import check_shapes

AMPLE = Workshop(places=2, wait_s=60, timeout_s=60, memory_mb=500)


def test_a_result_comes_back_from_another_process():
    """As the work gave it."""
    assert AMPLE.do(divmod, 17, 5) == (3, 2)
    assert AMPLE.do(os.getpid) != os.getpid()


def test_an_error_comes_back_as_it_was_raised():
    """With its class, its text and what it tells beside."""
    with pytest.raises(errors.RdfSyntaxError) as raised:
        AMPLE.do(check_shapes, "no Turtle", "shapes.ttl")

    assert raised.value.line == 1


def test_work_that_does_not_end_is_stopped():
    """Also where it never comes back from a library in C."""
    with pytest.raises(errors.WorkTimeout, match=r"after 0\.3 s"):
        Workshop(places=1, wait_s=60, timeout_s=0.3, memory_mb=500).do(re.fullmatch, "(a*)*b", "a" * 60)


def test_work_that_takes_too_much_memory_is_stopped():
    """With the limit that it met."""
    with pytest.raises(errors.WorkTooLarge, match="100 MB"):
        Workshop(places=1, wait_s=60, timeout_s=60, memory_mb=100).do(bytes, 400_000_000)


def test_who_finds_no_place_in_time_is_told():
    """Instead of waiting for ever."""
    with pytest.raises(errors.ReadersBusy):
        workshop = Workshop(places=1, wait_s=0, timeout_s=60, memory_mb=100)
        with workshop._place():
            workshop.do(os.getpid)
