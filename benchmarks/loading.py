"""Loading: the bulk loader into an empty store, with all its checks, beside that of Oxigraph's own command.

    python benchmarks/loading.py --folder FOLDER --triples 1000000

Both read the same N-Quads into an empty store on disk, each in a process of its own; they take turns. Ours also refuses
blank nodes and literals that the engine would rewrite. Then the same with the store rewritten for faster reading, as a
load does where it brings most of the graph, and as `oxigraph optimize` does. What a release takes beyond that (rules,
gate, delta) is told apart, where it is asked for with --release.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import table
from homes import environment, portfolio_file
from peers import OURS, installed, installed_version
from table import Row, compare

from graph_service.bulk import data_files, load_files
from graph_service.settings import shipped_project
from graph_service.staging import Staging
from graph_service.store.embedded import EmbeddedStore


def main() -> None:
    """Print the rows, or be the process that is measured."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--folder", type=Path, default=Path("var/bench"), help="where portfolios are made and kept")
    arguments.add_argument("--triples", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--release", action="store_true", help="also publish it")
    arguments.add_argument("--run", nargs=2, metavar=("FILE", "STORE"), type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--optimize", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.run:
        print(json.dumps(loaded(*given.run, optimize=given.optimize)))
    else:
        given.folder.mkdir(parents=True, exist_ok=True)
        table.tell(rows(given.folder, given.triples, given.rounds, release=given.release))


def rows(folder: Path, triples: int, rounds: int, *, release: bool) -> Iterator[Row]:
    """Held against Oxigraph's own loader."""
    file = portfolio_file(folder, triples)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        binaries = installed(Path(made), ("oxigraph",))
        peer = f"oxigraph load {installed_version(binaries, 'oxigraph')}"
        ours, theirs = both(file, Path(made), binaries / "oxigraph", rounds, optimize=False)
        took = [each[0] for each in theirs]
        yield compare(f"bulk load of {triples:,} triples, checked", [each[0] for each in ours], peer, took, "≤ 1.2")
        own, other = (median(peak for _, peak in each) for each in (ours, theirs))
        yield Row("its peak of memory", f"{own:.0f} MB", peer, f"{other:.0f} MB", own / other, "")
        ours, theirs = both(file, Path(made), binaries / "oxigraph", rounds, optimize=True)
        columns = [each[0] for each in ours], f"{peer} and optimize", [each[0] for each in theirs]
        yield compare("the same, optimised for reading", *columns, "≤ 1.2")
        if release:
            yield published(file, Path(made) / "home", peer, median(took))


def both(
    file: Path, folder: Path, command: Path, rounds: int, *, optimize: bool
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Ours and the peer's, in turn: seconds and MB of each round."""
    ours, theirs = list[tuple[float, float]](), list[tuple[float, float]]()
    for _ in range(rounds):
        words = [sys.executable, __file__, "--run", file, folder / "ours", *(["--optimize"] if optimize else [])]
        took, peak_mb = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
        ours.append((took, peak_mb))
        theirs.append(peer_loaded(command, file, folder / "theirs", optimize=optimize))
        shutil.rmtree(folder / "ours")
        shutil.rmtree(folder / "theirs")
    return ours, theirs


def loaded(file: Path, folder: Path, *, optimize: bool) -> tuple[float, float]:
    """Load into a new store; seconds, and peak of memory in MB."""
    began = time.perf_counter()
    store = EmbeddedStore.create(folder)
    load_files(data_files([file]), optimize=optimize)(Staging(store, shipped_project()))
    store.close()
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def peer_loaded(command: Path, file: Path, folder: Path, *, optimize: bool) -> tuple[float, float]:
    """The same by the peer."""
    began = time.perf_counter()
    process = subprocess.Popen([command, "load", "--location", folder, "--file", file], stderr=subprocess.DEVNULL)
    peak_mb = 0.0
    while process.poll() is None:
        peak_mb = max(peak_mb, table.memory_mb(process.pid))
        time.sleep(0.05)
    if optimize:
        subprocess.run([command, "optimize", "--location", folder], stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began, peak_mb


def published(file: Path, home: Path, peer: str, theirs_s: float) -> Row:
    """All that a release takes, with rules, gate, delta and checkpoint."""
    subprocess.run([OURS, "load"], env=environment(home), check=True, stdout=subprocess.DEVNULL)
    began = time.perf_counter()
    subprocess.run([OURS, "load", file], env=environment(home), check=True, stdout=subprocess.DEVNULL)
    return compare("the same as a release: rules, gate, delta", [time.perf_counter() - began], peer, [theirs_s], "")


if __name__ == "__main__":
    main()
