"""Addresses: where this service is reached from outside. IRIs never change with it."""

from __future__ import annotations

from starlette.requests import Request

from graph_service.settings import Settings


def origin(request: Request) -> str:
    """Scheme, host and port, without a slash at the end: the setting `base_url`, else the request's own."""
    settings: Settings = request.app.state.settings
    return settings.base_url or str(request.base_url).rstrip("/")
