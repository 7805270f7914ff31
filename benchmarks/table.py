"""Table: the rows that benchmarks tell, and one table of them all."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROWS = "BENCH_ROWS"  # the environment's name of the file that rows are also written to, as lines of JSON


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, held against what."""

    what: str
    ours: str  # with its unit
    against: str
    theirs: str
    ratio: float  # as the goal counts it
    goal: str  # such as "≤ 1.2"; empty where there is none

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        sign, _, figure = self.goal.partition(" ")
        return not figure or (self.ratio <= float(figure) if sign == "≤" else self.ratio >= float(figure))

    def cells(self) -> str:
        """The row in Markdown; bold where it falls short of its goal."""
        figure = f"{self.ratio:.2f}" if self.ratio >= 0.1 else f"{self.ratio:.3f}"
        told = figure if self.reached else f"**{figure}**"
        return f"| {self.what} | {self.ours} | {self.against} | {self.theirs} | {told} | {self.goal or '–'} |"


HEAD = "| What | Ours | Held against | Its figure | Ratio | Goal |\n|---|--:|---|--:|--:|--:|"


def tell(rows: Iterable[Row]) -> None:
    """Print rows as they come, and write them to the file of `BENCH_ROWS` if there is one."""
    print(HEAD)
    for row in rows:
        print(row.cells(), flush=True)
        if path := os.environ.get(ROWS):
            with Path(path).open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")


def read(path: Path) -> list[Row]:
    """The rows of such a file."""
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def compare(what: str, ours_s: Sequence[float], against: str, theirs_s: Sequence[float], goal: str) -> Row:
    """A row of two times: medians, and ours by theirs."""
    ours, theirs = median(ours_s), median(theirs_s)
    return Row(what, seconds(ours), against, seconds(theirs), ours / theirs, goal)


def seconds(value: float) -> str:
    """A time as people read it."""
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def memory_mb(pid: int) -> float:
    """What a process and those that it started hold, what they share counted once; 0 where it is gone."""
    told = 0.0
    for each in (pid, *_children(pid)):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        told += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
    return told


def _children(pid: int) -> list[int]:
    try:
        own = [int(each) for path in Path(f"/proc/{pid}/task").iterdir() for each in _read(path / "children").split()]
    except OSError:
        return []
    return [each for child in own for each in (child, *_children(child))]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def machine() -> str:
    """On what it was measured, and with which versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    names = ("pyoxigraph", "shacl", "pyshacl", "rdflib", "uvicorn")
    versions = ", ".join(f"{name} {version(name)}" for name in ("graph-service", *names))
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}; {versions}. "
        f"Load of the machine as it ended: {os.getloadavg()[0]:.1f}."
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
