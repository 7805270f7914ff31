"""Readers: anybody's query gets its answer or one clear reason; one monstrous query is not felt by others."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from graph_service import errors, writing
from graph_service.errors import GraphServiceError
from graph_service.home import Home
from graph_service.publishing import Publisher
from graph_service.readers import nursery, process
from graph_service.readers.answers import Limits
from graph_service.readers.frames import Query
from graph_service.readers.lanes import Readers
from graph_service.readers.nursery import Reader
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.protocol import Dataset

JSON = "application/sparql-results+json"
PERU = "SELECT ?p ?o WHERE { <https://w3id.org/elpaccto/id/country/PE> ?p ?o } ORDER BY ?p ?o"
ALL = "SELECT * WHERE { ?s ?p ?o }"
MONSTROUS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SORTING = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f"
HANGS_S = 240  # a test that waits in vain ends
LIMITS = Limits(readers=2, memory_mb=0, wait_s=300)


def run(home: Path, work: Callable[[Readers], Awaitable[None]], limits: Limits = LIMITS) -> None:
    """Do some work with readers over a home; all processes are gone afterwards."""

    async def doing() -> None:
        readers = Readers(Home(home), limits)
        try:
            await work(readers)
        finally:
            processes = pids(readers)
            await readers.stop()
        await until(lambda: not any(map(lives, processes)))

    asyncio.run(asyncio.wait_for(doing(), HANGS_S))


def query(text: str, accept: str = JSON, timeout_s: float = 300.0, **limits: int) -> Query:
    """A query with a long deadline, as these machines may be busy."""
    return Query(text, accept, timeout_s=timeout_s, **limits)


async def taken(readers: Readers, asked: Query, client: str = "ana", release: int = 1) -> bytes:
    """The whole answer."""
    answer = await readers.ask(release, asked, client)
    try:
        return b"".join([part async for part in answer.spool])
    finally:
        readers.close(answer)


async def until(true: Callable[[], object]) -> None:
    """Wait for something to become true; see HANGS_S."""
    while not true():
        await asyncio.sleep(0.01)


def pids(readers: Readers) -> Sequence[int]:
    """The processes of all readers."""
    return [reader.pid for reader in readers._tasks]


def lives(pid: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def answered(home: Path, text: str, accept: str, release: int = 1) -> bytes:
    """What the engine itself answers."""
    out = io.BytesIO()
    EmbeddedStore.open(Home(home).store(release)).write(text, accept, Dataset(), "", out)
    return out.getvalue()


@pytest.mark.parametrize("accept", [JSON, "text/csv", "application/sparql-results+xml", "text/tab-separated-values"])
def test_an_answer_is_that_of_the_engine(home: Path, accept: str):
    """To the byte."""

    async def work(readers: Readers) -> None:
        assert await taken(readers, query(PERU, accept)) == answered(home, PERU, accept)

    run(home, work)


def test_a_long_answer_is_whole(home: Path):
    """Ten megabytes come in parts, and none is missing."""

    async def work(readers: Readers) -> None:
        found = await taken(readers, query(ALL, "text/csv"))
        rows = list(csv.reader(io.StringIO(found.decode())))
        assert len(rows) - 1 == len(EmbeddedStore.open(Home(home).store(1)))

    run(home, work)


def test_a_slow_client_holds_no_reader(home: Path):
    """An answer that nobody takes waits, and the reader has the next query already; then it is taken whole."""

    async def work(readers: Readers) -> None:
        waiting = await readers.ask(1, query(ALL), "slow")
        await until(lambda: waiting.spool._ended)
        await taken(readers, query(PERU))
        found = b"".join([part async for part in waiting.spool])
        readers.close(waiting)
        assert len(json.loads(found)["results"]["bindings"]) == len(EmbeddedStore.open(Home(home).store(1)))

    run(home, work, replace(LIMITS, readers=1))


@pytest.mark.parametrize(
    ("asked", "limits", "expected"),
    [
        (query("SELECT * WHERE {\n ?s ?p"), LIMITS, errors.SparqlSyntaxError),
        (query("SELECT * WHERE { SERVICE <http://localhost/> { ?s ?p ?o } }"), LIMITS, errors.QueryRefused),
        (query(MONSTROUS, timeout_s=0.5), LIMITS, errors.QueryTimeout),
        (query(SORTING), replace(LIMITS, query_memory_mb=60), errors.QueryTooLarge),
        (query(ALL, max_answer_mb=1), LIMITS, errors.AnswerTooLarge),
    ],
    ids=["syntax", "service", "deadline", "memory", "length"],
)
def test_what_cannot_be_answered_says_why(home: Path, asked: Query, limits: Limits, expected: type[GraphServiceError]):
    """One error with the limit's value; the next query is answered as ever."""

    async def work(readers: Readers) -> None:
        with pytest.raises(expected) as caught:
            await taken(readers, asked)
        if isinstance(caught.value, errors.SparqlSyntaxError):
            assert (caught.value.line, caught.value.source_line) == (2, " ?s ?p")
        for limit in ("timeout_s", "memory_mb", "max_answer_mb"):
            assert f"{getattr(caught.value, limit, ''):}" in str(caught.value)
        assert await taken(readers, query(PERU)) == answered(home, PERU, JSON)

    run(home, work, limits)


