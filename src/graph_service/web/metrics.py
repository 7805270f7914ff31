"""Metrics: what happened and how long it took, for Prometheus (text format 0.0.4), told at /metrics.

One registry for each application; families of addresses stand for routes, so that no address makes a series of its own.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.errors import GraphServiceError
from graph_service.readers.lanes import Readers
from graph_service.releases import Releases
from graph_service.terms import LANGUAGES
from graph_service.web.kept import Answers

BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
HOME, OTHER = "home", "other"  # the first page; addresses that nothing answers at


class Metrics:
    """Counts requests, and tells what the others count."""

    def __init__(self, families: Collection[str]) -> None:
        self.registry = CollectorRegistry()
        self._families = frozenset(families)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._requests = Counter(
            "graph_service_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "graph_service_request_seconds",
            "Time until the whole answer was sent",
            ("route",),
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def seen(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        parts = scope["path"].removeprefix("/").split("/")
        first = (parts[1] if parts[0] in LANGUAGES and parts[1:] else parts[0]).partition(".")[0]
        route = (first or HOME) if first in self._families else OTHER
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS") else OTHER
        key = route, method, status
        if key not in self._children:  # looking for them takes longer than counting
            self._children[key] = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
        count, time = self._children[key]
        count.inc()
        time.observe(seconds)

    def text(self) -> bytes:
        """All figures of this moment."""
        return bytes(generate_latest(self.registry))


class Watched:
    """ASGI middleware around all others: each request is counted and timed."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status, began = 500, time.perf_counter()

        async def listen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, listen)
        finally:
            self._metrics.seen(scope, status, time.perf_counter() - began)


class Inside(Collector):
    """What is counted where it happens: releases, readers, kept answers."""

    def __init__(self, releases: Releases, readers: Readers, kept: Answers) -> None:
        self._releases, self._readers, self._kept = releases, readers, kept

    def collect(self) -> Iterator[Metric]:
        """The figures of this moment."""
        yield from self._release()
        now = self._readers.state()
        lanes = GaugeMetricFamily("graph_service_queries", "Queries of SPARQL by what they do", labels=("state",))
        for state, count in (("quick", now.quick), ("slow", now.slow), ("waiting", now.waiting)):
            lanes.add_metric((state,), count)
        yield lanes
        yield GaugeMetricFamily("graph_service_readers", "Reader processes", now.processes)
        yield GaugeMetricFamily("graph_service_in_memory", "Whether readers hold the release in memory", now.in_memory)
        ended = CounterMetricFamily("graph_service_queries_stopped", "Queries stopped, by why", labels=("why",))
        for why, count in sorted(now.stopped.items()):
            ended.add_metric((why,), count)
        yield ended
        words = "Answers that were kept, or had to be made"
        asked = CounterMetricFamily("graph_service_kept", words, labels=("found",))
        asked.add_metric(("kept",), self._kept.hits)
        asked.add_metric(("made",), self._kept.misses)
        yield asked
        yield GaugeMetricFamily("graph_service_kept_bytes", "Size of the answers that are kept", self._kept.size_bytes)

    def _release(self) -> Iterator[Metric]:
        try:
            record = self._releases.record(self._releases.number or 0)
        except GraphServiceError:
            return
        yield GaugeMetricFamily("graph_service_release", "Number of the current release", record.number)
        age = (datetime.now(UTC) - record.moment).total_seconds()
        yield GaugeMetricFamily("graph_service_release_age_seconds", "Time since it was published", age)
        yield GaugeMetricFamily("graph_service_quads", "Statements of the current release", record.quads)
