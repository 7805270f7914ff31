"""Apart: strangers' work ends at its deadline or its limit of memory, in a process that nobody else uses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import lives, until

from graph_service import apart, errors
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


def test_a_mistake_in_the_work_is_told_with_its_place():
    """It is no end of the process, which goes on to the next piece."""
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*apart\.py.*ZeroDivisionError"):
        AMPLE.do(divmod, 17, 0)

    assert AMPLE.do(divmod, 17, 5) == (3, 2)


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


def test_work_can_set_its_own_limits_and_tell_how_far_it_has_come():
    """It is ended within them; no more once it says that it is not to be."""
    told: list[str] = []

    assert AMPLE.follow(told.append, slow_in_the_end) == "done"
    with pytest.raises(errors.WorkTimeout):
        AMPLE.follow(told.append, endless)

    assert told[:2] == ["begins", "ends"]
    assert told[2].isdigit()
    assert AMPLE.do(divmod, 17, 5) == (3, 2)


def test_work_is_not_ended_by_what_is_said_meanwhile():
    """The kernel tells of an order after it was read, if whoever gave it had to wait for the processor just then."""
    worker = apart._Worker()
    assert worker.begin((None, slow, (), {}))
    assert worker._pipe.recv() == "begins"
    worker._pipe.send((None, divmod, (17, 5), {}))

    assert worker.result(print, 60) == (None, None)
    assert worker._pipe.recv() == apart.BEGUN
    assert worker.result(print, 60) == ((3, 2), None)
    worker.end()


def test_work_ends_with_whoever_ordered_it():
    """After kill -9 as well, in the middle of a library in C."""
    order = "from test_apart import AMPLE, endless; AMPLE.follow(lambda pid: print(pid, flush=True), endless, 600)"
    place = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    process = subprocess.Popen([sys.executable, "-c", order], env={**os.environ, **place}, stdout=subprocess.PIPE)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.stdout.close()
    assert lives(pid)

    process.kill()
    process.wait()

    until(lambda: not lives(pid), "it ended")


def slow() -> None:
    """Work that takes a moment."""
    apart.tell("begins")
    time.sleep(0.3)


def slow_in_the_end() -> str:
    """Work that takes more time than it gives itself, once it is not to be ended any more."""
    apart.tell("begins")
    apart.begin(0.3, 50)
    apart.finish()
    time.sleep(0.5)
    apart.tell("ends")
    return "done" if bytes(200_000_000) else ""


def endless(timeout_s: float = 0.3) -> None:
    """Work that never comes back; it tells its process."""
    apart.begin(timeout_s, 0)
    apart.tell(str(os.getpid()))
    re.fullmatch("(a*)*b", "a" * 60)