def test_monstrous_queries_do_not_hold_up_quick_ones(home: Path):
    """All quick ones are answered while the monstrous ones still run or wait."""

    async def work(readers: Readers) -> None:
        hostile = [asyncio.ensure_future(taken(readers, query(MONSTROUS), "bob")) for _ in range(6)]
        await until(lambda: len(readers._running_slow) == LIMITS.readers)
        quick = await asyncio.gather(*(taken(readers, query(f"{PERU} LIMIT {n}")) for n in range(40)))
        assert all(json.loads(each)["results"]["bindings"] for each in quick[1:])
        assert not any(each.done() for each in hostile)
        for each in hostile:
            each.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)

    run(home, work)


def test_one_client_does_not_take_all_places_for_slow_queries(home: Path):
    """The other one's slow query runs, however many of the first one's wait."""

    async def work(readers: Readers) -> None:
        hostile = [asyncio.ensure_future(taken(readers, query(MONSTROUS), "bob")) for _ in range(6)]
        await until(lambda: len(readers._running_slow) == LIMITS.readers)
        with pytest.raises(errors.QueryTimeout):
            await taken(readers, query(MONSTROUS, timeout_s=1), "ana")
        assert not any(each.done() for each in hostile)
        for each in hostile:
            each.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)

    run(home, work)


def test_long_answers_take_no_more_processes_than_there_may_be(home: Path):
    """While slow queries run already, those that have begun to answer wait as well, and lose nothing by it."""

    async def work(readers: Readers) -> None:
        hostile = [asyncio.ensure_future(taken(readers, query(MONSTROUS), f"bob {each}")) for each in range(2)]
        await until(lambda: len(readers._running_slow) == LIMITS.readers)
        long = [asyncio.ensure_future(taken(readers, query(ALL, "text/csv"), f"ana {number}")) for number in range(8)]
        most = 0
        while len(readers._slow) < len(long):
            most = max(most, len(readers._running_slow))
            await asyncio.sleep(0.005)
        assert most <= LIMITS.readers
        for each in hostile:
            each.cancel()
        found = await asyncio.gather(*long)
        assert {len(table) for table in found} == {len(answered(home, ALL, "text/csv"))}

    run(home, work)


@asynccontextmanager
async def without_last_words(readers: Readers) -> AsyncIterator[Reader]:
    """A reader whose end its nursery, which is too busy, will not tell of."""
    await asyncio.gather(*(taken(readers, query(PERU)) for _ in range(8)))
    await until(lambda: len(readers._shelves.known[1].quick) == LIMITS.readers)
    process = readers._shelves.nursery()._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        yield readers._shelves.known[1].quick[0]
    finally:
        process.send_signal(signal.SIGCONT)


def test_nobody_waits_for_a_reader_that_is_gone(home: Path, monkeypatch: pytest.MonkeyPatch):
    """Also where its nursery is too busy to tell of its end."""
    monkeypatch.setattr(nursery, "LAST_WORDS_S", HANGS_S)

    async def work(readers: Readers) -> None:
        async with without_last_words(readers) as first:
            first.kill()
            await until(lambda: first.gone)
            for _ in range(4):
                assert await taken(readers, query(PERU)) == answered(home, PERU, JSON)

    run(home, work)


