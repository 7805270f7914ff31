"""Bulk: files of any size and RDF format into the staging store, straight through the engine's bulk loader.

The files are read a chunk at a time, plain or compressed, checked, and loaded while the next chunk is read; memory does
not grow with them. Publishes nothing: an interrupted load leaves nothing behind and can be run again.
"""

from __future__ import annotations

import bz2
import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from graph_service.errors import DataRefused, GraphRefused
from graph_service.staging import Change, Changed, Staging
from graph_service.store.embedded import SUFFIXES
from graph_service.store.lines import Lines, check_lines, graphs_in, load_lines, read_lines
from graph_service.terms import DERIVED_GRAPH, Iri, graph_iri

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OPENERS: Mapping[str, Callable[[IO[bytes]], object]] = {"gz": gzip.open, "bz2": bz2.open, "zst": zstd.open}
NAMES_GRAPHS = frozenset(("nq", "trig", "jsonld"))  # the formats whose statements can name their graph
OPTIMIZED_FROM = 300_000  # quads, if they are most of the store: in the many files of a large load it reads slowly
AT_ONCE = 2  # chunks that are loaded while the next one is read: one is parsed, one is written


@dataclass(frozen=True, slots=True)
class Loaded:
    """How far a load has come."""

    file: str
    read_bytes: int  # of the files as they lie on disk
    of_bytes: int
    quads: int


Progress = Callable[[Loaded], None]


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file to load, and how it is written."""

    path: Path
    suffix: str  # of the format
    compression: str  # one of OPENERS, or empty
    size_bytes: int

    @property
    def graph(self) -> Iri:
        """Where its statements go that name no graph: the graph of its stem."""
        return graph_iri((self.path.with_suffix("") if self.compression else self.path).stem)


def data_files(paths: Iterable[Path]) -> tuple[DataFile, ...]:
    """The files to load: each path itself, or all files of a known format below it.

    Raises:
        DataRefused: a path does not exist, a folder holds no such file, or a file is of no known format.
    """
    found: list[DataFile] = []
    for path in paths:
        if path.is_dir():
            inside = [file for each in sorted(path.glob("**/*")) if each.is_file() and (file := _data_file(each))]
            if not inside:
                raise DataRefused(f"{path} holds no file that can be loaded: none is {_FORMATS}.")
            found += inside
        elif not path.exists():
            raise DataRefused(f"{path} does not exist.")
        elif file := _data_file(path):
            found.append(file)
        else:
            raise DataRefused(f"{path} cannot be loaded: its name must end in {_FORMATS}.")
    return tuple(found)


_FORMATS = f".{', .'.join(SUFFIXES)}, each also with .{', .'.join(OPENERS)}"


def _data_file(path: Path) -> DataFile | None:
    *_, first, last = ["", "", *(part.lower() for part in path.name.split(".")[1:])]
    suffix, compression = (first, last) if last in OPENERS else (last, "")
    return DataFile(path, suffix, compression, path.stat().st_size) if suffix in SUFFIXES else None


def load_files(files: Sequence[DataFile], progress: Progress = lambda loaded: None, *, optimize: bool = True) -> Change:
    """Make each graph that the files name hold what they say of it, and nothing else.

    Several files may feed one graph. Statements that name no graph go into that of their file's stem.

    Args:
        optimize: rewrite a store that most of was loaded just now, so that it reads faster.

    Raises:
        RdfSyntaxError: with file, line and column.
        DataRefused: blank nodes, literals that would be kept otherwise, a file that cannot be read.
        GraphRefused: a file names the graph of derived statements.
    """

    def change(staging: Staging) -> Changed:
        load = _Load(staging, frozenset(staging.store.graphs()))
        done, of = 0, sum(file.size_bytes for file in files)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for file in files:
                if file.suffix not in NAMES_GRAPHS:
                    load.empty(frozenset((file.graph,)))
                for lines, read in _read(file):
                    load.add(lines, pool, names_graphs=file.suffix in NAMES_GRAPHS)
                    progress(Loaded(file.path.name, done + read, of, load.quads))
                done += file.size_bytes
            load.finish()
        if optimize and load.quads >= OPTIMIZED_FROM and 2 * load.quads >= len(staging.store):
            staging.store.optimize()
        return Changed(touched=load.graphs)

    return change


@dataclass(slots=True)
class _Load:
    """A load under way."""

    staging: Staging
    standing: frozenset[Iri]  # the graphs that were there before
    graphs: frozenset[Iri] = frozenset()  # those that the files name
    quads: int = 0
    running: list[Future[None]] = field(default_factory=list)

    def add(self, lines: Lines, pool: ThreadPoolExecutor, *, names_graphs: bool) -> None:
        """Check some lines, make room for them, and have them loaded while the next ones are read."""
        check_lines(lines)
        if names_graphs:
            self.empty(graphs_in(lines))
        self.running.append(pool.submit(load_lines, self.staging.store, lines))
        while len(self.running) > AT_ONCE:
            self.running.pop(0).result()
        self.quads += len(lines)

    def finish(self) -> None:
        """Wait until all is loaded."""
        while self.running:
            self.running.pop(0).result()

    def empty(self, graphs: frozenset[Iri]) -> None:
        """Empty the graphs that are named for the first time, of which nothing is loaded yet."""
        if DERIVED_GRAPH in graphs:
            raise GraphRefused(f"The graph {DERIVED_GRAPH} is made by rules with each release and cannot be written.")
        store = self.staging.store
        for graph in graphs - self.graphs:
            if graph in self.standing:  # one by one: the engine would hold all of a large graph to remove it at once
                store.replace_quads(((*triple, graph) for triple in store.graph(graph)), ())
            store.add(graph, ())  # it is there even if it holds nothing
        self.graphs |= graphs


def _read(file: DataFile) -> Iterator[tuple[Lines, int]]:
    """The chunks of a file, each with how much of the file as it lies on disk was read for it."""
    with _reading(file), file.path.open("rb") as raw:
        stream = cast("IO[bytes]", OPENERS[file.compression](raw)) if file.compression else raw
        for lines in read_lines(stream, file.suffix, str(file.path), file.graph):
            yield lines, raw.tell()


@contextmanager
def _reading(file: DataFile) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, zstd.ZstdError) as error:
        raise DataRefused(f"{file.path} cannot be decompressed: {error}. Fetch it again.") from None
    except OSError as error:
        raise DataRefused(f"{file.path} cannot be read: {error.strerror or error}.") from None
