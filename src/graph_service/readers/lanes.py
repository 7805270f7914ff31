"""Lanes: who is served when. Quick queries run in a few readers, several waiting in each; what runs for longer than
a moment goes on alone and yields to others, a few at a time; the rest waits in turns by client.

A query that turns out slow keeps its reader, which is then its own; those behind it go to another. Where too many slow
ones run already, it is stopped and waits to be begun anew; so what comes of a query meanwhile is held until it is whole
or known to be slow. So nobody waits behind a monstrous query but whoever sent as many of them as may run.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import signal
import time
from collections import Counter, deque
from collections.abc import Callable

from graph_service.errors import GraphServiceError, QueryTimeout, QueryTooLarge, ReadersBusy, ReadersDown
from graph_service.home import Home
from graph_service.readers.answers import Answer, Limits, State
from graph_service.readers.frames import Kind, Query, read_error
from graph_service.readers.nursery import NurseryGone, Reader
from graph_service.readers.shelves import MEGABYTE, Jobs, Shelf, Shelves
from graph_service.readers.turns import Turns

DEPTH = 4  # queries that one quick reader has: one runs, the others are there when it ends
MOMENT_S = 0.03  # of the processor: what takes longer is slow
TICK_S = 0.01
LATE_S = 0.02  # beyond the deadline of a query, for the kernel to end it first
SLOW_NICE = 15
TRIES = 2  # of a query whose reader was ended by others
BIRTHS = 3  # of readers for a query, where their nursery is ended by others
BROKEN_OFF = "The process that ran the query ended, and so did the next: try again in a moment, or ask for less."
NO_PROCESS = "No process could be made to run the query: try again in a moment."

log = logging.getLogger(__name__)


class Readers:
    """Anybody's queries over the releases of a home. For one event loop: `ask` starts all that is needed."""

    def __init__(self, home: Home, limits: Limits) -> None:
        self._home, self._limits = home, limits
        self._stopped: Counter[str] = Counter()
        self._begin()

    def _begin(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = False
        self._shelves = Shelves[Answer](self._home, self._limits.memory_mb, self._retire, self._serve)
        self._tasks: dict[Reader, deque[Answer]] = {}  # what each reader has; the first one runs
        self._retiring: set[Reader] = set()  # ended once their first query is answered
        self._running_slow: set[Reader] = set()
        self._slow_births = 0
        self._slow: Turns[Answer] = Turns()
        self._ticking = False
        self._numbers = itertools.count()
        self._jobs = Jobs()

    async def ask(self, release: int, query: Query, client: str) -> Answer:
        """Run a query over a release; returns when the first bytes of its answer are there.

        Raises:
            QueryTimeout, QueryTooLarge, AnswerTooLarge: it takes more than it may.
            ReadersBusy: too many others wait.
            ReadersDown: its reader was ended, and so was the next; or all readers were (`stop`).
            SparqlSyntaxError, QueryRefused, QueryFailed: of the query itself.
        """
        answer = self.begin(release, query, client)
        try:
            await answer.spool.ready()
        except BaseException:
            self.close(answer)
            raise
        return answer

    def begin(self, release: int, query: Query, client: str) -> Answer:
        """Have a query run over a release; its answer comes by and by. Raises ReadersBusy, ReadersDown."""
        self._start()
        waiting = len(self._slow) + self._shelves.waiting()
        if waiting >= self._limits.max_waiting:
            self._stopped[ReadersBusy.slug] += 1
            raise ReadersBusy(f"{waiting} queries wait already: try again in a moment.")
        answer = Answer(query, client, release, time.monotonic(), next(self._numbers))
        shelf = self._shelves.of(release)
        shelf.waiting.put(client, answer)
        self._serve(shelf)
        return answer

    def close(self, answer: Answer) -> None:
        """Let go of an answer, taken or not: what still works on it stops."""
        answer.forgotten = True
        answer.spool.close()
        shelf = self._shelves.known.get(answer.release)
        if self._slow.remove(answer.client, answer) or (shelf and shelf.waiting.remove(answer.client, answer)):
            return
        reader = answer.reader if answer.slow else None  # a quick one is nearly done; where it is not, `_tick` sees it
        tasks = self._tasks.get(reader) if reader is not None else None
        if reader is not None and tasks and tasks[0] is answer:
            self._retiring.add(reader)
            reader.kill()

    def state(self) -> State:
        """What goes on at this moment."""
        return State(
            quick=sum(len(tasks) for reader, tasks in self._tasks.items() if reader not in self._running_slow),
            slow=sum(1 for reader in self._running_slow if self._tasks.get(reader)),
            waiting=len(self._slow) + self._shelves.waiting(),
            processes=len(self._tasks),
            in_memory=self._shelves.in_memory(),
            stopped=dict(self._stopped),
        )

    async def stop(self) -> None:
        """End all processes; what still runs is broken off, and nothing more is run."""
        await self._jobs.stop()
        await self._shelves.stop()
        for reader in self._tasks:
            reader.hang_up()
        self._begin()
        self._loop, self._over = asyncio.get_running_loop(), True
        await asyncio.sleep(0)  # the loop closes what was hung up

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._begin()
            self._loop = loop
        elif self._over:
            raise ReadersDown("The service stops: try again in a moment.")

    def _retire(self, reader: Reader) -> None:
        """End a reader once the query that it runs is answered; those behind it go elsewhere."""
        self._retiring.add(reader)
        tasks = self._tasks.get(reader, deque())
        while len(tasks) > 1:
            self._wait_again(tasks.pop())
        if not tasks:
            reader.kill()

    def _wait_again(self, answer: Answer) -> None:
        answer.reader = None
        if not answer.forgotten:
            self._shelves.of(answer.release).waiting.put_back(answer.client, answer)

    # who is served

    def _serve(self, shelf: Shelf[Answer]) -> None:
        """Give what waits to quick readers that have room, and have more of them born where there are too few."""
        while shelf.waiting:
            reader = min(shelf.quick, key=lambda each: len(self._tasks[each]), default=None)
            if reader is None or (self._tasks[reader] and len(shelf.quick) + shelf.births < self._limits.readers):
                if len(shelf.quick) + shelf.births < self._limits.readers:
                    shelf.births += 1
                    self._jobs.do(self._bear(shelf))
                if reader is None:
                    return
            if len(self._tasks[reader]) >= DEPTH:
                return
            answer = shelf.waiting.take()
            assert answer is not None
            self._give(reader, answer)

    def _serve_slow(self) -> None:
        """Begin slow queries that wait, as many as may run. Who has none running comes before who has some."""
        while self._slow:
            running = Counter(self._tasks[each][0].client for each in self._running_slow if self._tasks.get(each))
            if self._is_full() and not self._give_way(running):
                return
            answer = self._slow.take(lambda client: not running[client]) or self._slow.take()  # noqa: B023  # now
            assert answer is not None
            self._slow_births += 1
            self._jobs.do(self._bear_slow(answer))

    def _is_full(self) -> bool:
        """Whether as many slow queries run as may."""
        return len(self._running_slow) + self._slow_births >= self._limits.readers

    def _give_way(self, running: Counter[str]) -> bool:
        """Have a client that runs several slow queries put off its last one for a client that runs none."""
        if all(running[answer.client] for answer in self._slow):
            return False
        for reader in sorted(self._running_slow, key=lambda each: -each.pid):
            answer = self._tasks[reader][0] if self._tasks.get(reader) else None
            if answer is not None and running[answer.client] > 1 and not answer.spool.started:
                self._put_off(reader, answer, self._slow)
                return True
        return False

    def _put_off(self, reader: Reader, answer: Answer, line: Turns[Answer]) -> None:
        """Stop a query; it is begun anew when it is its turn."""
        self._tasks[reader].clear()
        self._running_slow.discard(reader)
        self._retiring.add(reader)
        answer.held.clear()
        answer.since, answer.reader = time.monotonic(), None
        line.put(answer.client, answer)
        reader.kill()

    def _give(self, reader: Reader, answer: Answer) -> None:
        tasks = self._tasks[reader]
        if not tasks:
            answer.since, answer.cpu_s = time.monotonic(), reader.cpu_s()
        tasks.append(answer)
        answer.reader = reader
        reader.ask(answer.number, answer.query)
        self._tick_on()

    async def _bear(self, shelf: Shelf[Answer]) -> None:
        reader = await self._born(shelf, 0)
        shelf.births -= 1
        if reader is None:
            self._bear_again(shelf.number)
        elif self._shelves.known.get(shelf.number) is not shelf or reader.nursery is not shelf.nursery:
            reader.kill()
            self._serve(shelf)
        else:
            shelf.quick.append(reader)
            self._serve(shelf)

    async def _bear_slow(self, answer: Answer) -> None:
        shelf = self._shelves.of(answer.release)
        reader = await self._born(shelf, SLOW_NICE)
        self._slow_births -= 1
        if reader is None:
            self._fail(answer, ReadersDown(NO_PROCESS))
        elif answer.forgotten:
            reader.kill()
        else:
            self._running_slow.add(reader)
            self._retiring.add(reader)
            self._give(reader, answer)
        self._serve_slow()

    async def _born(self, shelf: Shelf[Answer], nice: int) -> Reader | None:
        """A new reader; None where its nursery is gone, or there is no room for one more process."""
        memory_bytes = self._limits.query_memory_mb * MEGABYTE
        try:
            folder = self._home.store(shelf.number)
            reader = await shelf.nursery.reader(folder, memory_bytes=memory_bytes, nice=nice)
        except NurseryGone:
            return None
        self._tasks[reader] = deque()
        reader.heard = self._heard(reader)
        reader.lost = lambda: self._lost(reader)
        reader.ended = lambda number: self._ended(reader, number)
        return reader

    def _bear_again(self, number: int) -> None:
        """After the end of a nursery: whoever waits gets the readers of another one, or hears that there are none."""
        shelf = self._shelves.of(number)
        for answer in list(shelf.waiting):
            answer.unborn += 1
            if answer.unborn >= BIRTHS:
                shelf.waiting.remove(answer.client, answer)
                self._fail(answer, ReadersDown(NO_PROCESS))
        self._serve(shelf)

    # what readers do

    def _heard(self, reader: Reader) -> Callable[[Kind, int, bytes], None]:
        tasks = self._tasks[reader]

        def heard(kind: Kind, number: int, data: bytes) -> None:
            if not tasks or tasks[0].number != number:
                return  # of a query that went elsewhere
            answer = tasks[0]
            if kind is not Kind.PART:
                self._answered(reader)  # first, since whoever takes the answer may let go of it at once
            if kind is Kind.ERROR:
                answer.spool.end(read_error(data))
            elif answer.forgotten:
                answer.held.clear()
            elif kind is Kind.PART and not answer.spool.started and not answer.slow and self._is_full():
                answer.held.append(data)
            else:
                _let_go(answer)
                answer.spool.put(data, last=kind is Kind.LAST)

        return heard

    def _answered(self, reader: Reader) -> None:
        tasks = self._tasks[reader]
        answer = tasks.popleft()
        if tasks:
            tasks[0].since, tasks[0].cpu_s = time.monotonic(), reader.cpu_s()
        if reader in self._retiring:
            self._running_slow.discard(reader)
            reader.kill()
            self._serve_slow()
            return
        if (shelf := self._shelves.known.get(answer.release)) is not None and shelf.waiting:
            self._serve(shelf)

    def _ended(self, reader: Reader, number: int) -> None:
        """A reader is gone: by our hand, or by the kernel's for what the first of its queries did."""
        self._lost(reader)
        tasks = self._tasks.pop(reader, deque())
        self._retiring.discard(reader)
        self._running_slow.discard(reader)
        if tasks and not tasks[0].forgotten:
            self._broken_off(tasks[0], number)
        for shelf in list(self._shelves.known.values()):
            self._serve(shelf)
        self._serve_slow()

    def _lost(self, reader: Reader) -> None:
        """A reader is gone, and how is told later: nobody waits for it but whoever sent the query that it ran."""
        for shelf in self._shelves.known.values():
            if reader in shelf.quick:
                shelf.quick.remove(reader)
        tasks = self._tasks.get(reader, deque())
        while len(tasks) > 1:
            self._wait_again(tasks.pop())
        for shelf in list(self._shelves.known.values()):
            self._serve(shelf)

    def _broken_off(self, answer: Answer, number: int) -> None:
        answer.reader = None
        if number == signal.SIGALRM:
            return self._fail(answer, QueryTimeout(answer.query.timeout_s))
        if number == signal.SIGABRT:
            return self._fail(answer, QueryTooLarge(self._limits.query_memory_mb))
        answer.tries += 1
        answer.held.clear()
        if answer.spool.started or answer.tries >= TRIES:
            return self._fail(
                answer, ReadersDown("The process that ran the query ended, twice: try again, or ask for less.")
            )
        answer.since = time.monotonic()
        self._shelves.of(answer.release).waiting.put_back(answer.client, answer)

    def _fail(self, answer: Answer, error: GraphServiceError) -> None:
        self._stopped[error.slug] += 1
        answer.spool.end(error)

    # time

    def _tick_on(self) -> None:
        if not self._ticking and self._loop is not None:
            self._ticking = True
            self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        """Look for queries that turned out slow, and for those that have waited too long."""
        self._ticking = False
        now = time.monotonic()
        for shelf in list(self._shelves.known.values()):
            for reader in list(shelf.quick):
                tasks = self._tasks[reader]
                if tasks and now - tasks[0].since > MOMENT_S and reader.cpu_s() - tasks[0].cpu_s > MOMENT_S:
                    self._part(shelf, reader)
        for reader, tasks in list(self._tasks.items()):
            if tasks and not tasks[0].forgotten and now - tasks[0].since > tasks[0].query.timeout_s + LATE_S:
                self._stop_late(reader, tasks[0])
        for line in (self._slow, *(shelf.waiting for shelf in self._shelves.known.values())):
            for answer in [each for each in line if now - each.since > self._limits.wait_s]:
                line.remove(answer.client, answer)
                self._fail(answer, ReadersBusy(f"The query waited for {self._limits.wait_s:g} s in vain: try later."))
        if any(self._tasks.values()) or self._slow or any(shelf.waiting for shelf in self._shelves.known.values()):
            self._tick_on()

    def _stop_late(self, reader: Reader, answer: Answer) -> None:
        """Do what the kernel's timer should have done, where the machine is too busy for the reader to have set it."""
        answer.forgotten = True
        self._fail(answer, QueryTimeout(answer.query.timeout_s))
        self._retiring.add(reader)
        self._lost(reader)
        reader.kill()

    def _part(self, shelf: Shelf[Answer], reader: Reader) -> None:
        """Give a query that turned out slow the reader for its own, or have it wait until fewer slow ones run.

        Where it would have to wait it is tried once more among the quick ones: the machine may have held it up.
        """
        shelf.quick.remove(reader)
        if not shelf.quick and not shelf.births:  # the next query is not to wait for a process
            shelf.births += 1
            self._jobs.do(self._bear(shelf))
        answer = self._tasks[reader][0]
        self._retire(reader)
        if answer.forgotten:
            reader.kill()
        elif answer.spool.started or not self._is_full():
            answer.slow = True
            _let_go(answer)
            self._running_slow.add(reader)
            reader.yield_to_others(SLOW_NICE)
        else:
            answer.slow = answer.tried
            answer.tried = True
            self._put_off(reader, answer, self._slow if answer.slow else shelf.waiting)
            self._serve_slow()
        self._serve(shelf)


def _let_go(answer: Answer) -> None:
    """Pass on what was held of an answer."""
    for data in answer.held:
        answer.spool.put(data)
    answer.held.clear()
