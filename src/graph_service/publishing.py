"""Publishing: staging → load → rules → gate → release N → current. One writer at a time, between processes.

home/
  current -> releases/N       moved by one atomic rename; what is behind it is acknowledged
  releases/N/store            checkpoint of the engine, immutable
  releases/N/project          ontology, shapes, rules and queries as published
  history/N.json, N.nq.gz     the release's record and delta, kept for ever
  staging/                    the write under way; a crash leaves it, the next writer removes it
  lock                        held by the writer (flock), so it goes with the process that held it
"""

from __future__ import annotations

import datetime
import errno
import fcntl
import getpass
import gzip
import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from graph_service.catalogue import save_catalogue
from graph_service.errors import DataRefused, HomeError, ReleasePruned, UnknownRelease, WriterBusy
from graph_service.release import CATALOGUE, ReleaseRecord, current_number, read_record
from graph_service.staging import check_project, data_files, derive, gate, graph_triples, read_data, refuse_rewritten
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import DERIVED_GRAPH, Iri, Quad, graph_iri, nquad

PUBLISHED_PARTS = ("ontology", "queries")  # what a release keeps of the project beside the data

Progress = Callable[[str], None]
Prepare = Callable[["Staging"], bool]


@dataclass(frozen=True, slots=True)
class Published:
    """The outcome of a write: the release that is current now, and whether this write made it."""

    record: ReleaseRecord
    new: bool


@dataclass(frozen=True, slots=True)
class Staging:
    """The write under way: a copy of the current store, and the project files that will go with it."""

    store: EmbeddedStore
    project: Path


