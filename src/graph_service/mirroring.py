"""Mirroring: a remote engine holds the current release, so that it can answer in the place of the home folder.

The home folder stays the ledger: what is published is durable there before an engine hears of it, and whatever becomes
of an engine, it can be filled again. A link in the home folder says which release the engine holds, so that readers
need not ask:

  mirrored -> 7       it holds release 7
  mirrored -> 7+      the same, and beside it graphs that will make it another one: readers name those of the release
  (no such link)      it was never filled, or is being filled
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from graph_service.errors import EngineMissing, EngineMoved, EngineRefused, EngineUnavailable, GraphServiceError
from graph_service.home import Home, ReleaseRecord, read_delta
from graph_service.settings import Settings
from graph_service.store.contents import Change, Contents, Mark
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.engine import Addresses, Engine
from graph_service.store.remote import RemoteStore
from graph_service.terms import Iri, ntriple

SMALL_BYTES = 4_000_000  # a change up to this size is made by one operation that holds it
WAIT_S = 10.0  # how long a writer waits for another process that is filling the engine
NEVER = "The graph store was not filled yet: `graph-service serve` and `graph-service load` do it."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineState:
    """How it stands with the engine that answers."""

    name: str  # embedded or remote
    ready: bool
    why: str = ""  # what is wrong, where it is not ready
    release: int | None = None  # that it holds
    lacks: tuple[str, ...] = ()  # what this engine cannot do, in sentences


class Mirror:
    """The hold of a home folder on the remote engine that is to hold its current release."""

    def __init__(self, home: Home, engine: Engine) -> None:
        self.engine = engine
        self._home, self._contents = home, Contents(engine)
        self._link = home.folder / "mirrored"
        self._unites: bool | None = None  # whether the engine sees all graphs as one; not known before it is asked
        self._lacks_update = ""
        self.problem = ""  # why the engine does not hold the current release; empty where it does

    # for readers

    def state(self) -> str:
        """The text of the link: which release the engine holds, and whether a change lies beside it."""
        try:
            return os.readlink(self._link)  # noqa: PTH115  # asked with each request
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def held(self) -> int | None:
        """The number of the release that the engine holds; None where it holds none."""
        state = self.state().removesuffix("+")
        return int(state) if state else None

    def store(self, number: int) -> RemoteStore:
        """A release in the engine, for reading; asks nothing yet. Raises UnknownRelease."""
        record = self._home.record(number)
        return RemoteStore(self.engine, record.number, [Iri(graph) for graph in record.graphs], union=self._may_unite)

    def verify(self, number: int) -> None:
        """Make sure that the engine holds a release at this moment.

        Raises:
            EngineMoved: it holds another one.
            EngineUnavailable.
        """
        found = self._contents.mark()
        if found != self._mark(number):
            raise EngineMoved("The graph store went on to another release in the meantime: ask again.")

    def why(self) -> str:
        """Why there is nothing to read."""
        return self.problem or self.engine.breaker.reason or NEVER

    def told(self) -> EngineState:
        """How it stands with the engine, as far as is known without asking it."""
        why = self.problem or self.engine.breaker.reason or ("" if self.state() else NEVER)
        return EngineState("remote", not why, why, self.held(), tuple(self._lacks()))

    def _may_unite(self) -> bool:
        if self._unites is None:
            self._unites = self._contents.unites()
        return self._unites and not self.state().endswith("+")

    def _lacks(self) -> Iterator[str]:
        yield "It keeps no earlier releases: these are read from the home folder."
        if not self.engine.addresses.update or self._lacks_update:
            yield self._lacks_update or "It has no address for updates (setting remote_update_url): it stays as it is."
        if not self.engine.addresses.store:
            yield "It has no address of the Graph Store Protocol (setting remote_store_url): it is filled by updates."
        if not self.engine.addresses.timeout:
            yield "It is told no deadlines (setting remote_timeout): what was given up may go on there."
        if self._unites is False:
            yield "It does not see all graphs as one (setting remote_union): each query names the graphs."

    # for writers

    def catch_up(self, wait_s: float = WAIT_S) -> None:
        """Bring the engine to the current release, whatever it holds. Several processes may try: one does it.

        Raises:
            EngineUnavailable: it is away, or will not take it; it holds what it held, and says so.
            HomeError: a delta or the store of the release cannot be read.
        """
        with self._alone(wait_s):
            try:
                self._catch_up()
            except EngineMissing as error:
                self._lacks_update = self.problem = str(error)
                raise
            except GraphServiceError as error:
                self.problem = str(error)
                raise
            self.problem = self._lacks_update = ""

    def is_behind(self) -> bool:
        """Whether the engine is not known to hold the current release."""
        return bool(self.problem) or self.state() != str(self._home.current() or "")

    def _catch_up(self) -> None:
        number = self._home.current()
        if number is None:
            return
        wanted, found = self._mark(number), self._contents.mark()
        if found != wanted:
            self._refuse_foreign(found)
            log.info("the graph store holds %s, is to hold %s", found, wanted)
            if found is not None and self._is_earlier(found):
                self._go_on(found, wanted)
            else:
                self._fill(wanted)
            self.verify(number)
        elif self.state().endswith("+"):
            self._contents.clear_beside()
        if self._unites is None:
            self._unites = self._contents.unites()
        self._say(str(number))

    def _refuse_foreign(self, found: Mark | None) -> None:
        if found is None and not self._contents.is_empty():
            raise EngineRefused(
                "The graph store holds data that is not this service's: empty it, or give this service another dataset."
            )
        if found is not None and found.home != self._lineage():
            raise EngineRefused(
                f"The graph store is fed by another home folder, {found.home}: empty it, or give this service another "
                "dataset."
            )

    def _is_earlier(self, found: Mark) -> bool:
        """Whether what an engine holds is a release from which the deltas lead to the current one."""
        current = self._home.current() or 0
        return 0 < found.number < current and self._home.record(found.number).digest == found.digest

    def _go_on(self, found: Mark, wanted: Mark) -> None:
        change = self._change(found.number, wanted.number)
        if change.size_bytes <= SMALL_BYTES:
            return self._contents.change(change, found, wanted)
        run = uuid.uuid4().hex
        self._say(f"{found.number}+")
        self._contents.clear_beside()
        self._contents.put_beside(change, run)
        self._contents.make(change, run, found, wanted)

    def _fill(self, wanted: Mark) -> None:
        """Fill an engine anew. Nobody reads it meanwhile."""
        self._link.unlink(missing_ok=True)
        filling = Mark(0, "", wanted.home)
        self._contents.begin(filling)
        store = EmbeddedStore.open(self._home.store(wanted.number))
        record = self._home.record(wanted.number)
        for graph in record.graphs:
            self._contents.add(graph, map(ntriple, store.graph(Iri(graph))))
        self._compare(record)
        self._contents.finish(filling, wanted)

    def _compare(self, record: ReleaseRecord) -> None:
        """Refuse to go on where the engine does not hold what it was sent."""
        sent = {graph: count for graph, count in record.graphs.items() if count}
        found = self._contents.sizes()
        for graph in sorted({*sent, *found}):
            if sent.get(graph, 0) != found.get(graph, 0):
                raise EngineRefused(
                    f"The graph store holds {found.get(graph, 0)} triples of the graph {graph}, "
                    f"of {sent.get(graph, 0)} that it was sent: it cannot hold this release."
                )

    def _change(self, since: int, until: int) -> Change:
        """What to take and put to go from one release to a later one: what came and went again is left out."""
        added: dict[str, None] = {}
        removed: dict[str, None] = {}
        for number in range(since + 1, until + 1):
            for sign, line in read_delta(self._home.delta(number)):
                here, there = (added, removed) if sign == "+" else (removed, added)
                if line in there:
                    del there[line]
                else:
                    here[line] = None
        return Change(_by_graph(removed), _by_graph(added))

    def _mark(self, number: int) -> Mark:
        return Mark(number, self._home.record(number).digest, self._lineage())

    def _lineage(self) -> str:
        """A name for the history of a home, which its copies and backups share: a digest of its first record."""
        first = self._home.record(1)
        return hashlib.sha256(f"{first.created} {first.who} {first.digest}".encode()).hexdigest()[:16]

    def _say(self, state: str) -> None:
        if self.state() != state:
            fresh = self._link.with_name(f"mirrored.{uuid.uuid4().hex}")
            fresh.symlink_to(state)
            fresh.replace(self._link)

    @contextmanager
    def _alone(self, wait_s: float) -> Iterator[None]:
        """Hold the lock of those who change the engine.

        Raises:
            EngineUnavailable: another process has held it for all that time.
        """
        handle = os.open(self._home.folder / "mirrored.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            deadline = time.monotonic() + wait_s
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if time.monotonic() >= deadline:
                    raise EngineUnavailable("The graph store is being brought to the current release at this moment.")
                time.sleep(0.05)
            yield
        finally:
            os.close(handle)


def mirror_of(settings: Settings) -> Mirror | None:
    """The hold on the engine that the settings name; None where the embedded one answers."""
    if settings.engine != "remote":
        return None
    addresses = Addresses(
        query=settings.remote_query_url,
        update=settings.remote_update_url,
        store=settings.remote_store_url,
        user=settings.remote_user,
        password=settings.remote_password,
        token=settings.remote_token,
        union=settings.remote_union,
        timeout=settings.remote_timeout,
    )
    return Mirror(Home(settings.home), Engine(addresses, timeout_s=settings.query_timeout_s))


def _by_graph(lines: dict[str, None]) -> dict[Iri, list[str]]:
    """Lines of N-Quads as lines of N-Triples, by graph."""
    found: dict[Iri, list[str]] = {}
    for line in lines:
        triple, _, graph = line.rpartition(" <")
        found.setdefault(Iri(graph.partition(">")[0]), []).append(f"{triple} .\n")
    return found
