"""Homes: releases of any size to measure with: the project and a made-up portfolio beside it, made once and kept.

python benchmarks/homes.py FOLDER 1000000
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from peers import OURS
from portfolio import portfolio

from graph_service.home import Home

PROJECT_QUADS = 44_700  # of the project, with what follows from it
DERIVED = 1.45  # quads of a portfolio with what follows from it, for each one stated


def home(folder: Path, quads: int) -> Path:
    """A home whose second release holds about so many quads; the first one is the project alone."""
    made = folder / f"home-{quads}"
    if not made.exists():
        file = portfolio_file(folder, round((quads - PROJECT_QUADS) / DERIVED))
        making = folder / f"home-{quads}.making"
        for paths in ((), (file,)):
            subprocess.run([OURS, "load", *paths], env=environment(making), check=True, stdout=subprocess.DEVNULL)
        making.rename(made)
    return made


def portfolio_file(folder: Path, triples: int) -> Path:
    """A portfolio of about so many triples, as N-Quads."""
    made = folder / f"portfolio-{triples}.nq"
    if not made.exists():
        making = made.with_suffix(".making")
        with making.open("w", encoding="utf-8") as out:
            out.writelines(portfolio(triples))
        making.rename(made)
    return made


def environment(home: Path) -> Mapping[str, str]:
    """The environment of a command on a home. What is installed has its modules compiled."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "GRAPH_SERVICE_HOME": str(home)}


def held(home: Path) -> int:
    """How many quads the current release holds."""
    ledger = Home(home)
    return ledger.record(ledger.current() or 0).quads


def store(home: Path) -> Path:
    """Where the engine keeps the current release."""
    ledger = Home(home)
    return ledger.store(ledger.current() or 0)


def main() -> None:
    """Make one."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("quads", type=int)
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    made = home(given.folder, given.quads)
    print(f"{made}: {held(made)} quads")


if __name__ == "__main__":
    main()
