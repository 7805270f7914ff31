"""Soak: a server at four fifths of what it can do, for half an hour, with writes and killed readers: does memory grow?

    python benchmarks/soak.py --home var --minutes 30

Clients read in a fixed mixture: another point query each time, the same ones again, roadmaps, exports, tables of ten
thousand rows. Meanwhile one statement is put in or taken out every few seconds, and now and then a reader is killed.
What that may do to the query that it runs, to be broken off, is counted apart from other errors.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlsplit

from peers import OURS, running
from serving import POINT, SUBJECTS, fetched
from table import Row, memory_mb, tell

from graph_service.tokens import Tokens

CLIENTS, SHARE = 8, 0.8
CAPACITY_S, SAMPLE_S, WRITE_S, KILL_S = 40.0, 5.0, 4.0, 20.0
PROVOKED_S = 60.0  # so long after a kill queries may be broken off, which takes turns and a second try
SETTLED_MIN, WINDOW_MIN = 5.0, 2.0  # minute from which memory is not to grow; what is looked at around it, and last
COUNTRIES = ("PE", "AR", "BR", "CO", "MX", "UY")
ROWS = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 10000"
WEIGHTS = {"point": 60, "point again": 20, "roadmap, HTML": 8, "roadmap, JSON": 8, "export": 2, "rows": 2}
NOTE = "<https://w3id.org/elpaccto/id/country/PE> <http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://example.org/soak/{n}>"
GRAPH = "https://w3id.org/elpaccto/graph/soak"


@dataclass(slots=True)
class Seen:
    """What came, and what did not."""

    answered: int = 0
    written: int = 0
    kills: list[float] = field(default_factory=list)  # moments
    provoked: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


class Load:
    """Clients that ask on and on, at most so many requests a second in all."""

    def __init__(self, origin: str, subjects: Sequence[str], rate: float | None, seen: Seen) -> None:
        self._host, self._subjects, self._seen = urlsplit(origin).netloc, subjects, seen
        self._pause_s = CLIENTS / rate if rate else 0.0
        self._over, self._lock, self._numbers = threading.Event(), threading.Lock(), itertools.count(time.time_ns())
        self._threads = [threading.Thread(target=self._ask_on, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Load:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def _ask_on(self, number: int) -> None:
        chance, connection, due = random.Random(number), self._connected(), time.monotonic()
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._pause_s, time.monotonic() - 1)
            kind = chance.choices(kinds, weights)[0]
            try:
                connection.request("GET", self._path(kind, chance), headers={"Accept": "text/csv"})
                answer = connection.getresponse()
                self._tell(kind, answer.status, answer.read())
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._count(kind, f"{type(error).__name__}", broken_off=kind == "rows")
        connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, timeout=120)

    def _path(self, kind: str, chance: random.Random) -> str:
        country = chance.choice(COUNTRIES)
        if kind.startswith("roadmap"):
            return f"/roadmaps/{country}.{'html' if kind.endswith('HTML') else 'json'}"
        if kind == "export":
            return f"/exports/{country.lower()}.ttl"
        if kind == "rows":
            return f"/sparql?query={quote(f'{ROWS} # {next(self._numbers)}')}"
        again = kind == "point again"
        subject = chance.choice(self._subjects[:100] if again else self._subjects)
        return f"/sparql?query={quote(POINT.format(iri=subject, limit=1000 if again else next(self._numbers)))}"

    def _tell(self, kind: str, status: int, body: bytes) -> None:
        if status == 200:
            with self._lock:
                self._seen.answered += 1
            return
        slug = json.loads(body)["type"].rpartition("/")[2] if body.startswith(b"{") else ""
        self._count(kind, f"{status} {slug}", broken_off=slug == "readers-down")

    def _count(self, kind: str, what: str, *, broken_off: bool) -> None:
        with self._lock:
            lately = any(time.monotonic() - each < PROVOKED_S for each in self._seen.kills[-4:])
            (self._seen.provoked if broken_off and lately else self._seen.errors)[f"{kind}: {what}"] += 1


def main() -> None:
    """Measure what it can do, then run, print the rows."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--home", type=Path, default=Path("var"), help="a home with a release; it is copied")
    arguments.add_argument("--minutes", type=float, default=30)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.home.resolve().parent, prefix="soak-") as made:
        home = Path(shutil.copytree(given.home, Path(made) / "home", symlinks=True))
        token = Tokens(home).new("soak", "write")
        environment = {**os.environ, "GRAPH_SERVICE_HOME": str(home), "TMPDIR": made}
        with running([OURS, "serve", "--port"], environment, ready="/health/ready") as (origin, pid):
            tell(rows(origin, pid, token, given.minutes))


