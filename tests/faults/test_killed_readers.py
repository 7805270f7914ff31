"""kill -9 of the processes that answer queries, while clients ask: each answer is right, or says clearly that there is
none; a long one that had begun ends with its connection.

KILLS_S is short so that the test takes seconds; TEST_READER_KILLS_S=300 makes it the full measure.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from running import Service, lives, running, until

KILLS_S = float(os.environ.get("TEST_READER_KILLS_S", "10"))
PAUSES_S = (0.2, 1.8)  # between two kills
READERS = 2  # quick ones, and as many slow ones
CLIENTS = 2  # of each kind
WHOLE, BROKEN_OFF = "200", "broken off"
CLEAR = {"readers-down", "readers-busy"}  # problems of queries that could not be run to their end
PE = "https://w3id.org/elpaccto/id/country/PE"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, and what may come of it besides the whole answer."""

    path: str  # {n} is another number each time
    form: str = ""  # sent by POST
    others: frozenset[str] = frozenset(CLEAR)


def asked(text: str) -> str:
    """A query as a field of a form."""
    return urlencode({"query": text}, safe="{}").replace("%7Bn%7D", "{n}")


POINT = f"SELECT ?p ?o {{ <{PE}> ?p ?o }} LIMIT 100{{n}}"
LONG = "SELECT (SUM(STRLEN(CONCAT(STR(?s), STR(?p), STR(?o)))) AS ?n) { ?s ?p ?o VALUES ?x { 1 2 3 4 } }"
LARGE = "SELECT ?s ?p ?o { ?s ?p ?o }"
KINDS = {
    "point": Kind(f"/sparql?{asked(POINT)}"),
    "point by POST": Kind("/sparql", asked(POINT)),
    "long": Kind("/sparql", asked(LONG)),
    "large": Kind("/sparql", asked(LARGE), frozenset(CLEAR | {BROKEN_OFF})),  # its first bytes go out at once
    "page": Kind("/roadmaps/PE.json", others=frozenset()),  # no reader has a part in it
    "page of a query": Kind(f"/sparql.html?{asked(f'ASK {{ <{PE}> ?p ?o }}')}", others=frozenset({"503"})),  # in words
}