def test_nobody_waits_behind_a_query_that_has_to_be_stopped(home: Path, monkeypatch: pytest.MonkeyPatch):
    """It ends at its deadline where its own process cannot tell the time; those behind it go to another one."""
    monkeypatch.setattr(nursery, "LAST_WORDS_S", HANGS_S)

    async def work(readers: Readers) -> None:
        async with without_last_words(readers) as first:
            os.kill(first.pid, signal.SIGSTOP)
            stuck = asyncio.ensure_future(taken(readers, query(PERU, timeout_s=0.5)))
            await until(lambda: readers._tasks[first])
            behind = [asyncio.ensure_future(taken(readers, query(PERU))) for _ in range(6)]
            await until(lambda: len(readers._tasks[first]) > 1)
            with pytest.raises(errors.QueryTimeout):
                await stuck
            assert len(readers._tasks[first]) == 1  # at once, not only when the process is gone
            assert await asyncio.gather(*behind) == 6 * [answered(home, PERU, JSON)]

    run(home, work)


def test_a_query_that_was_held_up_once_is_not_taken_for_slow(home: Path, monkeypatch: pytest.MonkeyPatch):
    """Where a machine halts for a moment, a short query seems to have used that time; slow ones are not before it."""

    async def work(readers: Readers) -> None:
        hostile = [asyncio.ensure_future(taken(readers, query(MONSTROUS), "bob")) for _ in range(2)]
        await until(lambda: len(readers._running_slow) == 2 and readers._shelves.known[1].quick)
        held_up = readers._shelves.known[1].quick[0]
        os.kill(held_up.pid, signal.SIGSTOP)
        seconds = itertools.count()
        monkeypatch.setattr(held_up, "cpu_s", lambda: next(seconds))
        found = await asyncio.gather(*(taken(readers, query(PERU), "bob") for _ in range(4)))
        for each in hostile:
            each.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)

        assert found == 4 * [answered(home, PERU, JSON)]
        await until(lambda: held_up.gone)

    run(home, work, replace(LIMITS, wait_s=5))


def test_too_many_that_wait_are_refused(home: Path):
    """At once, and told that it is for now."""

    async def work(readers: Readers) -> None:
        hostile = []
        for running, waiting in ((1, 0), (2, 0), (2, 1), (2, 2)):
            hostile.append(asyncio.ensure_future(taken(readers, query(MONSTROUS), "bob")))
            await until(lambda: (len(readers._running_slow), len(readers._slow)) == (running, waiting))  # noqa: B023
        with pytest.raises(errors.ReadersBusy, match="2 queries wait"):
            await taken(readers, query(PERU))
        for each in hostile:
            each.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)

    run(home, work, replace(LIMITS, max_waiting=2))


def test_who_waits_too_long_is_told(home: Path):
    """Behind slow queries that do not end."""

    async def work(readers: Readers) -> None:
        hostile = [asyncio.ensure_future(taken(readers, query(MONSTROUS), "bob")) for _ in range(3)]
        done, _ = await asyncio.wait(hostile, return_when=asyncio.FIRST_COMPLETED)
        assert isinstance(done.pop().exception(), errors.ReadersBusy)
        for each in hostile:
            each.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)

    run(home, work, replace(LIMITS, wait_s=1))


def test_a_client_that_leaves_stops_its_query(home: Path):
    """The process is gone, its place is free."""

    async def work(readers: Readers) -> None:
        asking = asyncio.ensure_future(taken(readers, query(MONSTROUS)))
        await until(lambda: readers._running_slow)
        reader = next(iter(readers._running_slow))
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await until(lambda: not lives(reader.pid) and not readers._running_slow)

    run(home, work)


def test_nothing_is_begun_once_they_were_stopped(home: Path):
    """Whoever still asks is told so, and no process is left behind."""

    async def work(readers: Readers) -> None:
        await taken(readers, query(PERU))
        await readers.stop()
        with pytest.raises(errors.ReadersDown):
            await taken(readers, query(PERU))
        assert pids(readers) == []

    run(home, work)


