"""Hostile queries: how soon after its deadline each kind ends, what others feel of four clients that send them, and
whether the memory that they took is given back.

    python benchmarks/hostility.py --home var     # needs wrk (Debian: apt-get install wrk)

Point queries are asked, another each time, for a while without and for a while with the four; the rounds take turns.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlencode

from peers import OURS, running
from serving import JSON, POINT, SUBJECTS, fetched
from table import Row, memory_mb, tell

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "faults"))
from hostile import HOSTILE  # the kinds that the tests send

DEADLINE_S, HOSTILE_CLIENTS = 1.0, 4
CALM_S = 5.0  # after which what they took is to be free
LIMITS = {"GRAPH_SERVICE_QUERY_TIMEOUT_S": "1", "GRAPH_SERVICE_QUERY_MEMORY_MB": "500", "GRAPH_SERVICE_CACHE_MB": "0"}


@dataclass(slots=True)
class Seen:
    """What hostile clients saw: how long each request took, and its status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def main() -> None:
    """Measure, print the rows."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--home", default=os.environ.get("GRAPH_SERVICE_HOME", "var"), help="a home with a release")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=20, help="of each measurement, without and with the four")
    given = arguments.parse_args()
    environment = {**os.environ, "GRAPH_SERVICE_HOME": given.home, **LIMITS}
    with running([OURS, "serve", "--port"], environment) as (origin, pid):
        tell(rows(origin, pid, given.rounds, given.seconds))


def rows(origin: str, pid: int, rounds: int, seconds: int) -> Iterator[Row]:
    """One row for the deadline, one for what others feel, one for memory."""
    time.sleep(CALM_S)  # it is in memory then
    subjects = fetched(f"{origin}/sparql?format=csv&query={quote(SUBJECTS)}").decode().split("\r\n")[1:-1]
    p95(origin, subjects, seconds, 2 * rounds)  # what a service in use holds
    before = held(pid)
    late = {name: ended(origin, text) - DEADLINE_S for name, text in HOSTILE.items()}
    name = max(late, key=lambda each: late[each])
    yield Row(
        f"{len(HOSTILE)} kinds of hostile queries, each alone: the latest, {name}, after its deadline",
        f"{late[name] * 1000:.0f} ms", "100 ms", "", late[name] / 0.1, "≤ 1",
    )  # fmt: skip
    without, with_them, seen = [], [], Seen()
    for turn in range(rounds):
        without.append(p95(origin, subjects, seconds, turn * 2))
        with hostile_clients(origin, seen):
            with_them.append(p95(origin, subjects, seconds, turn * 2 + 1))
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(seen.statuses.items()))
    calm, felt = median(without), median(with_them)
    yield Row(
        f"95th percentile of point queries while {HOSTILE_CLIENTS} clients send hostile ones ({statuses})",
        f"{felt * 1000:.1f} ms", "itself without them", f"{calm * 1000:.1f} ms", felt / calm, "≤ 2",
    )  # fmt: skip
    after = held(pid)
    yield Row(
        f"memory {CALM_S:g} s after these hostile queries", f"{after:.0f} MB",
        "itself before them", f"{before:.0f} MB", after / before, "≤ 1.1",
    )  # fmt: skip


def held(pid: int) -> float:
    """What the server's processes hold when nobody has asked for a moment, in MB."""
    time.sleep(CALM_S)
    return memory_mb(pid)


def ended(origin: str, text: str) -> float:
    """How long a query took to end, in seconds."""
    began = time.perf_counter()
    asked(origin, text)
    return time.perf_counter() - began


def asked(origin: str, text: str) -> int:
    """Send a query, take all of its answer; the status."""
    data = urlencode({"query": text}).encode()
    request = urllib.request.Request(f"{origin}/sparql", data, {"Accept": f"{JSON}, text/turtle;q=0.5"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            while answer.read(1 << 20):
                pass
            return int(answer.status)
    except urllib.error.HTTPError as error:
        json.load(error)
        return error.code
    except (OSError, http.client.HTTPException):  # it broke off after its first bytes
        return 200


@contextmanager
def hostile_clients(origin: str, seen: Seen) -> Iterator[None]:
    """Four clients that send hostile queries, one after the other."""
    over, kinds, lock = threading.Event(), cycle(HOSTILE.values()), threading.Lock()

    def send_on() -> None:
        while not over.is_set():
            with lock:
                text = next(kinds)
            status = asked(origin, text)
            with lock:
                seen.statuses[status] += 1

    senders = [threading.Thread(target=send_on) for _ in range(HOSTILE_CLIENTS)]
    for sender in senders:
        sender.start()
    try:
        yield
    finally:
        over.set()
        for sender in senders:
            sender.join()


def p95(origin: str, subjects: Sequence[str], seconds: int, turn: int) -> float:
    """The 95th percentile of point queries that one client asks, another each time, in seconds."""
    took: list[float] = []
    until = time.monotonic() + seconds
    for number, iri in enumerate(cycle(subjects)):
        if time.monotonic() > until:
            break
        query = POINT.format(iri=iri, limit=turn * 10_000_000 + number + 1)
        began = time.perf_counter()
        fetched(f"{origin}/sparql?format=json&query={quote(query)}")
        took.append(time.perf_counter() - began)
    return sorted(took)[int(len(took) * 0.95)]


if __name__ == "__main__":
    main()
