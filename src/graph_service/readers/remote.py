"""Remote: anybody's queries over a remote engine, within the same limits as over readers of our own.

The engine runs a query; this side keeps its deadline, the length of its answer, how many run and wait at once, and the
turns of those who ask. An answer streams into a spool, so that a slow client holds no connection to the engine; one
that goes away ends its request there. Releases that the engine does not hold are read by readers of our own.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from typing import TypeAlias

from graph_service.errors import (
    AnswerTooLarge,
    GraphServiceError,
    QueryFailed,
    QueryRefused,
    QueryTimeout,
    ReadersBusy,
    SparqlSyntaxError,
)
from graph_service.mirroring import Mirror
from graph_service.readers.answers import Answer, Limits, State
from graph_service.readers.frames import Query
from graph_service.readers.lanes import Readers
from graph_service.readers.turns import Turns
from graph_service.store.binding import refuse_fetching, with_graphs
from graph_service.store.embedded import is_iri
from graph_service.store.protocol import Dataset
from graph_service.store.remote import ASKED
from graph_service.store.streaming import Streams

MEGABYTE = 1_000_000
LATE_S = 0.05  # how long after the deadline an engine that keeps it itself may say so


class RemoteReaders:
    """In the place of `Readers`: what is asked of the release that the engine holds goes to the engine."""

    def __init__(self, own: Readers, mirror: Mirror, limits: Limits) -> None:
        self._own, self._mirror, self._limits = own, mirror, limits
        self._numbers = itertools.count()
        self._stopped: Counter[str] = Counter()
        self._begin()

    def _begin(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: Streams | None = None
        self._waiting: Turns[asyncio.Future[None]] = Turns()
        self._running: dict[Answer, asyncio.Task[None]] = {}
        self._taken = 0  # places of queries that run

    async def ask(self, release: int, query: Query, client: str) -> Answer:
        """Run a query over a release; returns when the first bytes of its answer are there.

        Raises:
            EngineUnavailable: the engine is away.
            As `Readers.ask` otherwise.
        """
        if release != self._mirror.held():
            return await self._own.ask(release, query, client)
        refuse_fetching(query.text)
        self._start()
        await self._turn(client)
        answer = Answer(query, client, release, time.monotonic(), next(self._numbers))
        self._running[answer] = asyncio.ensure_future(self._run(answer))
        try:
            await answer.spool.ready()
        except QueryFailed as error:
            self.close(answer)
            raise await self._better(error, release, query, client) from None
        except BaseException:
            self.close(answer)
            raise
        if (asked := ASKED.get()) is not None:
            asked.add(release)
        return answer

    def close(self, answer: Answer) -> None:
        """Let go of an answer, taken or not: what still works on it stops."""
        task = self._running.get(answer)
        if task is None:
            self._own.close(answer)
            return
        answer.forgotten = True
        answer.spool.close()
        task.cancel()

    def state(self) -> State:
        """What goes on at this moment; processes are those of our own readers."""
        own = self._own.state()
        stopped = Counter(own.stopped) + self._stopped
        return State(
            own.quick + self._taken, own.slow, own.waiting + len(self._waiting), own.processes, own.in_memory, stopped
        )

    async def stop(self) -> None:
        """End all of it; what still runs is broken off."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._streams is not None:
            await self._streams.close()
        self._begin()
        await self._own.stop()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._begin()
            self._loop = loop
            engine = self._mirror.engine
            self._streams = Streams(engine.addresses, engine.breaker)

    # turns

    @property
    def _places(self) -> int:
        return 2 * self._limits.readers

    async def _turn(self, client: str) -> None:
        """Wait for a place; clients take turns."""
        if self._taken < self._places:
            self._taken += 1
            return
        if len(self._waiting) >= self._limits.max_waiting:
            self._count(ReadersBusy.slug)
            raise ReadersBusy(f"{len(self._waiting)} queries wait already: try again in a moment.")
        place_free = asyncio.get_running_loop().create_future()
        self._waiting.put(client, place_free)
        try:
            await asyncio.wait_for(asyncio.shield(place_free), self._limits.wait_s)
        except TimeoutError:
            self._leave(client, place_free)
            self._count(ReadersBusy.slug)
            raise ReadersBusy(f"The query waited for {self._limits.wait_s:g} s in vain: try later.") from None
        except BaseException:
            self._leave(client, place_free)
            raise

    def _leave(self, client: str, place_free: asyncio.Future[None]) -> None:
        if not self._waiting.remove(client, place_free):
            self._free()  # it was this one's turn already

    def _free(self) -> None:
        """Give a place to the next one."""
        waiting = self._waiting.take()
        if waiting is None:
            self._taken -= 1
        else:
            waiting.set_result(None)

    def _count(self, why: str) -> None:
        self._stopped[why] += 1

    # a query

    async def _run(self, answer: Answer) -> None:
        error: GraphServiceError | None = None
        try:
            async with asyncio.timeout(answer.query.timeout_s + LATE_S):
                await self._stream(answer)
        except TimeoutError:
            error = QueryTimeout(answer.query.timeout_s)
        except GraphServiceError as found:
            error = found
        finally:
            del self._running[answer]
            self._free()
        if error is not None:
            self._count(error.slug)
        answer.spool.end(error)

    async def _stream(self, answer: Answer) -> None:
        query, left_bytes = answer.query, answer.query.max_answer_mb * MEGABYTE
        assert self._streams is not None
        text = f"BASE <{query.base}> {query.text}" if is_iri(query.base) else query.text  # RFC 3986, 5.1.3
        graphs = with_graphs(Dataset(query.default_graphs, query.named_graphs)) or await self._graphs(answer)
        async with self._streams.query(text, query.accept, graphs, query.timeout_s) as parts:
            async for part in parts:
                left_bytes -= len(part)
                if left_bytes < 0:
                    raise AnswerTooLarge(query.max_answer_mb)
                answer.spool.put(part)

    async def _graphs(self, answer: Answer) -> list[tuple[str, str]] | None:
        store = self._mirror.store(answer.release)
        return await asyncio.to_thread(store.dataset, answer.query.text)

    async def _better(self, error: QueryFailed, release: int, query: Query, client: str) -> GraphServiceError:
        """Why an engine refuses a query, in our parser's words: its own seldom tell the place.

        A reader of ours is asked the same, since there it can do no harm.
        """
        try:
            self._own.close(await self._own.ask(release, query, client))
        except (SparqlSyntaxError, QueryRefused) as found:
            return found
        except GraphServiceError:
            pass
        return error


AnyReaders: TypeAlias = Readers | RemoteReaders