def test_a_new_reader_does_not_count_what_it_holds(monkeypatch: pytest.MonkeyPatch):
    """As whether a store is true would: the first answer would come the later the more there is."""

    class Uncounted:
        def __len__(self) -> int:
            raise AssertionError

        def write(self, *_: object) -> None:
            """Answer a query."""

    held, given = Uncounted(), []
    monkeypatch.setattr(process, "_read", lambda _, store: given.append(store))
    for name in ("_die_with_parent", "limit_memory"):
        monkeypatch.setattr(process, name, lambda *_: None)
    here, there = socket.socketpair()
    with here, there:
        order = {"be": "reader", "folder": "", "nice": 0, "memory_bytes": 0}
        process._Nursery(here, held)._become(order, there)  # type: ignore[arg-type]  # all that is asked of a store

    assert given == [held]


@pytest.mark.parametrize("whom", ["reader", "nursery"])
def test_a_process_that_is_killed_is_replaced(home: Path, whom: str):
    """Whoever waited for it is answered all the same."""

    async def work(readers: Readers) -> None:
        expected = await taken(readers, query(PERU))
        for _ in range(3):
            first = readers._shelves.nursery()._process
            assert first is not None
            os.kill(first.pid if whom == "nursery" else pids(readers)[0], signal.SIGKILL)
            found = await asyncio.gather(*(taken(readers, query(PERU)) for _ in range(8)))
            assert set(found) == {expected}

    run(home, work)


def test_a_reader_that_is_killed_while_it_answers_is_replaced(home: Path):
    """Nothing was sent yet, so the query begins anew; the second time it is given up."""

    async def work(readers: Readers) -> None:
        asking = asyncio.ensure_future(taken(readers, query(MONSTROUS)))
        for _ in range(2):
            await until(lambda: readers._running_slow)
            reader = next(iter(readers._running_slow))
            os.kill(reader.pid, signal.SIGKILL)
            await until(lambda: reader not in readers._running_slow)  # noqa: B023  # now
        with pytest.raises(errors.ReadersDown):
            await asking

    run(home, work)


def in_memory(readers: Readers, number: int) -> bool:
    """Whether the readers of a release have it in memory."""
    return number in readers._shelves.known and readers.state().in_memory


def test_a_copy_in_memory_answers_as_the_disk_does(own_home: Path):
    """Also after a release that was put on top of an earlier copy, and with a graph that holds nothing."""
    limits = replace(LIMITS, memory_mb=500)
    graphs = "SELECT DISTINCT ?g WHERE { GRAPH ?g {} }"
    everything = "SELECT * WHERE { GRAPH ?g { ?s ?p ?o } }"

    async def work(readers: Readers) -> None:
        for number in (1, 2, 3):
            await taken(readers, query(PERU), release=number)
            await until(lambda: in_memory(readers, number))  # noqa: B023  # now
            for text in (everything, graphs):
                found = await taken(readers, query(text, "text/csv"), release=number)
                assert sorted(found.split(b"\r\n")) == sorted(
                    answered(own_home, text, "text/csv", number).split(b"\r\n")
                )
            if number < 3:
                Publisher(own_home).write(writing.update(UPDATES[number], Dataset()), who="ana", reason="")

    run(own_home, work, limits)


UPDATES = {
    1: "INSERT DATA { GRAPH <https://w3id.org/elpaccto/graph/own> { <urn:x> <urn:p> 1 , 'zwei'@de } }",
    2: "DELETE DATA { GRAPH <https://w3id.org/elpaccto/graph/own> { <urn:x> <urn:p> 1 } } ; "
    "CREATE GRAPH <https://w3id.org/elpaccto/graph/empty>",
}


def test_a_graph_beyond_the_budget_stays_on_disk(home: Path):
    """And is answered."""

    async def work(readers: Readers) -> None:
        await taken(readers, query(PERU))
        await asyncio.gather(*readers._shelves.jobs.running)
        assert not in_memory(readers, 1)
        assert await taken(readers, query(PERU))

    run(home, work, replace(LIMITS, memory_mb=1))