def rows(origin: str, pid: int, token: str, minutes: float) -> Iterator[Row]:
    """One row for memory, one for errors."""
    subjects = fetched(f"{origin}/sparql?format=csv&query={quote(SUBJECTS)}").decode().split("\r\n")[1:-1]
    rate = capacity(origin, pid, token, subjects) * SHARE
    seen, samples = Seen(), list[tuple[float, float]]()
    with Load(origin, subjects, rate, seen):
        soak(origin, pid, token, minutes, seen, samples)
    settled_min, window_min = min(SETTLED_MIN, minutes / 3), min(WINDOW_MIN, minutes / 6)
    before = around(samples, settled_min - window_min / 2, settled_min + window_min / 2)
    after = around(samples, minutes - window_min, minutes)
    what = f"soak of {minutes:g} minutes at {rate:.0f} requests/s, {len(seen.kills)} readers killed"
    yield Row(
        f"{what}, {seen.written} releases: memory at the end", f"{after:.0f} MB",
        f"itself, minute {settled_min:g}", f"{before:.0f} MB", after / before, "≤ 1.1",
    )  # fmt: skip
    count, told = seen.errors.total(), listed(seen.errors)
    asked = f"{seen.answered:,} requests ({rate * minutes * 60:,.0f} were due)"
    yield Row(
        f"its errors, of {asked}" + (f": {told}" if told else ""), str(count),
        f"those of killed readers: {listed(seen.provoked) or 'none'}", str(seen.provoked.total()), float(count), "≤ 0",
    )  # fmt: skip


def capacity(origin: str, pid: int, token: str, subjects: Sequence[str]) -> float:
    """Requests a second that these clients get answered when they do not wait, beside the same writes and kills."""
    seen = Seen()
    with Load(origin, subjects, None, seen):
        time.sleep(CAPACITY_S / 4)  # to warm
        began, before = time.monotonic(), seen.answered
        soak(origin, pid, token, CAPACITY_S / 60, seen, [])
        return (seen.answered - before) / (time.monotonic() - began)


def soak(origin: str, pid: int, token: str, minutes: float, seen: Seen, samples: list[tuple[float, float]]) -> None:
    """Write, kill and look, each at its times; fills `samples` with moments in minutes and MB."""
    began, chance, numbers = time.monotonic(), random.Random(1), itertools.count()
    works: Mapping[float, Callable[[float], None]] = {
        WRITE_S: lambda _: write(origin, token, next(numbers), seen),
        KILL_S: lambda _: kill(pid, chance, seen),
        SAMPLE_S: lambda now: samples.append((now / 60, sample(pid))),
    }
    due = dict.fromkeys(works, 0.0)
    while (now := time.monotonic() - began) < minutes * 60:
        for pause_s, work in works.items():
            if now >= due[pause_s]:
                due[pause_s] = now + pause_s
                work(now)
        time.sleep(0.1)


def write(origin: str, token: str, number: int, seen: Seen) -> None:
    """Put a statement in, or take the last one out; each is a release."""
    verb = "DELETE DATA" if number % 2 else "INSERT DATA"
    text = f"{verb} {{ GRAPH <{GRAPH}> {{ {NOTE.format(n=number // 2)} }} }}"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
    with closing(http.client.HTTPConnection(urlsplit(origin).netloc, timeout=120)) as connection:
        try:
            connection.request("POST", "/update", text, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            seen.errors[f"write: {type(error).__name__}"] += 1
            return
    if answer.status == 200:
        seen.written += 1
    else:
        seen.errors[f"write: {answer.status} {json.loads(body)['type'].rpartition('/')[2]}"] += 1


def kill(pid: int, chance: random.Random, seen: Seen) -> None:
    """End a reader: a process below a nursery that has none below it."""
    leaves = [each for child in children(pid) for each in below(child) if not children(each)]
    if leaves:
        seen.kills.append(time.monotonic())
        with suppress(ProcessLookupError):
            os.kill(chance.choice(leaves), signal.SIGKILL)


def sample(pid: int) -> float:
    """What the server holds in all, in MB; tells it on stderr, with what its web process has of it."""
    total = memory_mb(pid)
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
        print(f"{total:.0f} MB, web process {own:.0f}, {len(below(pid))} others", file=sys.stderr, flush=True)
    return total


def below(pid: int) -> list[int]:
    """All processes below one."""
    return [each for child in children(pid) for each in (child, *below(child))]


def children(pid: int) -> list[int]:
    """Those that a process has started."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(each) for each in (task / "children").read_text().split()]
    return found


def around(samples: Sequence[tuple[float, float]], since: float, until: float) -> float:
    """The median of the samples between two minutes."""
    return median(value for moment, value in samples if since <= moment <= until)


def listed(counts: Mapping[str, int]) -> str:
    """Counts as people read them."""
    return ", ".join(f"{count} × {what}" for what, count in sorted(counts.items()))


if __name__ == "__main__":
    main()
