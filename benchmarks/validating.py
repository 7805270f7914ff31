"""Validating: the whole graph against our own shapes, the gate's engine beside pySHACL, and itself on a larger graph.

    python benchmarks/validating.py --folder FOLDER --sizes 100000 1000000

Each run is a process of its own, so that its peak of memory is its own; they take turns. Equal results means: the same
findings, focus node by focus node.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import NamedTuple

import table
from homes import held, home, store
from table import Row, compare

from graph_service.gating import shapes_text
from graph_service.settings import shipped_project
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.protocol import GraphStore
from graph_service.terms import DEFAULT_GRAPH, ntriple
from graph_service.validation import validate, validate_file

PEAK_MB = 512


class Run(NamedTuple):
    """One validation in a process of its own."""

    took_s: float
    peak_mb: float
    findings: str  # a digest


def main() -> None:
    """Print the rows, or be one of the processes that are measured."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--folder", type=Path, default=Path("var/bench"), help="where homes are made and kept")
    arguments.add_argument("--sizes", type=int, nargs=2, default=(100_000, 1_000_000), help="quads")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--peer-rounds", type=int, default=3, help="of pySHACL, which takes minutes")
    arguments.add_argument("--run", nargs=2, metavar=("ENGINE", "FILE"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.run:
        print(json.dumps(validated(given.run[0], Path(given.run[1]))))
    else:
        given.folder.mkdir(parents=True, exist_ok=True)
        table.tell(rows(given.folder, given.sizes, given.rounds, given.peer_rounds))


def rows(folder: Path, sizes: tuple[int, int], rounds: int, peer_rounds: int) -> Iterator[Row]:
    """Held against pySHACL, and against itself."""
    small, large = (dumped(home(folder, size)) for size in sizes)
    few, many = (f"{held(home(folder, size)):,} quads" for size in sizes)
    ours = [run("shacl", small) for _ in range(rounds)]
    peers = [run("pyshacl", small) for _ in range(peer_rounds)]
    same = "equal" if {each.findings for each in ours} == {each.findings for each in peers} else "NOT EQUAL"
    took, theirs = [each.took_s for each in ours], [each.took_s for each in peers]
    what = f"whole validation, {few}, {same} results"
    yield compare(what, took, f"pySHACL (median of {peer_rounds})", theirs, "≤ 0.01")
    larger = [run("shacl", large) for _ in range(rounds)]
    yield compare(f"whole validation, {many}", [each.took_s for each in larger], f"itself, {few}", took, "≤ 12")
    peak = median(each.peak_mb for each in larger)
    yield Row(f"its peak of memory, {many}", f"{peak:.0f} MB", "a bound", f"{PEAK_MB} MB", peak / PEAK_MB, "≤ 1")


def run(engine: str, triples: Path) -> Run:
    """Validate in a process of its own."""
    command = [sys.executable, __file__, "--run", engine, triples]
    return Run(*json.loads(subprocess.run(command, capture_output=True, check=True).stdout))


def validated(engine: str, triples: Path) -> Run:
    """Validate, and tell how it went."""
    shapes = shapes_text(shipped_project())
    parsed = () if engine == "shacl" else tuple(graph(triples).graph(DEFAULT_GRAPH))
    began = time.perf_counter()
    report = validate_file(triples, shapes) if engine == "shacl" else validate(parsed, shapes, engine)
    took = time.perf_counter() - began
    found = "\n".join(f"{each.focus_node} {each.path} {each.value} {each.source_shape}" for each in report.findings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Run(took, peak, sha256(found.encode()).hexdigest())


def graph(triples: Path) -> GraphStore:
    """The triples of a file, in memory."""
    with triples.open("rb") as file:
        return EmbeddedStore.in_memory_from(file)


def dumped(home: Path) -> Path:
    """All triples of a home's release, in a file beside it."""
    file = home.with_suffix(".nt")
    if not file.exists():
        opened = EmbeddedStore.open(store(home))
        with file.open("w", encoding="utf-8") as out:
            out.writelines(ntriple(quad[:3]) for quad in opened.quads())
    return file


if __name__ == "__main__":
    main()
