"""Delta: the quads that a write adds and removes, what is counted of them, and the digest that they make.

Few are held as values, so that what they reach can be looked up; many stand in a file, as lines of N-Quads.
"""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from graph_service.store.embedded import EmbeddedStore, parse_quads
from graph_service.terms import GENID, Iri, Quad, nquad

FEW = 10_000  # so many quads are held in memory, each about 1 kB
_PART = 10_000  # lines that are read back at once


class Delta:
    """What a write adds and removes, net: no quad is put in twice."""

    def __init__(self, folder: Path, few: int = FEW) -> None:
        """Begin with nothing; `folder` is where a file may be made."""
        self.added: Counter[Iri] = Counter()  # graph → quads
        self.removed: Counter[Iri] = Counter()
        self._folder, self._few = folder, few
        self._quads: dict[bool, set[Quad]] = {True: set(), False: set()}
        self._file: IO[str] | None = None
        self._sum = 0

    def __len__(self) -> int:
        return self.added.total() + self.removed.total()

    @property
    def graphs(self) -> frozenset[Iri]:
        """The graphs that change."""
        return frozenset(self.added) | frozenset(self.removed)

    @property
    def is_small(self) -> bool:
        """Whether all of it is at hand as values."""
        return self._file is None

    def alter(self, quads: Mapping[Quad, Quad]) -> None:
        """Put other quads in the place of some that were added."""
        made = Delta(self._folder, self._few)
        for added, quad in self.quads():
            made.put(added, quads.get(quad, quad) if added else quad)
        self.close()
        self.added, self.removed, self._sum = made.added, made.removed, made._sum
        self._quads, self._file = made._quads, made._file

    def put(self, added: bool, quad: Quad) -> None:
        """Take in one quad that was added, or removed."""
        self._put_line(added, quad[3], nquad(quad))
        if self._file is None:
            self._quads[added].add(quad)
            if len(self) > self._few:
                self._spill()

    def put_each(self, changes: Iterable[tuple[bool, Quad]]) -> None:
        """Take in quads, each with whether it was added."""
        for added, quad in changes:
            self.put(added, quad)

    def put_all(self, added: bool, quads: Iterable[Quad]) -> None:
        """Take in several."""
        for quad in quads:
            self.put(added, quad)

    def put_graph(self, added: bool, store: EmbeddedStore, graph: Iri) -> None:
        """Take in all that a store holds of a graph; a large one passes as text."""
        with tempfile.TemporaryFile(dir=self._folder) as dumped:
            store.dump_graph(graph, dumped)
            dumped.seek(0)
            if sum(1 for _ in dumped) <= self._few:
                self.put_all(added, ((*triple, graph) for triple in store.graph(graph)))
                return
            self._spill()
            dumped.seek(0)
            end = f"<{graph}> .\n" if graph else ".\n"
            for line in dumped:
                self._put_line(added, graph, line[:-2].decode() + end)

    def put_differences(self, store: EmbeddedStore, before: EmbeddedStore, graph: Iri) -> None:
        """Take in what a graph holds now and did not before, and what it did and does not."""
        ours, theirs = (next(each.graph(graph), None) is not None for each in (store, before))
        if ours != theirs:
            self.put_graph(ours, store if ours else before, graph)
        else:
            self.put_each(store.differences(before, graph))

    def quads(self, text: str = "") -> Iterator[tuple[bool, Quad]]:
        """Each quad, with whether it was added; of those in a file only what has a text in it."""
        if self._file is None:
            yield from ((added, quad) for added, quads in self._quads.items() for quad in quads)
            return
        for part in _parts(each for each in self.lines() if text in each[1]):
            quads = parse_quads("".join(line for _, line in part).encode(), "delta")
            yield from zip((sign == "+" for sign, _ in part), quads, strict=True)

    def of(self, added: bool) -> frozenset[Quad]:
        """The quads that were added, or removed, of a small delta."""
        return frozenset(self._quads[added])

    def lines(self) -> Iterator[tuple[str, str]]:
        """Sign and line of each quad: sorted where they are few, else as they came."""
        if self._file is None:
            for added, quads in self._quads.items():
                yield from (("+" if added else "-", line) for line in sorted(map(nquad, quads)))
            return
        self._file.seek(0)
        for text in self._file:
            yield text[0], text[1:]
        self._file.seek(0, 2)

    def digest(self, base: str) -> str:
        """The digest of the set of quads that it makes of one whose digest is `base`."""
        return f"{(int(base, 16) + self._sum) % 2**256:064x}"

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _put_line(self, added: bool, graph: Iri, line: str) -> None:
        (self.added if added else self.removed)[graph] += 1
        self._sum += _number(line) if added else -_number(line)
        if self._file is not None:
            self._file.write(("+" if added else "-") + line)

    def _spill(self) -> None:
        if self._file is None:
            lines = list(self.lines())
            made = tempfile.TemporaryFile("w+", dir=self._folder, encoding="utf-8", newline="\n")  # noqa: SIM115  # kept
            self._file = made
            self._file.writelines(sign + line for sign, line in lines)
            self._quads = {True: set(), False: set()}


def quad_digest(quads: Iterable[Quad]) -> str:
    """A digest of a set of quads, whatever their order: the sum of their SHA-256, so that a delta can update it."""
    return f"{sum(_number(nquad(quad)) for quad in quads) % 2**256:064x}"


def name_blank_nodes(store: EmbeddedStore, delta: Delta) -> tuple[str, ...]:
    """Give a delta with an IRI for each new blank node (RDF 1.1 Concepts, 3.5), also in the store; and a warning of it.

    Without them a delta could not be replayed. In the plain dataset of the specification they stay.
    """
    blank = [quad for added, quad in delta.quads("_:") if added and any(map(_is_blank, quad))]
    if not blank:
        return ()
    parts = {part for subject, _, value, _ in blank for part in (subject, value) if isinstance(part, Iri)}
    names = {part: Iri(GENID + uuid.uuid4().hex) for part in parts if _is_blank(part)}
    given = {quad: _renamed(quad, names) for quad in blank}
    store.replace_quads(blank, given.values())
    delta.alter(given)
    return (f"{len(names)} blank node{'s were' if len(names) > 1 else ' was'} given an IRI below {GENID}",)


def _renamed(quad: Quad, names: Mapping[Iri, Iri]) -> Quad:
    subject, predicate, value, graph = quad
    return names.get(subject, subject), predicate, names.get(value, value) if isinstance(value, Iri) else value, graph


def _is_blank(part: object) -> bool:
    return isinstance(part, Iri) and part.startswith("_:")


def _number(line: str) -> int:
    return int.from_bytes(hashlib.sha256(line.encode()).digest())


def _parts(lines: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    part: list[tuple[str, str]] = []
    for line in lines:
        part.append(line)
        if len(part) == _PART:
            yield part
            part = []
    if part:
        yield part
