"""Health: what keeps the service from being ready, and what an operator wants to know of it in any case."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graph_service.errors import GraphServiceError
from graph_service.formats.json_schema import array, closed
from graph_service.releases import Releases

MEGABYTE = 1_000_000
_TEXT = {"type": "string"}
ENGINE = closed(
    {
        "name": {"enum": ["embedded", "remote"]},
        "state": {"description": "`ready`, or why it is not", **_TEXT},
        "release": {"description": "the one that it holds", "type": ["integer", "null"]},
        "lacks": {"description": "what it cannot do, in sentences", **array(_TEXT)},
    }
)
READY = closed(
    {
        "status": {"const": "ready"},
        "release": {"type": "integer", "minimum": 1},
        "published": {"type": "string", "format": "date-time"},
        "engine": ENGINE,
        "readers": {"description": "where anybody's queries read the release", "enum": ["memory", "disk"]},
        "free_mb": {"description": "room on the disk of the home folder", "type": "integer", "minimum": 0},
    }
)


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the service at a moment; it is ready where there are no reasons against it."""

    reasons: tuple[str, ...]
    told: Mapping[str, object]


def health(releases: Releases, *, in_memory: bool, stopping: bool, min_free_mb: int) -> Health:
    """Look at the release, the engine and the folder that releases are written to."""
    reasons: list[str] = ["The server is stopping."] if stopping else []
    told: dict[str, object] = {}
    try:
        release = releases.current()
        told |= {"release": release.number, "published": release.record.created}
    except (GraphServiceError, OSError) as error:
        reasons.append(str(error))
    engine = releases.engine()
    if not engine.ready:
        reasons.append(f"The engine ({engine.name}) is not ready: {engine.why}")
        if engine.name == "remote" and engine.release:
            reasons.append(f"Answers of release {engine.release} that are kept are still served, with Cache-Status.")
    state = "ready" if engine.ready else engine.why
    told["engine"] = {"name": engine.name, "state": state, "release": engine.release, "lacks": list(engine.lacks)}
    told["readers"] = "memory" if in_memory else "disk"
    folder = _present(releases.home)
    told["free_mb"] = _free_mb(folder)
    return Health((*reasons, *_unwritable(folder, min_free_mb)), told)


def _unwritable(folder: Path, min_free_mb: int) -> Iterator[str]:
    """Why no release could be written there."""
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        yield f"The folder {folder} cannot be written: give its owner the right, or mount it writable."
    if _free_mb(folder) < min_free_mb:
        yield f"The disk of {folder} is full: less than {min_free_mb} MB are free (setting min_free_mb)."
    room = os.statvfs(folder)
    if room.f_files and not room.f_favail:
        yield f"The disk of {folder} takes no more files: remove some."


def _free_mb(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize // MEGABYTE


def _present(folder: Path) -> Path:
    """A folder, or the nearest above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())
