"""Selecting: a million rows as JSON and CSV beside Oxigraph's own server, and the jobs of an endpoint beside
rdflib-endpoint.

    python benchmarks/selecting.py --folder FOLDER --quads 1000000 --rows 1000000

The servers take turns. Rows: bytes a second, time to the first byte, and how much more memory the server's processes
hold at their peak than for a tenth of the rows. Jobs: time of each, one after another, on one connection.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from statistics import geometric_mean, median
from urllib.parse import quote, urlsplit

import table
from homes import environment, home
from peers import OURS, installed, installed_version, running
from portfolio import CONSTANT
from table import Row, compare, seconds

HERE = Path(__file__).parent
ROWS = "SELECT ?s ?p ?o WHERE {{ ?s ?p ?o }} LIMIT {limit}"
SETTLED_S = 5.0  # in which a copy in memory grows by more than the hundredth part of it all
REPEATED = 4  # times as often as rows
FORMATS = {"JSON": "application/sparql-results+json", "CSV": "text/csv"}
ELP, ID = "https://w3id.org/elpaccto/ontology#", "https://w3id.org/elpaccto/id/"
JOBS = {  # what clients of an endpoint do
    "one record": f"SELECT ?p ?o WHERE {{ <{ID}country/{CONSTANT}> ?p ?o }}",
    "a list with names": f"SELECT ?i ?name WHERE {{ ?i <{ELP}country> <{ID}country/{CONSTANT}> ; "
    "<http://www.w3.org/2004/02/skos/core#prefLabel> ?name } ORDER BY ?name",
    "a count by group": f"SELECT ?c (COUNT(*) AS ?n) WHERE {{ ?i a <{ELP}Institution> ; <{ELP}country> ?c }} "
    "GROUP BY ?c",
    "a join of four": f"SELECT ?m ?axis WHERE {{ ?m a <{ELP}Mandate> ; <{ELP}axis> ?axis ; <{ELP}holder> ?i . "
    f"?i <{ELP}country> <{ID}country/XB> }}",
    "a thousand rows": ROWS.format(limit=1000),
    "a graph": f"CONSTRUCT WHERE {{ <{ID}country/XB> ?p ?o }}",
}


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    name: str
    endpoint: str
    pid: int

    @cached_property
    def connection(self) -> HTTPConnection:
        """A connection that stands."""
        return HTTPConnection(urlsplit(self.endpoint).netloc, timeout=600)


@dataclass(frozen=True, slots=True)
class Answer:
    """How one answer came."""

    first_s: float
    took_s: float
    size_bytes: int
    peak_mb: float


def main() -> None:
    """Print the rows."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--folder", type=Path, default=Path("var/bench"), help="where homes are made and kept")
    arguments.add_argument("--quads", type=int, default=1_000_000, help="of the graph that rows are asked of")
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--jobs-quads", type=int, default=100_000, help="of the graph of the jobs")
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        binaries = installed(Path(made), ("oxigraph", "rdflib-endpoint[web]"))
        table.tell(rows(home(given.folder, given.quads), binaries, Path(made), given.rows, given.rounds))
        table.tell(jobs(home(given.folder, given.jobs_quads), binaries, Path(made), given.rounds))