@dataclass(slots=True)
class Seen:
    """What clients of one kind saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0


class Clients:
    """Clients of every kind, which ask on and on; `seen` tells what came, by kind."""

    def __init__(self, service: Service) -> None:
        self._service = service
        with closing(service.connect()) as first:
            self._expected = {name: content(self._ask(first, kind, 0)[1]) for name, kind in KINDS.items()}
        self._over, self._lock = threading.Event(), threading.Lock()
        self.seen: Mapping[str, Seen] = {name: Seen() for name in KINDS}
        names = [name for name in KINDS for _ in range(CLIENTS)]
        self._threads = [threading.Thread(target=self._ask_on, args=each) for each in enumerate(names)]

    def __enter__(self) -> Clients:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def _ask_on(self, client: int, name: str) -> None:
        connection, number = self._service.connect(), client * 100_000
        while not self._over.is_set():
            number += 1
            began = time.monotonic()
            try:
                outcome, body = self._ask(connection, KINDS[name], number)
            except TimeoutError:
                outcome, body = "nothing came", b""
            except (OSError, http.client.HTTPException):
                outcome, body = BROKEN_OFF, b""
                connection.close()
            if outcome == WHOLE and content(body) != self._expected[name]:
                outcome = "a wrong answer"
            with self._lock:
                self.seen[name].outcomes[outcome] += 1
                self.seen[name].slowest_s = max(self.seen[name].slowest_s, time.monotonic() - began)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, kind: Kind, number: int) -> tuple[str, bytes]:
        """Status and body; the slug in the place of the status where it is 503 with a problem of readers."""
        headers = {"Accept": "text/csv"}
        if kind.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        form = kind.form.replace("{n}", str(number)) or None
        connection.request("POST" if form else "GET", kind.path.replace("{n}", str(number)), form, headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 503 and b"/problems/readers-" in body:
            return json.loads(body)["type"].rpartition("/")[2], body
        return str(answer.status), body


def content(body: bytes) -> list[bytes]:
    """What an answer says, in whichever order."""
    return sorted(body.splitlines())


def far_side(home: Path) -> dict[int, int]:
    """The nurseries and readers of the service of a home: process → its parent. Those of a dead nursery count, too."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            mine = f"GRAPH_SERVICE_HOME={home}\0".encode() in (folder / "environ").read_bytes()
            if (
                mine
                and b"graph_service.readers.process" in (folder / "cmdline").read_bytes()
                and lives(int(folder.name))
            ):
                found[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def readers(home: Path) -> list[int]:
    """Those that nobody is a child of, but for the first nursery."""
    found = far_side(home)
    return [pid for pid, parent in found.items() if pid not in found.values() and parent in found]


def nurseries(home: Path) -> list[int]:
    """The others."""
    return sorted(set(far_side(home)) - set(readers(home)))


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def service(home: Path, tmp_path: Path) -> Iterator[Service]:
    """A service that answers anew each time, and holds its release in memory."""
    with running(home, tmp_path / "log", readers=READERS, cache_mb=0) as made:
        assert made.get(f"/sparql?{asked(LONG)}&format=csv")[0] == 200  # by a reader
        until(lambda: made.figure("graph_service_in_memory") == 1, "the release is in memory")
        yield made


def assert_clear(clients: Clients, service: Service) -> None:
    """Whole and right answers, or what each kind may have instead; nothing that is our fault."""
    for name, seen in clients.seen.items():
        print(f"{name}: {dict(seen.outcomes)}, slowest {seen.slowest_s:.1f} s")
        assert set(seen.outcomes) <= {WHOLE, *KINDS[name].others}, name
    assert clients.seen["point"].outcomes[WHOLE] > clients.seen["point"].outcomes.total() / 2
    assert "Traceback" not in service.log.read_text()


def assert_recovered(home: Path, service: Service) -> None:
    """As many quick readers as before once somebody asks, and no process that nobody knows of."""

    def as_before() -> bool:
        with Clients(service) as clients:
            until(lambda: all(seen.outcomes[WHOLE] for seen in clients.seen.values()), "each kind is answered")
        return service.figure("graph_service_readers") >= READERS

    until(as_before, "there are as many readers as before")
    until(lambda: len(readers(home)) == service.figure("graph_service_readers"), "no reader is forgotten")
    until(lambda: service.figure("graph_service_in_memory") == 1, "the release is in memory again")
    until(lambda: service.figures("graph_service_queries{") == 0, "nothing goes on")


def test_readers_killed_over_and_over_give_no_wrong_answer(home: Path, service: Service):
    """About one each second. A query whose reader dies is asked again by itself; pages never notice."""
    chance, killed, until_s = random.Random(7), 0, time.monotonic() + KILLS_S
    with Clients(service) as clients:
        while time.monotonic() < until_s:
            time.sleep(chance.uniform(*PAUSES_S))  # the moment of the kill is what is tested
            if found := readers(home):
                kill(chance.choice(found))
                killed += 1
    print(f"{killed} readers killed")

    assert killed > KILLS_S / PAUSES_S[1] / 2
    assert_clear(clients, service)
    assert_recovered(home, service)


def test_nurseries_killed_are_replaced(home: Path, service: Service):
    """The one that holds the release in memory with its readers, then the first one; a new one comes by itself."""
    with Clients(service) as clients:
        for pid in reversed(nurseries(home)):
            kill(pid)
            until(lambda pid=pid: pid not in far_side(home))
            until(lambda: service.figure("graph_service_in_memory") == 1, "there is another one")

    assert_clear(clients, service)
    assert_recovered(home, service)
