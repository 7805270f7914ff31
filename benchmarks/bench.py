"""Bench: every benchmark in turn, and the one table of RESULTS.md.

    python benchmarks/bench.py --size small          # make bench SIZE=small

`small` shows in minutes that each row works, `full` has the sizes of the goals up to a million triples, `large` goes on
to ten million and takes hours. Nothing else should run on the machine meanwhile. With `--only` some are run again, and
the others' rows stay as they were in the last run of that size.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import table
from homes import home

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
TITLE = "## Speed and growth"


@dataclass(frozen=True, slots=True)
class Size:
    """How large everything is, and how often it is measured."""

    quads: tuple[int, ...]  # of the homes that are compared, smallest first
    load: int  # triples
    rows: int
    rounds: int
    seconds: int  # of each measurement of a server
    minutes: float  # of the soak


SIZES = {
    "small": Size((60_000, 100_000), 100_000, 100_000, 3, 2, 3),
    "full": Size((100_000, 1_000_000), 1_000_000, 1_000_000, 5, 5, 30),
    "large": Size((100_000, 1_000_000, 10_000_000), 10_000_000, 1_000_000, 5, 5, 30),
}


def main() -> None:
    """Run them all; those that fail are named, and the table tells what the others showed."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--size", choices=SIZES, default="full")
    arguments.add_argument("--folder", type=Path, default=Path("var/bench"), help="where homes are made and kept")
    arguments.add_argument("--only", nargs="+", metavar="NAME", help="such as loading growing; all when left out")
    given = arguments.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"rows-{given.size}"
    kept.mkdir(exist_ok=True)
    wanted = {
        name: words for name, words in commands(SIZES[given.size], folder).items() if name in (given.only or [name])
    }
    for name in wanted:
        (kept / name).unlink(missing_ok=True)
    failed = [name for name, words in wanted.items() if not run(name, words, kept / name)]
    files = [kept / name for name in commands(SIZES[given.size], folder)]
    write([row for file in files if file.exists() for row in table.read(file)], given.size)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def commands(size: Size, folder: Path) -> dict[str, Sequence[object]]:
    """Each benchmark by its name, with what it is given."""
    first, *_ = size.quads
    here = ("--folder", folder)
    served = ("--home", home(folder, first), "--rounds", size.rounds, "--seconds", size.seconds)
    return {
        "serving": served,
        "hostility": ("--home", home(folder, first), "--seconds", 4 * size.seconds),
        "writes": (folder, "--sizes", *size.quads),
        "validating": (*here, "--sizes", *size.quads[:2], "--rounds", size.rounds),
        "loading": (*here, "--triples", size.load, "--rounds", min(size.rounds, 3), "--release"),
        "growing": (*here, "--sizes", *size.quads, "--rounds", size.rounds),
        "selecting": (*here, "--quads", size.quads[1], "--rows", size.rows, "--jobs-quads", first),
        "soak": ("--home", home(folder, first), "--minutes", size.minutes),
    }


def run(name: str, words: Sequence[object], rows: Path) -> bool:
    """Run one; whether it came to its end."""
    print(f"\n{name}", flush=True)
    environment = {**os.environ, table.ROWS: str(rows)}
    return not subprocess.run([sys.executable, HERE / f"{name}.py", *map(str, words)], env=environment).returncode


def write(rows: Sequence[table.Row], size: str) -> None:
    """Put the table in the place of the last one."""
    short = sum(not row.reached for row in rows)
    told = f"{short} of {len(rows)} rows fall short of their goal (bold)." if short else "All goals are reached."
    made = f"`make bench SIZE={size}`, {datetime.date.today():%d %B %Y}: {table.machine()}"
    cells = [row.cells() for row in rows]
    words = textwrap.fill(f"{made} Medians; servers take turns. {told}", 120, break_on_hyphens=False)
    text = "\n".join([TITLE, "", words, "", table.HEAD, *cells, ""])
    known = RESULTS.read_text(encoding="utf-8")
    kept = re.sub(rf"^{TITLE}\n.*?(?=^## |\Z)", "", known, flags=re.MULTILINE | re.DOTALL)
    head, _, rest = kept.partition("\n## ")
    RESULTS.write_text(f"{head.rstrip()}\n\n{text}\n## {rest}".rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
