"""Backup: a home folder as it is at a moment, taken while others read and write, and brought back.

What is published never changes, so no lock is needed: files are linked where the disk allows, else copied, each once
however many releases share it. `backup.json` lists every file with its SHA-256. A backup is a home folder itself: it
can be served as it is. Tokens come along, as their digests; what can be made anew (`exports/`) does not.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from graph_service.errors import BackupDamaged, HomeError, NoRelease
from graph_service.home import Home

MANIFEST = "backup.json"
FORMAT = 1
TRIES = 3  # of a backup whose current release is pruned meanwhile
TOKENS, CURRENT = "tokens.json", "current"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    format: int
    created: str  # ISO 8601, UTC
    software: str
    release: int  # the current one
    digest: str  # of its quads
    releases: tuple[int, ...]  # those whose data is there
    files: dict[str, str]  # path below the folder → SHA-256


def backup(home: Home, target: Path) -> Manifest:
    """Put a copy of a home into a new or empty folder, whole or not at all.

    Raises:
        NoRelease: there is nothing to keep.
        HomeError: the target is not empty, or cannot be written; or the home changes too fast, or is damaged.
    """
    for left in reversed(range(TRIES)):
        try:
            with _appearing(target) as folder:
                return _fill(home, folder)
        except FileNotFoundError as error:  # a release went while it was copied
            if not left:
                raise HomeError(f"{error.filename} went while it was copied, {TRIES} times: try again.") from None
    raise AssertionError


def restore(source: Path, home: Home) -> Manifest:
    """Bring a backup back into a home in which nothing is published, after looking at every byte of it.

    Raises:
        BackupDamaged: it is none, or a file of it is missing or differs.
        HomeError: the home is not empty, or cannot be written.
    """
    manifest = check(source)
    with _appearing(home.folder) as folder:
        _Copy(source, folder).files(*manifest.files)
        _point(folder, manifest.release)
    return manifest


def check(source: Path) -> Manifest:
    """Read every file of a backup and compare it with what was written.

    Raises:
        BackupDamaged: it is none, or a file of it is missing or differs.
    """
    manifest = _manifest(source)
    for name, digest in manifest.files.items():
        path = source / name
        if not path.is_file():
            raise BackupDamaged(f"The backup {source} is damaged: {name} is missing.")
        if _sha256(path) != digest:
            raise BackupDamaged(f"The backup {source} is damaged: {name} is not as it was written.")
    return manifest


def _manifest(source: Path) -> Manifest:
    try:
        told = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**{**told, "releases": tuple(told["releases"])})
    except FileNotFoundError:
        raise BackupDamaged(f"There is no backup in {source}: {MANIFEST} is missing.") from None
    except (ValueError, TypeError, KeyError) as error:
        raise BackupDamaged(f"The backup {source} is damaged: {MANIFEST} cannot be read ({error}).") from None
    if manifest.format != FORMAT:
        raise BackupDamaged(f"The backup {source} was written by version {manifest.software}: restore it with that.")
    return manifest


def _fill(home: Home, folder: Path) -> Manifest:
    """Copy what is there at this moment; FileNotFoundError where the current release is pruned meanwhile."""
    current = home.current()
    if current is None:
        raise NoRelease("Nothing is published yet, so there is nothing to keep: run `graph-service load`.")
    copy = _Copy(home.folder, folder)
    copy.folder(f"releases/{current}")
    kept = [current]
    for number in range(current - 1, 0, -1):
        if home.keeps(number) and copy.folder_if_there(f"releases/{number}"):
            kept.append(number)
    copy.files(*_records(home, current))
    if (home.folder / TOKENS).is_file():
        copy.files(TOKENS)
    _point(folder, current)
    manifest = Manifest(
        FORMAT,
        datetime.now(UTC).isoformat(timespec="seconds"),
        version("graph-service"),
        current,
        home.record(current).digest,
        tuple(sorted(kept)),
        copy.digests(),
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
    return manifest


def _records(home: Home, last: int) -> Iterator[str]:
    """What is kept for ever of all releases up to the last; that of a release that is being written is not."""
    for path in sorted(home.history.iterdir()):
        number = path.name.partition(".")[0]
        if number.isdigit() and int(number) <= last:
            yield f"history/{path.name}"


class _Copy:
    """Files from one folder into another: as links where both are on one disk, else as copies, each file once."""

    def __init__(self, source: Path, target: Path) -> None:
        self._source, self._target = source, target
        self._known: dict[tuple[int, int], Path] = {}  # file on the disk → its copy
        self._copied: list[str] = []

    def folder(self, name: str) -> None:
        """Copy a folder with all that is in it."""
        there = [path for path in sorted((self._source / name).glob("**/*")) if path.is_file()]
        if not there:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._source / name))
        self.files(*(path.relative_to(self._source).as_posix() for path in there))

    def folder_if_there(self, name: str) -> bool:
        """Copy a folder, unless it goes meanwhile."""
        count = len(self._copied)
        try:
            self.folder(name)
        except FileNotFoundError:
            del self._copied[count:]
            shutil.rmtree(self._target / name, ignore_errors=True)
            return False
        return True

    def files(self, *names: str) -> None:
        """Copy some files, by their paths below the folder."""
        for name in names:
            self._file(self._source / name, self._target / name)
            self._copied.append(name)

    def digests(self) -> dict[str, str]:
        """The SHA-256 of each copy."""
        known: dict[int, str] = {}
        found = {}
        for name in sorted(self._copied):
            path = self._target / name
            inode = path.stat().st_ino
            if inode not in known:
                known[inode] = _sha256(path)
            found[name] = known[inode]
        return found

    def _file(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        at = source.stat()
        copied = self._known.setdefault((at.st_dev, at.st_ino), target)
        try:
            os.link(copied if copied != target else source, target)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                raise
            shutil.copy2(source, target)


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A folder beside the target that becomes the target in the end, whole and on disk; or goes.

    Where nothing can be beside it (a volume), it is inside, and what makes the target a home comes out of it last.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise HomeError(f"{target} is not an empty folder: name another.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        inside = target.is_dir() and (target.is_mount() or not os.access(target.parent, os.W_OK))
        place = target if inside else target.parent
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=place))
    except OSError as error:
        raise HomeError(f"{target} cannot be written: {error.strerror}.") from None
    try:
        yield folder
        folder.chmod(0o755)
        _sync(folder)
        if inside:
            for path in sorted(folder.iterdir(), key=lambda each: each.name in (CURRENT, MANIFEST)):
                path.rename(target / path.name)
        else:
            folder.rename(target)
        _sync_one(place)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise HomeError(f"{target} cannot be written ({error.strerror}): nothing was left there.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _point(folder: Path, release: int) -> None:
    (folder / CURRENT).symlink_to(Path("releases") / str(release))


def _sync(folder: Path) -> None:
    for path in (*folder.glob("**/*"), folder):
        _sync_one(path)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
