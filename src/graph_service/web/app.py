"""App: puts routers, error handlers and the envelope of every answer together. Assembly only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from graph_service.errors import GraphServiceError
from graph_service.home import Home
from graph_service.readers.lanes import Limits, Readers
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
)
from graph_service.web.addresses import Localised
from graph_service.web.compression import Compression
from graph_service.web.envelope import Envelope
from graph_service.web.express import Express
from graph_service.web.kept import Answers, Kept
from graph_service.web.metrics import Inside, Metrics, Watched


def create_app(followed: Releases, settings: Settings) -> FastAPI:
    """Make the web application over the releases of a home folder."""
    readers = Readers(Home(settings.home), _limits(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await readers.stop()

    app = FastAPI(title="graph-service", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.readers = readers
    app.state.releases = followed
    app.state.settings = settings
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
    app.add_middleware(Compression)
    app.add_middleware(Envelope)
    app.add_middleware(Localised)
    kept = Answers(settings.cache_mb * 1_000_000)
    app.add_middleware(Kept, releases=followed, answers=kept)
    metrics = app.state.metrics = Metrics(_families(app.state.routes))
    metrics.registry.register(Inside(followed, readers, kept))
    app.add_middleware(Watched, metrics=metrics)
    app.state.express = Express(followed, readers, kept, settings, metrics)
    return app


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
