"""Envelope: what every answer has, whatever it is. Security headers, open reading from other origins, HEAD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.web import problems

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",  # open data: pages of others may use it
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Link, Age, Cache-Status, Content-Disposition, Content-Location, Content-Range, Memento-Datetime, "
        "Repr-Digest, Retry-After, X-Request-ID"
    ),
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": (
        "Accept, Accept-Datetime, Authorization, Content-Type, "
        "If-Match, If-None-Match, If-Range, Prefer, Range, X-Reason, X-Request-ID"
    ),
    "Access-Control-Max-Age": "86400",
}

# whoever came by https once comes by https alone (RFC 6797); for the host alone, as others below it are not ours
SECURE = {"Strict-Transport-Security": "max-age=31536000"}


class Envelope:
    """ASGI middleware. HEAD is a GET whose body stays here (RFC 9110, 9.3.2); a fault of ours becomes a 500."""

    def __init__(self, app: ASGIApp, *, secure: bool = False) -> None:
        """`secure`: the service is reached by https."""
        self.app, self._headers = app, {**HEADERS, **(SECURE if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and its answer back."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        state = {**scope.get("state", {})}  # where `current_release` leaves what the answer says of its time
        if "seen" in state:
            state["seen"].made = True
        answering = _Answering(send, self._headers, state, without_body=scope["method"] == "HEAD")
        inner = {**scope, "state": state, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        if scope["method"] == "OPTIONS":
            return await Response(status_code=204, headers=PREFLIGHT)(scope, receive, answering.send)
        try:
            await self.app(inner, receive, answering.send)
        except ClientDisconnect:  # in the middle of its body: there is nobody to answer
            return
        except Exception as error:
            if answering.started:
                raise
            answer = await run_in_threadpool(problems.on_failure, Request(inner), error)
            await answer(inner, receive, answering.send)


class _Answering:
    """One answer on its way out."""

    def __init__(self, send: Send, headers: Mapping[str, str], state: Mapping[str, Any], *, without_body: bool) -> None:
        self._send, self._headers, self._state, self._without_body = send, headers, state, without_body
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers[name] = value
            for name, value in self._state.get("time", {}).items():
                if name == "Content-Location" and message["status"] != 200:
                    continue
                listed = name in ("Link", "Vary") and headers.get(name)
                headers[name] = f"{listed}, {value}" if listed else value
        elif message["type"] == "http.response.body" and self._without_body:
            message = {**message, "body": b""}
        await self._send(message)
