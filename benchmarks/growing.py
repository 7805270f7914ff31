"""Growing: what becomes slower as the portfolio grows, although the answer stays as large; and the start of a server.

    python benchmarks/growing.py --folder FOLDER --sizes 100000 1000000 10000000

Asks for what is known of the country whose records do not grow and for the matrix of the same countries, each time as
of another day and in another wish for languages, so that no answer is ready; servers of all sizes take turns. Also, on
the second size: from the start of the process to ready, and the first roadmap of a release, beside the bare engine that
runs the same queries.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from statistics import median

import pyoxigraph as ox
import table
from homes import environment, held, home, store
from peers import OURS, running
from portfolio import CONSTANT
from table import Row, compare, seconds

from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.store.binding import bound
from graph_service.terms import Binding

PAGES = {
    "roadmap, the same answer, not kept": f"/roadmaps/{CONSTANT}.json?as_of={{day}}",
    "matrix of all countries, as many cells, not kept": "/matrix.json?as_of={day}",
    "components of one country, the same answer, not kept": f"/compare.json?countries={CONSTANT},PE&as_of={{day}}",
    "question on one country, the same answer, not kept": f"/ask.json?axis=corruption&country={CONSTANT}&as_of={{day}}",
    "institutions of one country, the same answer, not kept": f"/institutions.json?country={CONSTANT}",
    "activities of one country, the same answer, not kept": f"/events.json?country={CONSTANT}",
    "record of one country, the same answer, not kept": f"/countries/{CONSTANT}.json",
    "home page, not kept": "/",
}
DAYS = (datetime.date(2018, 1, 1) + datetime.timedelta(days=number) for number in itertools.count())
READY_S = 1.0


def main() -> None:
    """Print the rows, or be the bare engine."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--folder", type=Path, default=Path("var/bench"), help="where homes are made and kept")
    arguments.add_argument("--sizes", type=int, nargs="+", default=(100_000, 1_000_000), help="quads, smallest first")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--bare", type=Path, metavar="HOME", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.bare:
        print(json.dumps(bare(given.bare)))
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    homes = [home(given.folder, size) for size in given.sizes]
    table.tell(itertools.chain(grown(homes, given.rounds), started(homes[min(1, len(homes) - 1)], given.rounds)))


def grown(homes: Sequence[Path], rounds: int) -> Iterator[Row]:
    """Each page on each size, held against the smallest."""
    names = [f"{held(each):,} quads" for each in homes]
    with ExitStack() as stack:
        origins = [stack.enter_context(running([OURS, "serve", "--port"], environment(each)))[0] for each in homes]
        for what, path in PAGES.items():
            took = [[asked(origin + path) for origin in origins] for _ in range(rounds + 1)][1:]
            columns = list(zip(*took, strict=True))
            for name, column in zip(names[1:], columns[1:], strict=True):
                yield compare(f"{what}, {name}", column, f"itself, {names[0]}", columns[0], "≤ 1.5")


def started(home: Path, rounds: int) -> Iterator[Row]:
    """Start to ready, and the first roadmap."""
    size = f"{held(home):,} quads"
    took, ours, theirs = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        began = time.perf_counter()
        with running([OURS, "serve", "--port"], environment(home), ready="/health/ready") as (origin, _):
            took.append(time.perf_counter() - began)
            for suffix in ("json", "html"):  # the code is warm then, nothing of this release is
                fetched(f"{origin}/roadmaps/PE.{suffix}?release=1")
            ours.append(asked(f"{origin}/roadmaps/{CONSTANT}.json?as_of={{day}}"))
        command = [sys.executable, __file__, "--bare", home]
        theirs.append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
    ready = median(took)
    yield Row(f"start to ready, {size}", seconds(ready), "a bound", seconds(READY_S), ready / READY_S, "≤ 1")
    against = f"pyoxigraph {version('pyoxigraph')}, the same queries"
    yield compare(f"roadmap, first of a release, {size}", ours, against, theirs, "≤ 1.3")


def bare(home: Path) -> float:
    """Seconds that the engine alone takes for the queries of a roadmap, written as JSON; the store newly opened."""
    release = Releases(home).current()
    texts = [bound(release.question(name).text, values(release, name)) for name in queries(release)]
    opened = ox.Store.read_only(str(store(home)))
    began = time.perf_counter()
    for text in texts:
        solutions = opened.query(text, use_default_graph_as_union=True)
        assert isinstance(solutions, ox.QuerySolutions)
        solutions.serialize(format=ox.QueryResultsFormat.JSON)
    return time.perf_counter() - began


def queries(release: Release) -> list[str]:
    """Those that a roadmap is made of: mandates as of two dates."""
    names = [name for name in release.catalogue.queries if name.startswith("roadmaps/") and name != "roadmaps/graph"]
    return [*names, "roadmaps/mandates"]


def values(release: Release, name: str) -> Binding:
    """What they are asked with."""
    return release.bound(name, {"country": CONSTANT} | ({"as_of": "2018"} if name == "roadmaps/mandates" else {}))


def asked(address: str) -> float:
    """Seconds until the whole answer is there, as of a day that nobody asked for."""
    day = next(DAYS).isoformat()
    began = time.perf_counter()
    fetched(address.format(day=day), day)
    return time.perf_counter() - began


def fetched(address: str, wish: str = "") -> int:
    """How many bytes an answer has. A wish that nobody had is for a language that there is not."""
    headers = {"Accept-Language": f"en, x-{wish};q=0.1"} if wish else {}
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=600) as answer:
        return len(answer.read())


if __name__ == "__main__":
    main()
