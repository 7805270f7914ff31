"""Publishing: staging → load → rules → gate → release N → current. One writer at a time, between processes."""

from __future__ import annotations

import datetime
import getpass
import hashlib
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from graph_service import loading
from graph_service.errors import (
    DataRefused,
    Forbidden,
    GraphRefused,
    LostUpdate,
    NoRelease,
    ReleasePruned,
)
from graph_service.home import Home, ReleaseRecord
from graph_service.loading import Progress
from graph_service.staging import (
    Change,
    Changed,
    Staging,
    derive,
    gate,
    graph_triples,
)
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import DEFAULT_GRAPH, DERIVED_GRAPH, GENID, Iri, Quad, graph_iri, nquad


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

        def guarded(staging: Staging) -> Changed:
            derived = graph_triples(staging.store, Iri(DERIVED_GRAPH))
            changed = change(staging)
            if graph_triples(staging.store, Iri(DERIVED_GRAPH)) - derived:
                raise GraphRefused(f"The graph {DERIVED_GRAPH} is made by rules and cannot be written.")
            return changed

        if self._home.current() is None:
            raise NoRelease("Nothing is published yet: run `graph-service load`.")
        return self._write(guarded, who=who, reason=reason, expected=expected, dry_run=dry_run, vocabulary=vocabulary)

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

        return self._write(change, who=who, reason=reason, digest=digest)

    def load_files(self, paths: Sequence[Path], *, who: str, reason: str = "load of files") -> Written:
        """Publish data files, each into the graph named by its stem, beside what is there. Raises as `load_project`."""
        graphs = {graph_iri(path.stem): path for path in paths}

        def change(staging: Staging) -> Changed:
            loading.replace_graphs(staging.store, graphs, None, self.progress)
            return Changed()

        if self._home.current() is None:
            raise DataRefused("There is no release to add to yet: run `graph-service load` without a path first.")
        return self._write(change, who=who, reason=reason)

    def rollback(self, number: int, *, who: str, reason: str = "") -> Written:
        """Publish the content of an earlier release as a new one; derived statements are made anew.

        Raises:
            UnknownRelease, ReleasePruned, and as `load_project`.
        """
        digest = self._home.record(number).project_digest
        if not self._home.keeps(number):
            raise ReleasePruned(f"The data of release {number} is no longer kept: it cannot be rolled back to.")
        why = reason or f"rollback to release {number}"
        return self._write(lambda staging: Changed(parts=True), who=who, reason=why, digest=digest, source=number)

    def _write(
        self,
        change: Change,
        *,
        who: str,
        reason: str,
        digest: str | None = None,
        source: int | None = None,
        expected: Expected | None = None,
        dry_run: bool = False,
        vocabulary: bool = True,
    ) -> Written:
        """The one way from a change to a release: lock, staging copy, change, rules, gate, commit."""
        with self._home.writer(self.wait_s):
            base = self._current_record()
            if expected and base:
                expected.check(base)
            with self._staging(source or (base.number if base else None)) as staging:
                changed = change(staging)
                before, graphs = self._content(base.number) if base else (frozenset[Quad](), frozenset[Iri]())
                asserted, warnings = self._asserted(staging, before)
                stated = _without_derived(before)
                same = asserted == stated and _graphs(staging.store) == graphs
                warnings = (*changed.warnings, *warnings)
                if base and same and not changed.parts:
                    return Written(base, new=False, warnings=warnings)
                if not vocabulary:
                    _refuse_vocabulary(staging, asserted ^ stated)
                record, after = self._release(staging, base, asserted, before, who=who, reason=reason, digest=digest)
                if not dry_run:
                    self.progress("release")
                    self._commit(staging, record, after - before, before - after)
                    self._home.prune(self.keep)
            added, removed = len(asserted - stated), len(stated - asserted)
            derived = record.added - added, record.removed - removed
            return Written(record, True, added, removed, *derived, warnings=warnings)

    def _asserted(self, staging: Staging, before: frozenset[Quad]) -> tuple[frozenset[Quad], tuple[str, ...]]:
        """What is stated, apart from what the rules derive; new blank nodes get IRIs (RDF 1.1 Concepts, 3.5).

        Without them a delta could not be replayed. In the plain dataset of the specification they stay.
        """
        asserted = _without_derived(staging.store.quads())
        blank = frozenset(quad for quad in asserted - before if any(map(_is_blank, quad))) if self.union else ()
        if not blank:
            return asserted, ()
        parts = {part for subject, _, value, _ in blank for part in (subject, value) if isinstance(part, Iri)}
        names = {part: Iri(GENID + uuid.uuid4().hex) for part in parts if _is_blank(part)}
        named = frozenset((names.get(s, s), p, names.get(o, o) if isinstance(o, Iri) else o, g) for s, p, o, g in blank)
        staging.store.replace_quads(blank, named)
        warning = f"{len(names)} blank node{'s were' if len(names) > 1 else ' was'} given an IRI below {GENID}"
        return asserted - blank | named, (warning,)

    def _release(
        self,
        staging: Staging,
        base: ReleaseRecord | None,
        asserted: frozenset[Quad],
        before: frozenset[Quad],
        *,
        who: str,
        reason: str,
        digest: str | None,
    ) -> tuple[ReleaseRecord, frozenset[Quad]]:
        """Take what is staged through rules and gate; the record of the release it may become, and its quads."""
        now = datetime.datetime.now(datetime.UTC)
        self.progress("rules")
        derive(staging.store, staging.project, now.date())
        self.progress("gate")
        derived = Iri(DERIVED_GRAPH)
        quads = asserted | {(*triple, derived) for triple in staging.store.graph(derived)}
        report = gate(quads, staging.project, union=self.union)
        number = (base.number if base else 0) + 1
        counts = Counter(dict.fromkeys(staging.store.graphs(), 0))
        counts.update(quad[3] for quad in quads)
        touched = {quad[3] for quad in quads ^ before}
        record = ReleaseRecord(
            number=number,
            created=now.isoformat(timespec="seconds"),
            who=who,
            reason=reason,
            base=base.number if base else None,
            quads=len(quads),
            added=len(quads - before),
            removed=len(before - quads),
            digest=quad_digest(quads - before, before - quads, base.digest if base else "0"),
            project_digest=digest if digest is not None else (base.project_digest if base else ""),
            report=dict(report.counts),
            graphs=dict(sorted(counts.items())),
            software=version("graph-service"),
            changed={
                graph: base.changed_in(graph) if base and graph in base.graphs and graph not in touched else number
                for graph in sorted(counts)
            },
        )
        return record, quads

    @contextmanager
    def _staging(self, number: int | None) -> Iterator[Staging]:
        """A staging folder that begins as a copy of a release, or empty; it goes in the end, whatever happens."""
        folder = self._home.staging
        folder.mkdir(parents=True)
        if number is not None:
            EmbeddedStore.open(self._home.store(number)).checkpoint(folder / "store")
            # a release never changes, so links will do
            shutil.copytree(self._home.project(number), folder / "project", copy_function=os.link)
        staging = Staging(EmbeddedStore.create(folder / "store"), folder / "project")
        try:
            yield staging
        finally:
            staging.store.close()
            self._home.clear_staging()

    def _commit(self, staging: Staging, record: ReleaseRecord, added: Iterable[Quad], removed: Iterable[Quad]) -> None:
        """Make what is staged the next release."""
        made = self._home.staging / "release"
        made.mkdir()
        staging.store.checkpoint(made / "store")
        staging.project.rename(made / "project")
        self._home.commit(made, record, added, removed)

    def _current_record(self) -> ReleaseRecord | None:
        number = self._home.current()
        return self._home.record(number) if number else None

    def _content(self, number: int) -> tuple[frozenset[Quad], frozenset[Iri]]:
        """The quads of a release, and the names of its graphs, also of empty ones."""
        store = EmbeddedStore.open(self._home.store(number))
        return frozenset(store.quads()), _graphs(store)


