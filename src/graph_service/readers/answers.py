"""Answers: what is asked of readers and what comes of it: limits, an answer on its way, what goes on at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graph_service.readers.frames import Query
from graph_service.readers.nursery import Reader
from graph_service.readers.spool import Spool


@dataclass(frozen=True, slots=True)
class Limits:
    """How many queries run and wait, and what one may take."""

    readers: int = 2  # of quick queries, and as many of slow ones
    max_waiting: int = 200  # queries that wait; more are refused
    wait_s: float = 30.0  # how long one may wait
    query_memory_mb: int = 1000  # of memory for one query
    memory_mb: int = 2000  # of memory for the graph; a larger one is read from disk


@dataclass(slots=True, eq=False)
class Answer:
    """An answer on its way, and what it takes to make it. To be closed, whoever takes it."""

    query: Query
    client: str
    release: int
    since: float  # when it began to wait, or to run
    number: int
    cpu_s: float = 0.0  # what its reader had used when it began to run
    spool: Spool = field(default_factory=Spool)
    held: list[bytes] = field(default_factory=list)  # what came of it, but may have to be made anew
    slow: bool = False
    tried: bool = False  # stopped once for being slow
    tries: int = 0
    unborn: int = 0  # readers that were to have it and never lived
    reader: Reader | None = None
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What goes on at a moment."""

    quick: int  # queries in quick readers
    slow: int  # queries that have a reader of their own
    waiting: int
    processes: int  # readers
    in_memory: bool  # whether readers hold the current release in memory
    stopped: Mapping[str, int]  # so far: why → how many
