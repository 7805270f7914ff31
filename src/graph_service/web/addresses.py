"""Addresses: where this service is reached from outside, and in which language. IRIs never change with it.

A page in another language has that language in front of its path: `/es/axes`. Inside, the path is that without it.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from graph_service.settings import Settings
from graph_service.terms import LANGUAGES

_LOCALISED = re.compile(rf"/(?P<language>{'|'.join(LANGUAGES)})(?P<path>/.*)?")
# links and forms of a page to other pages of ours: files of the pages and those that name a language stay as they are
_LINK = re.compile(
    r'(?P<before>(?<!hreflang="x-default" )\b(?:href|action)=")'
    rf'(?P<path>/(?!/|static/|(?:{"|".join(LANGUAGES)})(?:[/?#"]))[^"]*)',
    re.ASCII,
)


class Localised:
    """ASGI middleware. Takes the language from the front of the path; `language_of` tells it from then on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on under its path without the language."""
        found = _LOCALISED.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found:
            path = found["path"] or "/"
            state = {**scope.get("state", {}), "language": found["language"]}
            scope = {**scope, "path": path, "raw_path": quote(path).encode(), "state": state}
        await self.app(scope, receive, send)


def language_of(request: Request) -> str:
    """The language in front of the path; empty where there is none."""
    return str(getattr(request.state, "language", ""))


def prefix(language: str) -> str:
    """What stands in front of the path of a page in a language that was chosen; empty where none was.

    >>> prefix("es"), prefix("")
    ('/es', '')
    """
    return f"/{language}" if language else ""


def lead_on(page: str, front: str) -> str:
    """Have all links and forms of a page lead to pages in the same language.

    >>> lead_on('<a href="/axes?as_of=2018"><a href="/static/x"><a href="/fr/axes"><form action="/ask">', "/es")
    '<a href="/es/axes?as_of=2018"><a href="/static/x"><a href="/fr/axes"><form action="/es/ask">'
    """
    return _LINK.sub(rf"\g<before>{front}\g<path>", page) if front else page


def origin(request: Request) -> str:
    """Scheme, host and port, without a slash at the end: the setting `base_url`, else the request's own."""
    settings: Settings = request.app.state.settings
    return settings.base_url or str(request.base_url).rstrip("/")
