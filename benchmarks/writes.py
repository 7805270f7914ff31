"""Writes: how long a small change takes from its acceptance to its commit, in graphs of several sizes.

python benchmarks/writes.py FOLDER [--sizes 60000 200000 1000000] [--times 9]

A change is an `INSERT DATA` of fifty triples: an institution of the country that has most, its mandates and the
evidence of each; rules, shapes and history are those of the project. Homes are made in FOLDER once and copied. The
graph of the smallest size is what the others are held against.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from homes import held, home
from table import Row, seconds, tell

from graph_service import writing
from graph_service.publishing import Publisher
from graph_service.store.protocol import Dataset
from graph_service.terms import PREFIXES

GOAL = "≤ 2"
WARM_UP = 2  # the first writes of a process read rules and shapes
AXES = ("cybercrime", "corruption", "gender")
COUNTRY, SOURCE = "XB", "XA-2015-0"
USED = ("axis", "component", "concept", "country", "elp", "evidence", "institution", "mandate", "skos", "source")
PROLOGUE = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in (*USED, "rdfs"))


def change(number: int) -> str:
    """An update that inserts fifty triples, different ones each time."""
    slug = f"bench-{number}"
    said = [
        f'institution:{slug} a elp:Institution ; skos:prefLabel "Nombre {number}"@es ; elp:country country:{COUNTRY} ;'
        f' rdfs:label "Name {number}"@en , "Nom {number}"@fr , "Nome {number}"@pt ; elp:kind concept:police-unit ;'
        f' elp:component component:police ; elp:since "2001"^^<http://www.w3.org/2001/XMLSchema#gYear> ;'
        f" elp:evidence evidence:institution-{slug} .",
        evidence(f"institution-{slug}"),
    ]
    for axis in AXES:
        said.append(
            f"mandate:{slug}-{axis} a elp:Mandate ; elp:holder institution:{slug} ; elp:axis axis:{axis} ;"
            f' elp:basis "Law {number}"@en , "Ley {number}"@es ; skos:note "Note {number}"@en ;'
            f" elp:evidence evidence:mandate-{slug}-{axis} ."
        )
        said.append(evidence(f"mandate-{slug}-{axis}"))
    more = (f'institution:{slug} skos:note "Note {number}"@{language} .' for language in ("en", "es", "fr", "pt"))
    text = "\n".join((*said, *more))
    return f"{PROLOGUE}INSERT DATA {{ GRAPH <{PREFIXES['graph']}benchmark> {{\n{text}\n}} }}"


def evidence(slug: str) -> str:
    """Evidence that rests on public knowledge."""
    return f"evidence:{slug} a elp:Evidence ; elp:source source:{SOURCE} ; elp:certainty concept:reference ."


def times(folder: Path, count: int) -> list[float]:
    """How long each of some changes takes, in seconds."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="writes-") as copied:
        own = Path(shutil.copytree(folder, Path(copied) / "home", symlinks=True))
        publisher, found = Publisher(own), list[float]()
        for number in range(count + WARM_UP):
            text = change(number)
            began = time.perf_counter()
            written = publisher.write(writing.update(text, Dataset()), who="benchmark", reason="a measurement")
            found.append(time.perf_counter() - began)
            assert written.new
        return found[WARM_UP:]


def main() -> None:
    """Measure, and tell each size against the smallest."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[60_000, 200_000, 1_000_000])
    arguments.add_argument("--times", type=int, default=9)
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    smallest: tuple[str, float] | None = None
    for size in given.sizes:
        made = home(given.folder, size)
        took, what = median(times(made, given.times)), f"{held(made):,} quads"
        smallest = smallest or (what, took)
        ratio = took / smallest[1]
        tell([Row(f"50-triple INSERT DATA to commit, {what}", seconds(took), *smallest_cells(smallest), ratio, GOAL)])


def smallest_cells(smallest: tuple[str, float]) -> tuple[str, str]:
    """What the other sizes are held against, and its figure."""
    return smallest[0], seconds(smallest[1])


if __name__ == "__main__":
    main()
