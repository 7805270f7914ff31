"""Serving beside peers: point queries, the same again, and warm pages, in requests a second on one machine.

    python benchmarks/serving.py --home var      # a home with a release; needs wrk (Debian: apt-get install wrk)

The servers take turns, several rounds, and medians are told: machines are shared and noisy, so only relations count.
Held against Oxigraph's own server, which holds the same statements and runs on all cores, as ours does with a worker
for each; and, with one worker, against the smallest application that returns the same bytes under the same server.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from urllib.parse import quote

from peers import OURS, installed, installed_version, serving
from table import Row, tell

HERE = Path(__file__).parent
CLIENTS, THREADS, WORKERS = 16, 1, os.cpu_count() or 1
JSON = "application/sparql-results+json"
SUBJECTS = "SELECT DISTINCT ?s WHERE { ?s a ?type FILTER(isIRI(?s)) } ORDER BY ?s"
POINT = "SELECT ?p ?o WHERE {{ <{iri}> ?p ?o }} LIMIT {limit}"


@dataclass(frozen=True, slots=True)
class Target:
    """What one server is asked."""

    server: str
    address: str
    lines: Sequence[str]  # paths; {n} is another number each time
    accept: str = "*/*"


@dataclass(frozen=True, slots=True)
class Job:
    """Ours and a peer, asked the same."""

    ours: Target
    theirs: Target
    goal: str  # of requests a second, ours to theirs
    p99: str = ""  # of the 99th percentile


@dataclass(frozen=True, slots=True)
class Rate:
    """What was seen: medians over the rounds."""

    per_s: float
    p99_ms: float
    errors: int


def main() -> None:
    """Start the servers, measure, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--home", default=os.environ.get("GRAPH_SERVICE_HOME", "var"), help="a home with a release")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=5, help="of each measurement")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as made, servers(Path(given.home), Path(made)) as jobs:
        tell(row for what, job in jobs.items() for row in rows(what, job, given.rounds, given.seconds, Path(made)))


def rows(what: str, job: Job, rounds: int, seconds: int, folder: Path) -> Iterator[Row]:
    """What one job showed: requests a second, and how long the slowest of a hundred takes."""
    ours, theirs = measured((job.ours, job.theirs), rounds, seconds, folder)
    figures = f"{ours.per_s:.0f} requests/s", job.theirs.server, f"{theirs.per_s:.0f} requests/s"
    yield Row(what, *figures, ours.per_s / theirs.per_s, job.goal)
    if job.p99:
        slowest = f"{ours.p99_ms:.1f} ms", job.theirs.server, f"{theirs.p99_ms:.1f} ms"
        yield Row(f"{what}: 99th percentile", *slowest, ours.p99_ms / theirs.p99_ms, job.p99)
    if ours.errors or theirs.errors:
        raise SystemExit(f"{what}: {ours.errors} errors of ours, {theirs.errors} of {job.theirs.server}")


@contextmanager
def servers(home: Path, folder: Path) -> Iterator[Mapping[str, Job]]:
    """Ours and the peers', each with the same release; yields what to ask, ours first."""
    binaries = installed(folder, ("oxigraph",))
    environment = {**os.environ, "GRAPH_SERVICE_HOME": str(home)}
    trig = subprocess.run([OURS, "export", "--format", "trig"], env=environment, capture_output=True, check=True)
    (folder / "graph.trig").write_bytes(trig.stdout)
    load = [binaries / "oxigraph", "load", "--location", folder / "store", "--file", folder / "graph.trig"]
    subprocess.run(load, capture_output=True, check=True)
    own = f"graph-service {version('graph-service')}"
    peer = f"Oxigraph {installed_version(binaries, 'oxigraph')}"
    read_only = [binaries / "oxigraph", "serve-read-only", "--union-default-graph", "--location", folder / "store"]
    with (
        serving([OURS, "serve", "--workers", str(WORKERS), "--port"], environment) as ours,
        serving([OURS, "serve", "--port"], environment) as alone,
        serving([*read_only, "--bind"], bind=True) as oxigraph,
    ):
        rows = fetched(f"{ours}/sparql?format=csv&query={quote(SUBJECTS)}").decode().split("\r\n")
        subjects = rows[1:-1]
        unique = [f"query={quote(POINT.format(iri=iri, limit='@'), safe='')}".replace("%40", "{n}") for iri in subjects]
        same = [each.replace("{n}", "1000") for each in unique[:100]]
        pages = {"roadmap, HTML": "/roadmaps/PE.html", "roadmap, JSON": "/roadmaps/PE.json"}
        files = []
        for number, path in enumerate(pages.values()):
            file = folder / f"{number}.body"
            file.write_bytes(fetched(alone + path))
            files.append(file)
        with serving([sys.executable, HERE / "smallest.py"], trailing=files) as smallest:
            yield {
                f"point query, another each time, {CLIENTS} clients, {WORKERS} workers": Job(
                    Target(own, ours, [f"/sparql?{each}" for each in unique], JSON),
                    Target(peer, oxigraph, [f"/query?{each}" for each in unique], JSON),
                    "≥ 1",
                    "≤ 1",
                ),
                f"the same 100 queries, {CLIENTS} clients, {WORKERS} workers": Job(
                    Target(own, ours, [f"/sparql?{each}" for each in same], JSON),
                    Target(peer, oxigraph, [f"/query?{each}" for each in same], JSON),
                    "≥ 3",
                ),
                **{
                    f"{name}, warm, {CLIENTS} clients": Job(
                        Target(own, alone, [path]),
                        Target("the smallest ASGI application", smallest, [f"/{number}"]),
                        "≥ 0.7",
                    )
                    for number, (name, path) in enumerate(pages.items())
                },
            }


def fetched(address: str) -> bytes:
    """The body of an answer."""
    with urllib.request.urlopen(address) as answer:
        body: bytes = answer.read()
    return body


def measured(targets: Sequence[Target], rounds: int, seconds: int, folder: Path) -> Sequence[Rate]:
    """Ask each in turn, `rounds` times; medians, and all errors."""
    seen: list[list[tuple[float, float, int]]] = [[] for _ in targets]
    for turn in range(rounds + 1):
        for number, target in enumerate(targets):
            file = folder / "requests"
            file.write_text("\n".join(target.lines))
            found = asked(target, file, seconds if turn else 2)
            if turn:  # the first one warms
                seen[number].append(found)
    columns = (zip(*each, strict=True) for each in seen)
    return [Rate(median(rates), median(percentiles), sum(errors)) for rates, percentiles, errors in columns]


def asked(target: Target, requests: Path, seconds: int) -> tuple[float, float, int]:
    """Requests a second, the 99th percentile in ms, and errors, as wrk tells them."""
    command = ["wrk", f"-t{THREADS}", f"-c{CLIENTS}", f"-d{seconds}s", "-s", HERE / "requests.lua", target.address]
    first = str(time.time_ns() // 1_000_000 % 10**9 * 10)
    environment = {**os.environ, "REQUESTS": str(requests), "ACCEPT": target.accept, "FIRST": first}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", said)
    assert found, said
    count, micros, p99, errors = map(int, found.groups())
    return count / (micros / 1e6), p99 / 1000, errors


if __name__ == "__main__":
    main()
