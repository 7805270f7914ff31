"""Home: the folder that releases live in: its layout, the records of releases, the writer's lock, the commit.

home/
  current -> releases/N       moved by one atomic rename; what is behind it is acknowledged
  releases/N/store            checkpoint of the engine, immutable
  releases/N/project          ontology, shapes, rules and queries as published
  history/N.json, N.nq.gz     the release's record and delta, kept for ever
  mirrored -> N               the release that a remote engine holds, where there is one (see `mirroring`)
  exports/N/                  files of release N to take away, written when first asked for
  staging/                    the write under way; a crash leaves it, the next writer removes it
  lock                        held by the writer (flock), so it goes with the process that held it
"""

from __future__ import annotations

import datetime
import errno
import fcntl
import gzip
import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from graph_service.errors import DiskFull, HomeError, UnknownRelease, WriterBusy
from graph_service.store.complaints import is_full

REMEMBERED = 500  # records; those read first go first
_CREATED = re.compile(r'"created": "(\d{4}-\d\d-\d\d)')
_HEAD = 200  # characters of a record in which its date stands
_LEVEL = 6  # of compression


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """What is kept of a release for ever: number, date, who, why, what changed."""

    number: int
    created: str  # ISO 8601, UTC
    who: str
    reason: str
    base: int | None  # the release it was made from
    quads: int
    added: int
    removed: int
    digest: str  # of the set of quads; equal digests, equal content
    project_digest: str  # of the project's files at the last load
    report: Mapping[str, int]  # SHACL findings by severity
    graphs: Mapping[str, int]  # triples by named graph
    software: str
    changed: Mapping[str, int] = field(default_factory=dict)  # the release that last changed each graph
    # in the words of `following`; nothing where older records do not tell
    counts: Mapping[str, int] = field(default_factory=dict)
    countries: Sequence[str] = ()  # slugs of those of which something changed
    axes: Sequence[str] = ()

    def changed_in(self, graph: str) -> int:
        """The release that last changed a graph; this one where older records do not tell."""
        return self.changed.get(graph, self.number)

    @property
    def moment(self) -> datetime.datetime:
        """When it was made (UTC), to the second."""
        return datetime.datetime.fromisoformat(self.created).astimezone(datetime.UTC)


