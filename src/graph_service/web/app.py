"""App: puts routers, error handlers and the envelope of every answer together. Assembly only."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from graph_service import bounded
from graph_service.apart import Workshop
from graph_service.errors import GraphServiceError
from graph_service.home import Home
from graph_service.readers.answers import Limits
from graph_service.readers.lanes import Readers
from graph_service.readers.remote import AnyReaders, RemoteReaders
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web import (
    about,
    answers,
    coverage,
    descriptions,
    exports,
    graphs,
    identifiers,
    lists,
    network,
    operations,
    problems,
    queries,
    records,
    releases,
    roadmaps,
    search,
    sparql,
    updates,
    validating,
    vocabulary,
    writes,
)
from graph_service.web.addresses import Localised
from graph_service.web.compression import Compression
from graph_service.web.envelope import Envelope
from graph_service.web.kept import Answers, Kept
from graph_service.web.logs import request_log
from graph_service.web.metrics import Inside, Metrics
from graph_service.web.steady import Steady, keep_filled
from graph_service.web.watched import Watched, WatchedExpress


def create_app(followed: Releases, settings: Settings, metrics_folder: Path | None = None) -> FastAPI:
    """Make the web application over the releases of a home folder.

    Args:
        metrics_folder: what several processes that serve as one keep their figures in.
    """
    readers = _readers(followed, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sharing = asyncio.ensure_future(metrics.share())
        if followed.mirror is not None:
            threading.Thread(target=keep_filled, args=(followed.mirror, app.state.stopping), daemon=True).start()
        bounded.prepare(writes.place(settings))
        yield
        app.state.stopping.set()
        sharing.cancel()
        app.state.workshop.close()
        await readers.stop()

    app = FastAPI(title="graph-service", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.readers = readers
    app.state.workshop = Workshop(
        places=settings.readers,
        wait_s=settings.query_timeout_s,
        timeout_s=settings.query_timeout_s,
        memory_mb=settings.query_memory_mb,
    )
    app.state.releases = followed
    app.state.settings = settings
    app.state.stopping = threading.Event()
    rooms = (
        descriptions,
        answers,
        coverage,
        network,
        roadmaps,
        lists,
        records,
        identifiers,
        about,
        queries,
        search,
        sparql,
        updates,
        graphs,
        releases,
        exports,
        validating,
        vocabulary,
        operations,
    )
    for room in rooms:
        app.include_router(room.router)
    app.state.routes = tuple(route for room in rooms for route in room.router.routes)
    app.add_exception_handler(GraphServiceError, problems.on_error)
    app.add_exception_handler(HTTPException, problems.on_http_error)
    if followed.mirror is not None:
        app.add_middleware(Steady, mirror=followed.mirror, problem=problems.answer_error)
    app.add_middleware(Compression)
    secure, log = settings.base_url.startswith("https:"), request_log(settings)
    app.add_middleware(Envelope, secure=secure)
    app.add_middleware(Localised)
    kept = Answers(settings.cache_mb * 1_000_000, lambda: followed.mirror is not None and not followed.engine().ready)
    app.add_middleware(Kept, releases=followed, answers=kept)
    metrics = app.state.metrics = Metrics(_families(app.state.routes), Inside(followed, readers, kept), metrics_folder)
    app.add_middleware(Watched, metrics=metrics, log=log, releases=followed)
    own = readers if isinstance(readers, Readers) else None
    app.state.express = WatchedExpress(followed, own, kept, settings, metrics, log=log, secure=secure)
    return app


def _readers(followed: Releases, settings: Settings) -> AnyReaders:
    limits = _limits(settings)
    own = Readers(Home(settings.home), limits)
    return RemoteReaders(own, followed.mirror, limits) if followed.mirror else own


def _families(routes: Sequence[BaseRoute]) -> set[str]:
    """The first parts of all addresses, empty for the home page."""
    paths = (route.path for route in routes if isinstance(route, Route))
    return {re.split(r"[/{.]", path.removeprefix("/"), maxsplit=1)[0] for path in paths}


def _limits(settings: Settings) -> Limits:
    return Limits(
        readers=settings.readers,
        max_waiting=settings.max_waiting,
        wait_s=settings.query_timeout_s,
        query_memory_mb=settings.query_memory_mb,
        memory_mb=settings.memory_mb,
    )
