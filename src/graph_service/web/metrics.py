"""Metrics: what happened and how long it took, for Prometheus (text format 0.0.4), told at /metrics.

Families of addresses stand for routes, so that no address makes a series of its own. Where several processes serve,
each keeps what it counts in a folder that they share, and whichever is asked tells the sum.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import Scope

from graph_service.errors import GraphServiceError
from graph_service.readers.remote import AnyReaders
from graph_service.releases import Releases
from graph_service.terms import LANGUAGES
from graph_service.web.kept import Answers

BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
HOME, OTHER = "home", "other"  # the first page; addresses that nothing answers at
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"))
TOLD_S = 1.0  # how old the figures of another process may be
ALIKE = {  # figures that are the same in all processes, or of which the least counts; all others are summed
    "graph_service_release": "livemax",
    "graph_service_release_age_seconds": "livemin",
    "graph_service_quads": "livemax",
    "graph_service_in_memory": "livemin",
}


class Metrics:
    """Counts requests and writes, and tells what the others count.

    `folder`: where several processes keep what they count (see `settings.share_metrics`); None for one alone.
    """

    def __init__(self, families: Collection[str], inside: Collector, folder: Path | None = None) -> None:
        own = None if folder else CollectorRegistry()
        self._folder = folder
        self._families = frozenset(families)
        self._requests = Counter(
            "graph_service_requests", "Requests answered", ("route", "method", "status"), registry=own
        )
        self._seconds = Histogram(
            "graph_service_request_seconds",
            "Time until the whole answer was sent",
            ("route", "outcome"),
            buckets=BUCKETS_S,
            registry=own,
        )
        self._steps = Histogram(
            "graph_service_write_seconds",
            "Time of the steps of writes over HTTP",
            ("step",),
            buckets=BUCKETS_S,
            registry=own,
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}  # looking them up takes time
        self._own, self._shared = own, _Shared(inside)
        if own:
            own.register(inside)

    def seen(self, scope: Scope, status: int, seconds: float) -> str:
        """Count one request; returns its family of addresses."""
        route = self.route(scope["path"])
        method = scope["method"] if scope["method"] in METHODS else OTHER
        found = self._known.get((route, method, status))
        if found is None:
            timed = self._seconds.labels(route, f"{status // 100}xx")
            found = self._known[route, method, status] = self._requests.labels(route, method, str(status)), timed
        found[0].inc()
        found[1].observe(seconds)
        return route

    def writing(self) -> Steps:
        """The steps of a write that begins now."""
        return Steps(self._steps)

    def text(self) -> bytes:
        """All figures of this moment, of all processes."""
        if self._own:
            return bytes(generate_latest(self._own))
        self._shared.tell()
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return bytes(generate_latest(registry))

    async def share(self) -> None:
        """Keep what others count in the shared folder, over and over, for whoever tells it."""
        while self._own is None:
            self._shared.tell()
            await asyncio.sleep(TOLD_S)

    def route(self, path: str) -> str:
        """The family of addresses that a path belongs to."""
        parts = path.removeprefix("/").split("/")
        first = ([*parts, ""][1] if parts[0] in LANGUAGES else parts[0]).partition(".")[0]
        return (first or HOME) if first in self._families else OTHER


class Steps:
    """Times the steps of one write: called with the name of each as it begins."""

    def __init__(self, seconds: Histogram) -> None:
        self._seconds, self._step, self._since = seconds, "change", time.perf_counter()

    def __call__(self, step: str) -> None:
        """The next step begins; what names a single file or graph counts as a part of the step before."""
        if step in ("rules", "gate", "release"):
            self.end()
            self._step = step

    def end(self) -> None:
        """The last step ends."""
        now = time.perf_counter()
        self._seconds.labels(self._step).observe(now - self._since)
        self._since = now


class _Shared:
    """What a collector tells, put where the figures of all processes are summed."""

    def __init__(self, inside: Collector) -> None:
        self._inside = inside
        self._gauges: dict[str, Gauge] = {}
        self._counters: dict[str, Counter] = {}
        self._told: dict[tuple[str, tuple[str, ...]], float] = {}

    def tell(self) -> None:
        """Put the figures of this moment there."""
        for family in self._inside.collect():
            for sample in family.samples:
                names, values = tuple(sample.labels), tuple(sample.labels.values())
                if family.type == "gauge":
                    self._set(family, names, values, sample.value)
                else:
                    self._count(family, names, values, sample.value)

    def _set(self, family: Metric, names: Sequence[str], values: tuple[str, ...], value: float) -> None:
        gauge = self._gauges.get(family.name)
        if gauge is None:
            mode = ALIKE.get(family.name, "livesum")
            gauge = Gauge(family.name, family.documentation, names, registry=None, multiprocess_mode=mode)  # type: ignore[arg-type]  # one of those listed
            self._gauges[family.name] = gauge
        (gauge.labels(*values) if values else gauge).set(value)

    def _count(self, family: Metric, names: Sequence[str], values: tuple[str, ...], value: float) -> None:
        counter = self._counters.get(family.name)
        if counter is None:
            counter = self._counters[family.name] = Counter(family.name, family.documentation, names, registry=None)
        since = self._told.get((family.name, values), 0.0)
        self._told[family.name, values] = value
        (counter.labels(*values) if values else counter).inc(max(value - since, 0.0))


class Inside(Collector):
    """What is counted where it happens: releases, readers, kept answers."""

    def __init__(self, releases: Releases, readers: AnyReaders, kept: Answers) -> None:
        self._releases, self._readers, self._kept = releases, readers, kept

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment."""
        yield GaugeMetricFamily("graph_service_workers", "Web processes", 1)
        yield from self._release()
        now = self._readers.state()
        lanes = GaugeMetricFamily("graph_service_queries", "Queries of SPARQL by what they do", labels=("state",))
        for state, count in (("quick", now.quick), ("slow", now.slow), ("waiting", now.waiting)):
            lanes.add_metric((state,), count)
        yield lanes
        yield GaugeMetricFamily("graph_service_readers", "Reader processes", now.processes)
        yield GaugeMetricFamily("graph_service_in_memory", "Whether readers hold the release in memory", now.in_memory)
        yield _counted("graph_service_queries_stopped", "Queries stopped, by why", "why", now.stopped)
        found = {"kept": self._kept.hits, "made": self._kept.misses}
        yield _counted("graph_service_kept", "Answers that were kept, or had to be made", "found", found)
        yield GaugeMetricFamily("graph_service_kept_bytes", "Size of the answers that are kept", self._kept.size_bytes)

    def _release(self) -> Iterator[Metric]:
        try:
            record = self._releases.record(self._releases.number or 0)
        except GraphServiceError:
            return
        yield GaugeMetricFamily("graph_service_release", "Number of the current release", record.number)
        age = max((datetime.now(UTC) - record.moment).total_seconds(), 0.0)  # a clock may have been set back
        yield GaugeMetricFamily("graph_service_release_age_seconds", "Time since it was published", age)
        yield GaugeMetricFamily("graph_service_quads", "Statements of the current release", record.quads)


def _counted(name: str, words: str, label: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, words, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family