def project_digest(project: Path) -> str:
    """A digest of all that is published of a project: ontology, shapes, rules, queries and data."""
    return _files_digest(project, loading.KEPT)


def parts_digest(project: Path) -> str:
    """A digest of what a release keeps of a project beside the data."""
    return _files_digest(project, loading.PARTS)


def quad_digest(quads: Iterable[Quad], removed: Iterable[Quad] = (), base: str = "0") -> str:
    """A digest of a set of quads, whatever their order: the sum of their SHA-256, so that a delta can update it.

    Args:
        quads, removed: what was added to and taken from the set whose digest is `base`; "0" is the empty one.
    """
    return f"{(int(base, 16) + _sum(quads) - _sum(removed)) % 2**256:064x}"


def user_name() -> str:
    """The name of who runs this command, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _sum(quads: Iterable[Quad]) -> int:
    return sum(int.from_bytes(hashlib.sha256(nquad(quad).encode()).digest()) for quad in quads)


def _files_digest(folder: Path, parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for part in parts for path in (folder / part).glob("**/*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _without_derived(quads: Iterable[Quad]) -> frozenset[Quad]:
    return frozenset(quad for quad in quads if quad[3] != DERIVED_GRAPH)


def _graphs(store: EmbeddedStore) -> frozenset[Iri]:
    return frozenset(store.graphs()) - {DERIVED_GRAPH}


def _is_blank(part: object) -> bool:
    return isinstance(part, Iri) and part.startswith("_:")


def _refuse_vocabulary(staging: Staging, difference: Iterable[Quad]) -> None:
    if touched := sorted({quad[3] for quad in difference} & staging.vocabulary):
        raise Forbidden(f"The graph {touched[0]} says what words mean: changing it takes a token of scope admin.")
