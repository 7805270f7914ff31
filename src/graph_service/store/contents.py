"""Contents: what a remote engine holds, and how it is brought from one release to the next.

A graph of this service's own in the engine, STATE, says which release the other graphs hold: one triple, written in
the same operation as the change itself and looked at by it, so that a change is made once, to the release that it was
meant for, or not at all. A large change is first put into graphs beside the others, which the one request that makes
it moves into place. Readers name the graphs of the release while there are such graphs, so they see none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph_service.errors import EngineUnavailable
from graph_service.store.engine import RESULTS_JSON, Engine
from graph_service.terms import GRAPH, Iri, Literal, n3

STATE = Iri(GRAPH + "service-state")
HOLDS = Iri(STATE + "#holds")
BESIDE = STATE + "/"  # the names of graphs that hold a change until it is made begin so
CHUNK_BYTES = 2_000_000  # of one request
FILLING = "filling"

_MARK = f"GRAPH <{STATE}> {{ <{STATE}> <{HOLDS}>"
_HELD = f"SELECT ?mark WHERE {{ {_MARK} ?mark }} }}"
_SEEN = f"SELECT ?mark WHERE {{ <{STATE}> <{HOLDS}> ?mark }}"
_NAMES = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
_SIZES = "SELECT ?g (COUNT(*) AS ?count) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
_ANY = "SELECT ?s WHERE { ?s ?p ?o } LIMIT 1"


@dataclass(frozen=True, slots=True)
class Mark:
    """What an engine holds: a release of a home, whole; or what such a home was filling it with."""

    number: int  # 0 while it is being filled
    digest: str
    home: str  # tells the homes that could feed one engine apart

    def __str__(self) -> str:
        return f"{self.number or FILLING} {self.digest or '-'} {self.home}"

    @classmethod
    def read(cls, text: str) -> Mark:
        """Read what `str` wrote; EngineUnavailable where it is none."""
        parts = text.split(" ")
        if len(parts) != 3 or not (parts[0] == FILLING or parts[0].isdecimal()):
            raise EngineUnavailable(f"The graph {STATE} of the graph store says {text[:100]!r}, which is no release.")
        return cls(0 if parts[0] == FILLING else int(parts[0]), parts[1], parts[2])


@dataclass(frozen=True, slots=True)
class Change:
    """What to take from and put into an engine: graph → lines of N-Triples."""

    removed: Mapping[Iri, Sequence[str]]
    added: Mapping[Iri, Sequence[str]]

    @property
    def size_bytes(self) -> int:
        """How long it is, roughly."""
        return sum(len(line) for part in (self.removed, self.added) for lines in part.values() for line in lines)


class Contents:
    """What one engine holds. One at a time may change it: callers hold a lock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def mark(self) -> Mark | None:
        """What the engine says that it holds; None where it was never filled.

        Raises:
            EngineUnavailable.
        """
        found = [row["mark"] for row in self._rows(_HELD)]
        if len(found) > 1:
            raise EngineUnavailable(f"The graph {STATE} of the graph store names {len(found)} releases: clear it.")
        return Mark.read(found[0]) if found else None

    def unites(self) -> bool:
        """Whether the engine itself can see all graphs as one; asked once there is a mark. Raises as `mark`."""
        return bool(self._rows(_SEEN, own=True))

    def names(self) -> frozenset[str]:
        """The graphs that hold something, STATE left out. Raises as `mark`."""
        return frozenset(row["g"] for row in self._rows(_NAMES)) - {STATE}

    def sizes(self) -> Mapping[str, int]:
        """Graph → triples, STATE left out. Raises as `mark`."""
        found = {row["g"]: int(row["count"]) for row in self._rows(_SIZES) if "g" in row}
        return {graph: count for graph, count in found.items() if graph != STATE and count}

    def is_empty(self) -> bool:
        """Whether there is nothing in it, whoever put it there. Raises as `mark`."""
        return not self.names() and not self._rows(_ANY)

    def change(self, change: Change, before: Mark, after: Mark) -> None:
        """Make a small change in one operation, if the engine holds what it is a change of; else it does nothing.

        Raises:
            EngineMissing, EngineRefused: it will not do it.
            EngineUnavailable: whether it is done is not known.
        """
        gone = f"{_quads(change.removed)}{_MARK} {_text(before)} }}"
        come = f"{_quads(change.added)}{_MARK} {_text(after)} }}"
        self._engine.update(f"DELETE {{ {gone} }} INSERT {{ {come} }} WHERE {{ {_MARK} {_text(before)} }} }}")

    def put_beside(self, change: Change, run: str) -> None:
        """Put a change into graphs beside the others, to be made by `make`. Raises as `change`."""
        for sign, part in (("-", change.removed), ("+", change.added)):
            for graph, lines in part.items():
                self.add(_beside(run, sign, graph), lines)

    def make(self, change: Change, run: str, before: Mark, after: Mark) -> None:
        """Make a change that was put beside, in one request. Raises as `change`."""
        operations = []
        for sign, part in (("-", change.removed), ("+", change.added)):
            verb = "DELETE" if sign == "-" else "INSERT"
            for graph in part:
                waiting = f"GRAPH <{_beside(run, sign, graph)}> {{ ?s ?p ?o }}"
                operations.append(
                    f"{verb} {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} WHERE {{ {_MARK} {_text(before)} }} {waiting} }}"
                )
                operations.append(f"DROP SILENT GRAPH <{_beside(run, sign, graph)}>")
        operations.append(
            f"DELETE {{ {_MARK} {_text(before)} }} }} INSERT {{ {_MARK} {_text(after)} }} }} "
            f"WHERE {{ {_MARK} {_text(before)} }} }}"
        )
        self._engine.update(" ;\n".join(operations))

    def clear_beside(self) -> None:
        """Drop what changes left beside that were never made. Raises as `change`."""
        self._drop(name for name in self.names() if name.startswith(BESIDE))

    def begin(self, mark: Mark) -> None:
        """Empty the engine, and say that it is being filled. Raises as `change`."""
        self._engine.update(f"DROP SILENT GRAPH <{STATE}> ;\nINSERT DATA {{ {_MARK} {_text(mark)} }} }}")
        self._drop(self.names())

    def add(self, graph: str, lines: Iterable[str]) -> None:
        """Add triples to a graph, some at a time. Raises as `change`."""
        for part in _chunks(lines):
            if self._engine.addresses.store:
                self._engine.add(graph, part.encode())
            else:
                self._engine.update(f"INSERT DATA {{ GRAPH <{graph}> {{\n{part}}} }}")

    def finish(self, before: Mark, after: Mark) -> None:
        """Say that the engine is filled. Raises as `change`."""
        self.change(Change({}, {}), before, after)

    def _drop(self, graphs: Iterable[str]) -> None:
        if found := sorted(graphs):
            self._engine.update(" ;\n".join(f"DROP SILENT GRAPH <{graph}>" for graph in found))

    def _rows(self, text: str, *, own: bool = False) -> Sequence[Mapping[str, str]]:
        """Rows of a query over whatever is there; `own`: as the engine sees all graphs as one."""
        with self._engine.query(text, RESULTS_JSON, None if own else ()) as parts:
            data = b"".join(parts)
        try:
            rows = json.loads(data)["results"]["bindings"]
            return [{name: str(cell["value"]) for name, cell in row.items()} for row in rows]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise EngineUnavailable("The answer of the graph store breaks off or cannot be read.") from None


def _beside(run: str, sign: str, graph: str) -> str:
    return f"{BESIDE}{run}/{'added' if sign == '+' else 'removed'}/{graph}"


def _text(mark: Mark) -> str:
    return n3(Literal(str(mark)))


def _quads(part: Mapping[Iri, Sequence[str]]) -> str:
    return "".join(f"GRAPH <{graph}> {{\n{''.join(lines)}}}\n" for graph, lines in part.items())


def _chunks(lines: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= CHUNK_BYTES:
            yield "".join(held)
            held, size = [], 0
    if held:
        yield "".join(held)
