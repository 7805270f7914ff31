"""Dumping: a dataset or one of its graphs into a file, sorted, with flat memory. Same content, same bytes."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from graph_service.store.embedded import SUFFIXES
from graph_service.store.protocol import GraphStore
from graph_service.terms import PREFIXES, Iri, nquad, ntriple

_LINES = 200_000  # how many are sorted in memory at once
_BYTES = 1 << 20


def write_dump(store: GraphStore, suffix: str, target: Path, graph: Iri | None = None) -> int:
    """Write the whole dataset (`nq trig`), the union of its graphs (`nt`) or one graph (`nt`) to a file.

    Returns:
        how many statements it holds.

    Raises:
        OSError: the file cannot be written.
    """
    with _folder(target) as folder:
        lines = folder / "lines"
        count = _write_lines(_sorted(_keyed(store, suffix, graph), folder), lines)
        if suffix == "trig":
            _convert(lines, target, suffix, folder)
        else:
            lines.replace(target)
    return count


def convert_dump(lines: Path, suffix: str, target: Path) -> None:
    """Write N-Triples that were dumped (`nt`) in another format (`ttl rdf jsonld`). Raises as `write_dump`."""
    with _folder(target) as folder:
        _convert(lines, target, suffix, folder)


@contextmanager
def _folder(target: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".dumping-") as folder:
        yield Path(folder)


def _keyed(store: GraphStore, suffix: str, graph: Iri | None) -> Iterator[str]:
    """One line for each statement, in TriG's case behind the graph that it is to be sorted by."""
    if graph is not None:
        return map(ntriple, store.graph(graph))
    if suffix == "trig":
        return (f"{quad[3]}\x01{nquad(quad)}" for quad in store.quads())
    if suffix == "nq":
        return map(nquad, store.quads())
    return (ntriple(quad[:3]) for quad in store.quads())


def _sorted(lines: Iterable[str], folder: Path) -> Iterator[str]:
    """Sort lines, each once: parts in memory, the parts on disk, then merged."""
    source, parts = iter(lines), list[Path]()
    while part := sorted(set(islice(source, _LINES))):
        parts.append(folder / f"part-{len(parts)}")
        with parts[-1].open("w", encoding="utf-8", newline="\n") as out:
            out.writelines(part)
    last = None
    with ExitStack() as stack:
        files = [stack.enter_context(path.open(encoding="utf-8", newline="\n")) for path in parts]
        for line in heapq.merge(*files):
            if line != last:
                yield line
            last = line


def _write_lines(lines: Iterable[str], target: Path) -> int:
    count = 0
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for line in lines:
            out.write(line.rpartition("\x01")[2])
            count += 1
    return count


def _convert(lines: Path, target: Path, suffix: str, folder: Path) -> None:
    """Write sorted N-Quads in another format; both ends are streams."""
    statements = ox.parse(path=str(lines), format=ox.RdfFormat.N_QUADS, lenient=True)
    given = statements if suffix == "trig" else (quad.triple for quad in statements)
    written = folder / "written"
    ox.serialize(given, str(written), format=SUFFIXES[suffix], prefixes=dict(PREFIXES))
    if suffix != "rdf":
        written.replace(target)
        return
    with written.open("rb") as source, target.open("wb") as out:
        _escape_returns(source, out)


def _escape_returns(source: IO[bytes], out: IO[bytes]) -> None:
    """XML readers would turn a carriage return into a line feed."""
    while chunk := source.read(_BYTES):
        out.write(chunk.replace(b"\r", b"&#13;"))
