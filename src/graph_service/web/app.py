"""App: puts routers, error handlers and the envelope of every answer together. Assembly only."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from graph_service.errors import GraphServiceError
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


def create_app(followed: Releases, settings: Settings) -> FastAPI:
    """Make the web application over the releases of a home folder."""
    app = FastAPI(title="graph-service", openapi_url=None, docs_url=None, redoc_url=None)
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
    return app
