"""First contentful paint beside peers: our pages and theirs, with the same data, in the same slowed Chromium.

    python benchmarks/first_paint.py --home var      # a home with a release; prints the table of RESULTS.md

The network is slowed to 150 ms and 1.6 Mbit/s, the processor four times. Each page is opened once to warm its server,
then with an empty cache in a new window each time; medians are told. Peers are installed into a temporary environment:
Datasette, which serves the tables of our CSV export from SQLite, and Oxigraph's server with its query page, which
holds the same statements. Skosmos wants PHP, Composer's packages and a Fuseki beside it, so it is not among them.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from peers import OURS, installed, installed_version, serving
from playwright.sync_api import Browser, sync_playwright

PEERS = ("datasette", "oxigraph")  # on PyPI
LATENCY_MS, DOWN_BYTES_PER_S, UP_BYTES_PER_S, SLOWER = 150, 1_600_000 / 8, 750_000 / 8, 4
NETWORK = {
    "offline": False,
    "latency": LATENCY_MS,
    "downloadThroughput": DOWN_BYTES_PER_S,
    "uploadThroughput": UP_BYTES_PER_S,
}
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
LOADED = """() => {
  const page = performance.getEntriesByType("navigation")[0], parts = performance.getEntriesByType("resource");
  const whole = parts.reduce((sum, each) => sum + each.transferSize, page.transferSize);
  return {server_ms: page.responseStart, kb: whole / 1000, requests: parts.length + 1};
}"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be timed."""

    name: str
    server: str  # with its version
    address: str


@dataclass(frozen=True, slots=True)
class Timing:
    """What was seen of a page: medians."""

    first_paint_ms: float
    server_ms: float  # until the browser's network has the first byte, before it is slowed
    kb: float  # as transferred
    requests: int


def main() -> None:
    """Start the servers, time the pages, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--home", default=os.environ.get("GRAPH_SERVICE_HOME", "var"), help="a home with a release")
    arguments.add_argument("--runs", type=int, default=7, help="how often each page is opened")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as made, ExitStack() as open_servers:
        pages = open_servers.enter_context(servers(Path(given.home), Path(made)))
        found = timed(pages, given.runs)
    print(table(found))


@contextmanager
def servers(home: Path, folder: Path) -> Iterator[list[Page]]:
    """Ours and the peers', each with the same release, on free ports; yields the pages to time."""
    binaries = installed(folder, PEERS)
    environment = {**os.environ, "GRAPH_SERVICE_HOME": str(home)}
    export = subprocess.run([OURS, "export", "--format", "csv.zip"], env=environment, capture_output=True, check=True)
    trig = subprocess.run([OURS, "export", "--format", "trig"], env=environment, capture_output=True, check=True)
    (folder / "elpaccto.trig").write_bytes(trig.stdout)
    to_sqlite(export.stdout, folder / "elpaccto.db")
    subprocess.run(
        [binaries / "oxigraph", "load", "--location", folder / "store", "--file", folder / "elpaccto.trig"],
        capture_output=True, check=True,
    )  # fmt: skip
    versions = {name: installed_version(binaries, name) for name in PEERS}
    with (
        serving([OURS, "serve", "--port"], environment) as ours,
        serving([binaries / "datasette", "serve", folder / "elpaccto.db", "--port"]) as datasette,
        serving([binaries / "oxigraph", "serve", "--location", folder / "store", "--bind"], bind=True) as oxigraph,
    ):
        own, other = f"graph-service {version('graph-service')}", f"Datasette {versions['datasette']}"
        yield [
            Page("home", own, f"{ours}/"),
            Page("roadmap of Peru", own, f"{ours}/roadmaps/PE"),
            Page("list of institutions", own, f"{ours}/institutions"),
            Page("SPARQL page", own, f"{ours}/sparql"),
            Page("home", other, f"{datasette}/"),
            Page("table of institutions", other, f"{datasette}/elpaccto/institutions"),
            Page("SPARQL page", f"Oxigraph {versions['oxigraph']}", f"{oxigraph}/"),
        ]


def to_sqlite(package: bytes, file: Path) -> None:
    """The tables of our CSV export as tables of SQLite."""
    with zipfile.ZipFile(io.BytesIO(package)) as tables, sqlite3.connect(file) as database:
        for name in tables.namelist():
            if not name.endswith(".csv"):
                continue
            head, *rows = csv.reader(io.StringIO(tables.read(name).decode("utf-8")))
            columns = ", ".join(f'"{each}" TEXT' for each in head)
            database.execute(f'CREATE TABLE "{Path(name).stem}" ({columns})')
            database.executemany(f'INSERT INTO "{Path(name).stem}" VALUES ({", ".join("?" * len(head))})', rows)
    database.close()


def timed(pages: Sequence[Page], runs: int) -> list[tuple[Page, Timing]]:
    """Open each page so many times; the pages take turns, so that a busy moment does not fall on one alone."""
    command = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if command is None:
        raise SystemExit("There is no Chromium: run tests/browser/install, or name it in CHROMIUM.")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as made:
        browser = made.chromium.launch(executable_path=command, args=["--no-sandbox"] if root else [])
        print(f"Chromium {browser.version}, {os.cpu_count()} cores", file=sys.stderr)
        for page in pages:
            visit(browser, page.address)
        seen = [[visit(browser, page.address) for page in pages] for _ in range(runs)]
        browser.close()
    return [(page, median(each)) for page, each in zip(pages, zip(*seen, strict=True), strict=True)]


def visit(browser: Browser, address: str) -> Timing:
    """Open a page in a new window with an empty cache, slowed, until all of it is there."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="load", timeout=60_000)
    page.wait_for_function(PAINT)
    timing = Timing(page.evaluate(PAINT), *page.evaluate(LOADED).values())
    context.close()
    return timing


def median(timings: Sequence[Timing]) -> Timing:
    """Of each figure."""
    return Timing(
        statistics.median(each.first_paint_ms for each in timings),
        statistics.median(each.server_ms for each in timings),
        statistics.median(each.kb for each in timings),
        timings[0].requests,
    )


def table(found: Sequence[tuple[Page, Timing]]) -> str:
    """As Markdown; ratios are to our home."""
    own = found[0][1].first_paint_ms
    head = "| Server | Page | Paint, ms | Ratio to our home | Server, ms | After it, ms | Transferred, kB | Requests |"
    return "\n".join(
        [
            head,
            "|---|---|--:|--:|--:|--:|--:|--:|",
            *(
                f"| {page.server} | {page.name} | {each.first_paint_ms:.0f} | {each.first_paint_ms / own:.2f} | "
                f"{each.server_ms:.0f} | {each.first_paint_ms - each.server_ms:.0f} | {each.kb:.1f} | {each.requests} |"
                for page, each in found
            ),
        ]
    )


if __name__ == "__main__":
    main()
