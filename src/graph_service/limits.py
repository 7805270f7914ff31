"""Limits: what the kernel is to end a process for, time and memory, and memory given back. Linux; elsewhere time."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from pathlib import Path

SHORTEST_S = 0.001  # a timer of nothing never rings
_M_ARENA_MAX = -8
_libc = ctypes.CDLL(None)


def one_arena() -> None:
    """Have threads share what memory there is: each would reserve 64 MB of the address space, which is limited."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give memory that is free to the system, also where it lies between what is not. Takes some milliseconds."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def limit_memory(more_bytes: int) -> None:
    """Let this process take so much more memory than it has now; 0: as much as there is."""
    if more_bytes:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: float) -> None:
    """Have the kernel end this process after so many seconds, whatever it does then, unless told otherwise before."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, SHORTEST_S))


def no_limits() -> None:
    """Stop the clock, and take what memory there is."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