class Home:
    """A home folder: what was published in it, and the one way to publish more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._link = str(folder / "current")
        self._records: dict[int, ReleaseRecord] = {}

    def current(self) -> int | None:
        """The number of the current release; None if nothing is published."""
        try:
            return int(os.readlink(self._link).rpartition("/")[2])  # noqa: PTH115  # asked with each request
        except (FileNotFoundError, NotADirectoryError):
            return None

    def record(self, number: int) -> ReleaseRecord:
        """The record of a release, kept also when its data is pruned.

        Raises:
            UnknownRelease: no release has that number.
        """
        if number not in self._records:
            path = self.history / f"{number}.json"
            last = self.current() or 0
            if not 1 <= number <= last or not path.is_file():
                raise UnknownRelease(f"There is no release {number}; the current one is {last or None}.")
            if len(self._records) >= REMEMBERED:
                del self._records[next(iter(self._records))]
            self._records[number] = ReleaseRecord(**json.loads(path.read_text(encoding="utf-8")))
        return self._records[number]

    def records(self) -> tuple[ReleaseRecord, ...]:
        """The records of all releases, newest first."""
        return tuple(
            self.record(number)
            for number in range(self.current() or 0, 0, -1)
            if (self.history / f"{number}.json").is_file()
        )

    def keeps(self, number: int) -> bool:
        """Whether the data of a release is kept, not only its record."""
        return self.store(number).is_dir()

    def store(self, number: int) -> Path:
        """Where the engine keeps a release."""
        return self.folder / "releases" / str(number) / "store"

    def delta(self, number: int) -> Path:
        """Where it is kept for ever what a release added and removed; `read_delta` reads it."""
        return self.history / f"{number}.nq.gz"

    def project(self, number: int) -> Path:
        """Where the project files of a release are."""
        return self.folder / "releases" / str(number) / "project"

    @property
    def staging(self) -> Path:
        """Where the write under way is prepared; whoever holds the lock may use it."""
        return self.folder / "staging"

    @property
    def history(self) -> Path:
        """Where records and deltas are."""
        return self.folder / "history"

    @contextmanager
    def writer(self, wait_s: float) -> Iterator[None]:
        """Hold the writer's lock. What the disk refuses meanwhile is told in one line; the release stays as it was.

        What a crashed writer left goes first: its staging folder, and a release that never became current.

        Raises:
            WriterBusy: another process held it for `wait_s`.
            HomeError: the disk is full, or the folder cannot be written.
        """
        with _disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
            try:
                self._acquire(handle, wait_s)
                self._clear()
                try:
                    yield
                except OSError:
                    self._clear()  # at once: it takes room of a disk that may be full
                    raise
            finally:
                os.close(handle)

    def clear_staging(self) -> None:
        """Remove the staging folder."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def commit(self, made: Path, record: ReleaseRecord, delta: Iterable[tuple[str, str]]) -> None:
        """Make a folder with `store` and `project` a release and move `current` to it; all on disk before that.

        Args:
            delta: sign and line of each quad that it adds and removes; `read_delta` gives them back.
        """
        release = self.folder / "releases" / str(record.number)
        release.parent.mkdir(exist_ok=True)
        self.history.mkdir(exist_ok=True)
        _write_delta(self.delta(record.number), delta)
        (self.history / f"{record.number}.json").write_text(
            json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        made.rename(release)
        known = _inodes(self.folder / "releases" / str(record.base)) if record.base else frozenset[int]()
        _sync((release, *release.glob("**/*")), known)
        _sync((self.delta(record.number), self.history / f"{record.number}.json"), frozenset())
        for folder in (release.parent, self.history, self.folder):
            _sync_folder(folder)
        link = self.folder / "current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("releases") / str(record.number))
        link.replace(self.folder / "current")
        _sync_folder(self.folder)

    def prune(self, keep: int) -> None:
        """Keep the data of the last `keep` releases, of the last one of each day, and of that in a remote engine."""
        current, mirrored = self.current() or 0, self._mirrored()
        for folder in (self.folder / "releases").glob("*"):
            number = int(folder.name)
            if number <= current - keep and number != mirrored and self._day(number) == self._day(number + 1):
                shutil.rmtree(folder, ignore_errors=True)

    def _mirrored(self) -> int | None:
        """The release that a remote engine holds: what is asked of it is answered with its project files."""
        try:
            return int((self.folder / "mirrored").readlink().name.removesuffix("+"))
        except (OSError, ValueError):
            return None

    def _day(self, number: int) -> str:
        """The day of a release, from the head of its record: the rest of it may be long."""
        with (self.history / f"{number}.json").open(encoding="utf-8") as file:
            found = _CREATED.search(file.read(_HEAD))
        return found[1] if found else self.record(number).created[:10]

    def _acquire(self, handle: int, wait_s: float) -> None:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise WriterBusy(
                        f"Another write has held {self.folder} for {wait_s:g} s: wait for it, then try again."
                    ) from None
                time.sleep(0.05)

    def _clear(self) -> None:
        """Remove what a write left that did not come to its end."""
        self.clear_staging()
        self._remove_unfinished()

    def _remove_unfinished(self) -> None:
        """Remove a release that never became current: the next one, since the writer that makes it holds the lock."""
        number = (self.current() or 0) + 1
        shutil.rmtree(self.folder / "releases" / str(number), ignore_errors=True)
        for path in (self.delta(number), self.history / f"{number}.json"):
            path.unlink(missing_ok=True)


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line that says what to do; the release stays as it was."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFull(f"The disk of {folder} is full: free some room, then try again.") from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise HomeError(
                f"The folder {folder} cannot be written ({os.strerror(error.errno)}): "
                "give yourself the right, or set GRAPH_SERVICE_HOME."
            ) from None
        raise


def read_delta(path: Path) -> Iterator[tuple[str, str]]:
    """The lines of a delta: sign, and the quad as a line of N-Quads.

    Raises:
        HomeError: it is missing or damaged.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line[0], line[2:]
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise HomeError(f"The delta {path} cannot be read ({error}): restore it from a backup.") from None


def _write_delta(path: Path, lines: Iterable[tuple[str, str]]) -> None:
    """Write a delta as N-Quads lines, each after `+ ` or `- `; the same bytes for the same lines."""
    with path.open("wb") as out, gzip.GzipFile("", "wb", _LEVEL, out, mtime=0) as file:
        file.writelines(f"{sign} {line}".encode() for sign, line in lines)


def _inodes(folder: Path) -> frozenset[int]:
    return frozenset(path.stat().st_ino for path in folder.glob("**/*") if path.is_file())


def _sync(paths: Iterable[Path], known: frozenset[int]) -> None:
    """Have the disk hold files and folders before going on, but for links to files that it holds already."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        if os.fstat(handle).st_ino not in known:
            os.fsync(handle)
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
