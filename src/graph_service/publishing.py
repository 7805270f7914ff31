"""Publishing: staging → load → rules → gate → release N → current. One writer at a time, between processes."""

from __future__ import annotations

import datetime
import getpass
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from graph_service import loading
from graph_service.delta import Delta, name_blank_nodes
from graph_service.delta import quad_digest as quad_digest
from graph_service.deriving import derive, derive_where_reached
from graph_service.errors import Forbidden, GraphRefused, LostUpdate, NoRelease, ReleasePruned
from graph_service.following import tell
from graph_service.gating import gate, gate_where_reached
from graph_service.home import Home, ReleaseRecord
from graph_service.loading import Progress
from graph_service.looking import Unanalysable
from graph_service.patterns import TooMany
from graph_service.staging import Change, Changed, Staging
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import DEFAULT_GRAPH, DERIVED_GRAPH, Iri, Quad

SOFTWARE = version("graph-service")
CHANGE, RELEASE = "change", "release"  # the steps with which a write begins to work, and begins to be published
DERIVED = f"The graph {DERIVED_GRAPH} is made by rules and cannot be written."


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write: the release that is current now, whether this write made it, and what it changed.

    Of a dry run the record is the one that the release would have had.
    """

    record: ReleaseRecord
    new: bool
    added: int = 0  # quads that are stated; what follows from them by rule is counted apart
    removed: int = 0
    derived_added: int = 0
    derived_removed: int = 0
    warnings: tuple[str, ...] = ()
    graphs: frozenset[str] = frozenset()  # those that were not there before


@dataclass(frozen=True, slots=True)
class Expected:
    """What a writer takes to be there (RFC 9110, 13.1): the data, or one graph of it, as of some releases.

    An empty set of numbers stands for any state, as long as there is one; None for no condition.
    """

    match: frozenset[int] | None = None  # If-Match: it is as of one of these releases
    graph: Iri | None = None
    none_match: frozenset[int] | None = None  # If-None-Match: it is as of none of these

    def check(self, base: ReleaseRecord) -> None:
        """Raise LostUpdate if it is otherwise, so that somebody else's write would be lost."""
        current = base.number if self.graph is None else base.changed_in(self.graph)
        exists = self.graph in (None, DEFAULT_GRAPH) or self.graph in base.graphs
        what = "The data" if self.graph is None else f"The graph {self.graph}"
        state = f"{what} is that of release {current}" if exists else f"{what} does not exist"
        if self.match is not None and not (exists and current in (self.match or {current})):
            raise LostUpdate(f"{state}, not what If-Match names: read it again, then write.")
        if self.none_match is not None and exists and current in (self.none_match or {current}):
            raise LostUpdate(f"{state}, which If-None-Match rules out: read it, then write with If-Match.")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A change, and all that goes with it."""

    change: Change
    who: str
    reason: str
    digest: str | None = None  # of the project's files, where they are loaded
    source: int | None = None  # the release to begin from; the current one by default
    expected: Expected | None = None
    dry_run: bool = False
    vocabulary: bool = True


class Publisher:
    """Writes releases into a home folder."""

    def __init__(
        self,
        home: Path,
        *,
        keep: int = 20,
        wait_s: float = 60,
        progress: Progress = lambda step: None,
        union: bool = True,
    ) -> None:
        """Publish into a home; `union`: queries see all graphs as one (setting `default_graph`)."""
        self.home, self.keep, self.wait_s, self.progress, self.union = home, keep, wait_s, progress, union
        self._home = Home(home)

    def write(
        self,
        change: Change,
        *,
        who: str,
        reason: str,
        expected: Expected | None = None,
        dry_run: bool = False,
        vocabulary: bool = True,
    ) -> Written:
        """Make a change of somebody's the next release, or refuse it whole. Without a difference there is none.

        Args:
            expected: what the writer read before; checked once nobody else can write.
            dry_run: do all of it, and publish nothing.
            vocabulary: whether the writer may change what words mean, that is the graphs of the ontology.

        Raises:
            LostUpdate, GraphRefused, Forbidden, DataRefused, DoesNotConform, and what the change itself raises:
                nothing has changed.
            NoRelease, WriterBusy, HomeError.
        """

        if self._home.current() is None:
            raise NoRelease("Nothing is published yet: run `graph-service load`.")
        wanted = _Wanted(change, who, reason, expected=expected, dry_run=dry_run, vocabulary=vocabulary)
        return self._write(wanted)

    def load_project(self, project: Path, *, who: str, reason: str = "load of the project") -> Written:
        """Publish a whole project: its ontology, shapes, rules, queries and data.

        What was written over HTTP since the last load stays: the load brings what changed in the files. Nothing is
        published, and `new` is False, when all of it is published already.

        Raises:
            RdfSyntaxError, DataRefused, ShapesError, CatalogueError, DoesNotConform: nothing has changed.
            WriterBusy, HomeError.
        """
        digest = project_digest(project)
        current = self._current_record()
        if current and current.project_digest == digest and self._home.keeps(current.number):
            return Written(current, new=False)

        def change(staging: Staging) -> Changed:
            same_parts = staging.project.is_dir() and parts_digest(staging.project) == parts_digest(project)
            return loading.load_project(staging, project, same_parts=same_parts, progress=self.progress)

        return self._write(_Wanted(change, who, reason, digest=digest))

    def rollback(self, number: int, *, who: str, reason: str = "") -> Written:
        """Publish the content of an earlier release as a new one; derived statements are made anew.

        Raises:
            UnknownRelease, ReleasePruned, and as `load_project`.
        """
        digest = self._home.record(number).project_digest
        if not self._home.keeps(number):
            raise ReleasePruned(f"The data of release {number} is no longer kept: it cannot be rolled back to.")
        why = reason or f"rollback to release {number}"
        return self._write(_Wanted(lambda staging: Changed(parts=True), who, why, digest=digest, source=number))

    def _write(self, wanted: _Wanted) -> Written:
        """The one way from a change to a release: lock, staging copy, change, rules, gate, commit."""
        with self._home.writer(self.wait_s):
            base = self._current_record()
            if wanted.expected and base:
                wanted.expected.check(base)
            with self._staging(wanted.source or (base.number if base else None)) as staging:
                return self._attempt(staging, base, wanted)

    def _attempt(self, staging: Staging, base: ReleaseRecord | None, wanted: _Wanted) -> Written:
        before = EmbeddedStore.open(self._home.store(base.number)) if base else EmbeddedStore.in_memory()
        self.progress(CHANGE)
        changed = wanted.change(staging)
        with closing(Delta(self._home.staging)) as delta:
            same = self._stated(staging, before, changed, delta, made_anew=wanted.source is not None)
            if base and same and not changed.parts:
                return Written(base, new=False, warnings=changed.warnings)
            if not wanted.vocabulary:
                _refuse_vocabulary(staging, delta)
            warnings = name_blank_nodes(staging.store, delta) if self.union else ()
            stated = delta.added.total(), delta.removed.total()
            record = self._release(staging, before, base, delta, wanted, parts=changed.parts)
            if not wanted.dry_run:
                self.progress(RELEASE)
                self._commit(staging, record, delta)
                self._home.prune(self.keep)
        derived = record.added - stated[0], record.removed - stated[1]
        made = frozenset(record.graphs.keys() - (base.graphs.keys() if base else ()))
        return Written(record, True, *stated, *derived, warnings=(*changed.warnings, *warnings), graphs=made)

    def _stated(
        self, staging: Staging, before: EmbeddedStore, changed: Changed, delta: Delta, *, made_anew: bool
    ) -> bool:
        """Find what a change adds to and removes from what is stated; whether nothing is otherwise, graphs included.

        Args:
            made_anew: whether the derived graph is not that of the base, and does not matter.
        """
        store = staging.store
        here, there = set(store.graphs()), set(before.graphs())
        touched = here | there | {DEFAULT_GRAPH} if changed.touched is None else changed.touched
        if DERIVED_GRAPH in touched and not made_anew:
            _put_back_derived(store, before)
        for added, quads in ((True, changed.added), (False, changed.removed)):
            if any(quad[3] == DERIVED_GRAPH for quad in quads):
                raise GraphRefused(DERIVED)
            delta.put_all(added, quads)
        for graph in sorted(touched - {DERIVED_GRAPH}):
            delta.put_differences(store, before, graph)
        return not delta and here ^ there <= {DERIVED_GRAPH}

    def _release(
        self,
        staging: Staging,
        before: EmbeddedStore,
        base: ReleaseRecord | None,
        delta: Delta,
        wanted: _Wanted,
        *,
        parts: bool,
    ) -> ReleaseRecord:
        """Take what is staged through rules and gate; the record of the release it may become.

        What the rules add and remove goes into the delta as well.
        """
        now = datetime.datetime.now(datetime.UTC)
        now = max(now, base.moment) if base else now  # clocks are set back; releases follow each other all the same
        known = base if base and wanted.source is None and not parts and delta.is_small else None
        self.progress("rules")
        self._derive(staging, before, known, delta, now.date())
        self.progress("gate")
        report = self._gate(staging, before, known, delta)
        number = (base.number if base else 0) + 1
        graphs = _counts(staging.store, base, delta)
        digest = wanted.digest if wanted.digest is not None else (base.project_digest if base else "")
        told = tell(delta, before, staging.store)
        return ReleaseRecord(
            number=number,
            created=now.isoformat(timespec="seconds"),
            who=wanted.who,
            reason=wanted.reason,
            base=base.number if base else None,
            quads=sum(graphs.values()),
            added=delta.added.total(),
            removed=delta.removed.total(),
            digest=delta.digest(base.digest if base else "0"),
            project_digest=digest,
            report=report,
            graphs=graphs,
            software=SOFTWARE,
            changed={
                graph: base.changed_in(graph) if base and graph in base.graphs and graph not in delta.graphs else number
                for graph in graphs
            },
            **asdict(told),
        )

    def _derive(
        self, staging: Staging, before: EmbeddedStore, base: ReleaseRecord | None, delta: Delta, today: datetime.date
    ) -> None:
        """Bring the derived graph up to date, where the change reaches if the base was made by the same rules."""
        if base and base.software == SOFTWARE:
            days = (base.moment.date(), today)
            with suppress(Unanalysable, TooMany):
                stated = list(delta.quads())
                delta.put_each(derive_where_reached(staging.store, before, staging.project, stated, days))
                return
        derive(staging.store, staging.project, today)
        delta.put_each(staging.store.differences(before, Iri(DERIVED_GRAPH)))

    def _gate(
        self, staging: Staging, before: EmbeddedStore, base: ReleaseRecord | None, delta: Delta
    ) -> dict[str, int]:
        """Validate, where the change reaches if the base was let through by the same shapes; findings by severity."""
        if base and delta.is_small:
            with suppress(Unanalysable, TooMany):
                changes = list(delta.quads())
                counts = base.report
                return dict(
                    gate_where_reached(staging.store, before, staging.project, changes, counts, union=self.union)
                )
        report = gate(staging.store, staging.project, union=self.union, folder=self._home.staging)
        return dict(report.counts)

    @contextmanager
    def _staging(self, number: int | None) -> Iterator[Staging]:
        """A staging folder that begins as a copy of a release, or empty; it goes in the end, whatever happens."""
        folder = self._home.staging
        folder.mkdir(parents=True)
        try:
            if number is not None:
                EmbeddedStore.open(self._home.store(number)).checkpoint(folder / "store")
                # a release never changes, so links will do
                shutil.copytree(self._home.project(number), folder / "project", copy_function=os.link)
            with closing(EmbeddedStore.create(folder / "store")) as store:
                yield Staging(store, folder / "project")
        finally:
            self._home.clear_staging()

    def _commit(self, staging: Staging, record: ReleaseRecord, delta: Delta) -> None:
        """Make what is staged the next release."""
        made = self._home.staging / "release"
        made.mkdir()
        staging.store.checkpoint(made / "store")
        staging.project.rename(made / "project")
        self._home.commit(made, record, delta.lines())

    def _current_record(self) -> ReleaseRecord | None:
        number = self._home.current()
        return self._home.record(number) if number else None


def project_digest(project: Path) -> str:
    """A digest of all that is published of a project: ontology, shapes, rules, queries and data."""
    return _files_digest(project, loading.KEPT)


def parts_digest(project: Path) -> str:
    """A digest of what a release keeps of a project beside the data."""
    return _files_digest(project, loading.PARTS)


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


def _counts(store: EmbeddedStore, base: ReleaseRecord | None, delta: Delta) -> dict[str, int]:
    """How many triples each graph holds, also an empty one; sorted by name."""
    counts = Counter[str](base.graphs if base else {})
    counts.update(delta.added)
    counts.subtract(delta.removed)
    named = set(store.graphs())
    return {graph: counts[graph] for graph in sorted(named | {DEFAULT_GRAPH}) if graph in named or counts[graph]}


def _put_back_derived(store: EmbeddedStore, before: EmbeddedStore) -> None:
    """What was taken from the derived graph is put back: it is for the rules alone. So nothing may be put into it."""
    taken: list[Quad] = []
    for added, quad in store.differences(before, Iri(DERIVED_GRAPH)):
        if added:
            raise GraphRefused(DERIVED)
        taken.append(quad)
    store.replace_quads((), taken)


def _refuse_vocabulary(staging: Staging, delta: Delta) -> None:
    if touched := sorted(delta.graphs & staging.vocabulary):
        raise Forbidden(f"The graph {touched[0]} says what words mean: changing it takes a token of scope admin.")