def rows(home: Path, binaries: Path, folder: Path, count: int, rounds: int) -> Iterator[Row]:
    """Many rows, beside Oxigraph's server."""
    with ours(home) as own, oxigraph(home, binaries, folder) as peer:
        for name, accept in FORMATS.items():
            few = [answer(each, ROWS.format(limit=count // 10), accept) for each in (own, peer)]
            many = [[answer(each, ROWS.format(limit=count), accept) for each in (own, peer)] for _ in range(rounds)]
            mine, theirs = zip(*many, strict=True)
            what = f"SELECT of {count:,} rows as {name}"
            rates = [median(each.size_bytes / each.took_s / 1e6 for each in seen) for seen in (mine, theirs)]
            figures = [f"{rate:.0f} MB/s" for rate in rates]
            yield Row(what, figures[0], peer.name, figures[1], rates[0] / rates[1], "≥ 0.9")
            firsts = [[each.first_s for each in seen] for seen in (mine, theirs)]
            yield compare(f"{what}: first byte", firsts[0], peer.name, firsts[1], "≤ 2")
            peak = median(each.peak_mb for each in mine)
            against = f"itself, {count // 10:,} rows"
            yield Row(
                f"{what}: memory", f"{peak:.0f} MB", against, f"{few[0].peak_mb:.0f} MB", peak / few[0].peak_mb, "≤ 1.1"
            )


def jobs(home: Path, binaries: Path, folder: Path, rounds: int) -> Iterator[Row]:
    """What clients of an endpoint do, beside the Python peer."""
    with ours(home) as own, rdflib_endpoint(home, binaries, folder) as peer:
        ratios = []
        for what, query in JOBS.items():
            accept = "text/turtle" if query.startswith("CONSTRUCT") else FORMATS["JSON"]
            turns = [[asked(each, query, accept, turn) for each in (own, peer)] for turn in range(REPEATED * rounds)]
            mine, theirs = (median(column) for column in zip(*turns[1:], strict=True))
            ratios.append(theirs / mine)
            yield Row(f"endpoint: {what}", seconds(mine), peer.name, seconds(theirs), theirs / mine, "≥ 10")
        yield Row(
            "endpoint: all of these jobs", "–", f"{peer.name}, geometric mean", "–", geometric_mean(ratios), "≥ 10"
        )


def asked(server: Server, query: str, accept: str, turn: int) -> float:
    """Seconds that an answer takes on a connection that stands; another text each time, so that none is kept."""
    path = f"{urlsplit(server.endpoint).path}?query={quote(f'{query} # {turn}')}"
    began = time.perf_counter()
    server.connection.request("GET", path, headers={"Accept": accept})
    response = server.connection.getresponse()
    response.read()
    if response.status != 200:
        raise SystemExit(f"{server.name} answers {response.status}: {query}")
    return time.perf_counter() - began


def answer(server: Server, query: str, accept: str) -> Answer:
    """Ask, and watch what the server's processes hold meanwhile."""
    stop, peaks = threading.Event(), [table.memory_mb(server.pid)]

    def watch() -> None:
        while not stop.wait(0.1):
            peaks.append(table.memory_mb(server.pid))

    watching = threading.Thread(target=watch)
    watching.start()
    request = urllib.request.Request(f"{server.endpoint}?query={quote(query)}", headers={"Accept": accept})
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=600) as response:
            first = response.read(1)
            first_s, size = time.perf_counter() - began, len(first)
            while chunk := response.read(1 << 20):
                size += len(chunk)
        return Answer(first_s, time.perf_counter() - began, size, max(peaks))
    finally:
        stop.set()
        watching.join()


@contextmanager
def ours(home: Path) -> Iterator[Server]:
    """Our server, once it holds the release in memory, or will not."""
    with running([OURS, "serve", "--port"], environment(home), ready="/health/ready") as (origin, pid):
        server = Server("graph-service", f"{origin}/sparql", pid)
        asked(server, JOBS["one record"], FORMATS["JSON"], -1)
        server.connection.close()  # it would be left idle for too long
        before, now = 0.0, table.memory_mb(pid)
        while now > before * 1.01:
            time.sleep(SETTLED_S)
            before, now = now, table.memory_mb(pid)
        yield server


@contextmanager
def oxigraph(home: Path, binaries: Path, folder: Path) -> Iterator[Server]:
    """Oxigraph's own server, which holds the same statements."""
    load = [binaries / "oxigraph", "load", "--location", folder / "store", "--file", exported(home, folder)]
    subprocess.run(load, capture_output=True, check=True)
    command = [
        binaries / "oxigraph",
        "serve-read-only",
        "--union-default-graph",
        "--location",
        folder / "store",
        "--bind",
    ]
    with running(command, bind=True) as (origin, pid):
        yield Server(f"Oxigraph server {installed_version(binaries, 'oxigraph')}", f"{origin}/query", pid)


@contextmanager
def rdflib_endpoint(home: Path, binaries: Path, folder: Path) -> Iterator[Server]:
    """rdflib-endpoint over the same statements, in memory."""
    command = [binaries / "python", HERE / "rdflib_peer.py", exported(home, folder)]
    with running(command) as (origin, pid):
        yield Server(f"rdflib-endpoint {installed_version(binaries, 'rdflib-endpoint')}", f"{origin}/", pid)


def exported(home: Path, folder: Path) -> Path:
    """All of a home's release as N-Quads."""
    file = folder / f"{home.name}.nq"
    if not file.exists():
        with file.open("wb") as out:
            subprocess.run([OURS, "export", "--format", "nq"], env=environment(home), stdout=out, check=True)
    return file


if __name__ == "__main__":
    main()