class Publisher:
    """Writes releases into a home folder."""

    def __init__(
        self, home: Path, *, keep: int = 20, wait_s: float = 60, progress: Progress = lambda step: None
    ) -> None:
        self.home, self.keep, self.wait_s, self.progress = home, keep, wait_s, progress

    def load_project(self, project: Path, *, who: str, reason: str = "load of the project") -> Published:
        """Publish a whole project: its ontology, shapes, rules, queries and data.

        Graphs of data files that the project no longer has are dropped. Nothing is published, and `new` is
        False, when all of it is published already.

        Raises:
            RdfSyntaxError, DataRefused, ShapesError, CatalogueError, DoesNotConform: nothing has changed.
            WriterBusy, HomeError.
        """
        digest = project_digest(project)
        current = self._current_record()
        if current and current.project_digest == digest and self._holds(current.number):
            return Published(current, new=False)

        def prepare(staging: Staging) -> bool:
            same_parts = staging.project.is_dir() and parts_digest(staging.project) == parts_digest(project)
            if not same_parts:
                self.progress("queries and shapes")
                catalogue = check_project(project)
                _copy_parts(project, staging.project)
                save_catalogue(catalogue, staging.project / CATALOGUE)
            graphs = {graph: path for path in data_files(project) for graph in [graph_iri(path.stem)]}
            changed = self._replace(staging.store, graphs, project)
            for graph in set(staging.store.graphs()) - set(graphs) - {DERIVED_GRAPH}:
                staging.store.remove_graph(graph)
                changed = True
            return changed or not same_parts

        return self._publish(prepare, who=who, reason=reason, digest=digest)

    def load_files(self, paths: Sequence[Path], *, who: str, reason: str = "load of files") -> Published:
        """Publish data files, each into the graph named by its stem, beside what is there. Raises as `load_project`."""
        graphs = {graph_iri(path.stem): path for path in paths}

        def prepare(staging: Staging) -> bool:
            return self._replace(staging.store, graphs, None)

        if self._current_record() is None:
            raise DataRefused("There is no release to add to yet: run `graph-service load` without a path first.")
        return self._publish(prepare, who=who, reason=reason, digest=None)

    def rollback(self, number: int, *, who: str, reason: str = "") -> Published:
        """Publish the content of an earlier release as a new one; derived statements are made anew.

        Raises:
            UnknownRelease, ReleasePruned, and as `load_project`.
        """
        current = self._current_record()
        if current is None or not 1 <= number <= current.number:
            raise UnknownRelease(f"There is no release {number}; run `graph-service releases`.")
        if not self._holds(number):
            raise ReleasePruned(f"The data of release {number} is no longer kept: it cannot be rolled back to.")
        folder = self.home / "releases" / str(number)

        def prepare(staging: Staging) -> bool:
            _copy_parts(folder / "project", staging.project)
            return True

        digest = read_record(self.home / "history" / f"{number}.json").project_digest
        why = reason or f"rollback to release {number}"
        return self._publish(prepare, who=who, reason=why, digest=digest, source=number)

    def _publish(
        self, prepare: Prepare, *, who: str, reason: str, digest: str | None, source: int | None = None
    ) -> Published:
        with self._writer(), self._disk_errors():
            base = self._current_record()
            with self._staging(source or (base.number if base else None)) as staging:
                if not prepare(staging) and base is not None:
                    return Published(base, new=False)
                record = self._release(staging, base, who=who, reason=reason, digest=digest)
            self._prune(record.number)
            return Published(record, new=True)

    def _release(
        self, staging: Staging, base: ReleaseRecord | None, *, who: str, reason: str, digest: str | None
    ) -> ReleaseRecord:
        """Take what is staged through rules and gate, and make it the current release."""
        now = datetime.datetime.now(datetime.UTC)
        self.progress("rules")
        derive(staging.store, staging.project, now.date())
        self.progress("gate")
        quads = frozenset(staging.store.quads())
        report = gate(quads, staging.project)
        before = self._quads(base.number) if base else frozenset()
        record = ReleaseRecord(
            number=(base.number if base else 0) + 1,
            created=now.isoformat(timespec="seconds"),
            who=who,
            reason=reason,
            base=base.number if base else None,
            quads=len(quads),
            added=len(quads - before),
            removed=len(before - quads),
            digest=quad_digest(quads),
            project_digest=digest if digest is not None else (base.project_digest if base else ""),
            report=dict(report.counts),
            graphs=dict(sorted(Counter(quad[3] for quad in quads).items())),
            software=version("graph-service"),
        )
        self.progress("release")
        self._commit(staging, record, quads - before, before - quads)
        return record

    @contextmanager
    def _staging(self, number: int | None) -> Iterator[Staging]:
        """A staging folder that begins as a copy of a release; it goes in the end, whatever happens.

        What a crashed writer left goes first: its staging folder, and a release that never became current.
        """
        self._remove_staging()
        self._remove_unfinished()
        staging = self._stage(number)
        try:
            yield staging
        finally:
            staging.store.close()
            self._remove_staging()

    def _stage(self, number: int | None) -> Staging:
        """Copy a release into the staging folder, or begin an empty one."""
        folder = self.home / "staging"
        folder.mkdir(parents=True)
        if number is not None:
            release = self.home / "releases" / str(number)
            EmbeddedStore.open(release / "store").checkpoint(folder / "store")
            _copy_parts(release / "project", folder / "project")
        return Staging(EmbeddedStore.create(folder / "store"), folder / "project")

    def _replace(self, store: EmbeddedStore, files: Mapping[Iri, Path], project: Path | None) -> bool:
        """Make each graph hold what its file says; True if any differed."""
        changed = False
        for graph, path in files.items():
            self.progress(path.name)
            name = path.relative_to(project).as_posix() if project else str(path)
            triples = read_data(path, name)
            if triples != graph_triples(store, graph):
                store.replace_graph(graph, triples)
                refuse_rewritten(triples, graph_triples(store, graph), name)
                changed = True
        return changed

    def _commit(self, staging: Staging, record: ReleaseRecord, added: Iterable[Quad], removed: Iterable[Quad]) -> None:
        """Make the staging folder a release and move `current` to it; all of it on disk before that."""
        made = self.home / "staging" / "release"
        made.mkdir()
        staging.store.checkpoint(made / "store")
        staging.project.rename(made / "project")
        release = self.home / "releases" / str(record.number)
        history = self.home / "history"
        release.parent.mkdir(exist_ok=True)
        history.mkdir(exist_ok=True)
        _write_delta(history / f"{record.number}.nq.gz", added, removed)
        (history / f"{record.number}.json").write_text(
            json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        made.rename(release)
        _sync(release, history)
        link = self.home / "current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("releases") / str(record.number))
        link.replace(self.home / "current")
        _sync_folder(self.home)

    def _remove_unfinished(self) -> None:
        """Remove releases that never became current."""
        last = current_number(self.home) or 0
        for folder in ("releases", "history"):
            for path in (self.home / folder).glob("*"):
                if int(path.name.split(".")[0]) > last:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _prune(self, current: int) -> None:
        """Keep the data of the last `keep` releases and of the last one of each day."""
        days: dict[str, int] = {}
        for number in range(1, current + 1):
            record = self.home / "history" / f"{number}.json"
            if record.is_file():
                days[read_record(record).created[:10]] = number
        kept = set(days.values()) | set(range(current - self.keep + 1, current + 1))
        for folder in (self.home / "releases").glob("*"):
            if int(folder.name) not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _remove_staging(self) -> None:
        shutil.rmtree(self.home / "staging", ignore_errors=True)

    def _current_record(self) -> ReleaseRecord | None:
        number = current_number(self.home)
        return read_record(self.home / "history" / f"{number}.json") if number else None

    def _holds(self, number: int) -> bool:
        return (self.home / "releases" / str(number) / "store").is_dir()

    def _quads(self, number: int) -> frozenset[Quad]:
        return frozenset(EmbeddedStore.open(self.home / "releases" / str(number) / "store").quads())

    @contextmanager
    def _writer(self) -> Iterator[None]:
        """Hold the writer's lock; WriterBusy after waiting `wait_s` for another process."""
        with self._disk_errors():
            self.home.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._acquire(handle)
            yield
        finally:
            os.close(handle)

    def _acquire(self, handle: int) -> None:
        deadline = time.monotonic() + self.wait_s
        while True:
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise WriterBusy(
                        f"Another write has held {self.home} for {self.wait_s:g} s: wait for it, then try again."
                    ) from None
                time.sleep(0.05)

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        """Turn what the disk refuses into one line that says what to do; the release stays as it was."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise HomeError(f"The disk of {self.home} is full: free some room, then try again.") from None
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
                raise HomeError(
                    f"The folder {self.home} cannot be written ({os.strerror(error.errno)}): "
                    "give yourself the right, or set GRAPH_SERVICE_HOME."
                ) from None
            raise


def project_digest(project: Path) -> str:
    """A digest of all that is published of a project: ontology, shapes, rules, queries and data."""
    return _files_digest(project, (*PUBLISHED_PARTS, "data"))


def parts_digest(project: Path) -> str:
    """A digest of what a release keeps of a project beside the data."""
    return _files_digest(project, PUBLISHED_PARTS)


def quad_digest(quads: Iterable[Quad]) -> str:
    """A digest of a set of quads, whatever their order: the sum of their SHA-256, so that a delta can update it."""
    total = sum(int.from_bytes(hashlib.sha256(nquad(quad).encode()).digest()) for quad in quads)
    return f"{total % 2**256:064x}"


def user_name() -> str:
    """The name of who runs this command, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _files_digest(folder: Path, parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for part in parts for path in (folder / part).glob("**/*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _copy_parts(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for part in PUBLISHED_PARTS:
        shutil.copytree(source / part, target / part)
    if (source / CATALOGUE).is_file():
        shutil.copy(source / CATALOGUE, target)


def _write_delta(path: Path, added: Iterable[Quad], removed: Iterable[Quad]) -> None:
    """Write a delta as N-Quads lines, each after `+ ` or `- `, sorted; the same bytes for the same delta."""
    lines = sorted([f"+ {nquad(quad)}" for quad in added] + [f"- {nquad(quad)}" for quad in removed])
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def _sync(*folders: Path) -> None:
    """Have the disk hold all files of some folders before going on."""
    for folder in folders:
        for path in (folder, *folder.glob("**/*")):
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
