"""Steady: an answer made of what a remote engine holds is of one release from its first query to its last.

The engine may go on to the next release between two queries of one page. So what an answer was made of is looked at
again before its first byte is sent; where it has moved, the request is made anew.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph_service.errors import EngineMoved, GraphServiceError
from graph_service.mirroring import Mirror
from graph_service.store.remote import ASKED

FOLLOW_S = 1.0  # how often it is looked whether the engine holds the current release, as far as is known here
CHECK_S = 10.0  # how often it is asked
TRIES_S = 5.0  # how long a request may be made anew
PAUSE_S = 0.02

log = logging.getLogger(__name__)


class _Anew(Exception):
    """What the engine holds has changed while this answer was made."""


class Steady:
    """ASGI middleware around the application."""

    def __init__(self, app: ASGIApp, mirror: Mirror, problem: Callable[[Request, GraphServiceError], Response]) -> None:
        self.app, self._mirror, self._problem = app, mirror, problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _is_safe(scope):
            return await self.app(scope, receive, send)
        again, deadline = _Replayed(receive), time.monotonic() + TRIES_S
        state = scope.setdefault("state", {})
        before = dict(state)
        while True:
            held = _Held(send, partial(self._check, self._mirror.state()))
            asked = ASKED.set(held.asked)
            try:
                return await self.app(dict(scope), again.receive, held.send)
            except Exception:
                if held.error is None:
                    raise
            finally:
                ASKED.reset(asked)
            if isinstance(held.error, EngineMoved) and time.monotonic() < deadline:
                again.from_the_start()
                state.clear()
                state.update(before)
                await asyncio.sleep(PAUSE_S)
                continue
            return await self._problem(Request(scope), held.error)(scope, receive, send)

    async def _check(self, before: str, asked: set[int]) -> None:
        """Raise EngineMoved, or EngineUnavailable, where an answer is not to be sent."""
        if self._mirror.state() != before:
            raise EngineMoved("The graph store went on to another release in the meantime: ask again.")
        for number in asked:
            await run_in_threadpool(self._mirror.verify, number)


def _is_safe(scope: Scope) -> bool:
    """Whether a request changes nothing, so that it may be made anew."""
    return scope["method"] in ("GET", "HEAD") or str(scope["path"]).startswith("/sparql")


def keep_filled(mirror: Mirror, stop: threading.Event) -> None:
    """Have the engine hold the current release, whenever it does not. For a thread that may end at any time."""
    checked, said = float("-inf"), ""
    while not stop.is_set():
        now = time.monotonic()
        if mirror.is_behind() or now - checked > CHECK_S:
            try:
                mirror.catch_up(0.0)
            except GraphServiceError:
                pass  # it is the mirror's problem, told below
            except Exception:  # a fault of ours must not end it for good
                if stop.is_set():
                    return
                log.exception("the graph store could not be filled")
            checked = now
            if mirror.problem != said:
                said = mirror.problem
                log.warning("%s", said or "The graph store holds the current release again.")
        stop.wait(FOLLOW_S)


class _Held:
    """Holds back the start of an answer until there is more of it, and then looks whether it may be sent."""

    def __init__(self, send: Send, check: Callable[[set[int]], object]) -> None:
        self._send, self._check = send, check
        self._start: Message | None = None
        self.asked: set[int] = set()  # the releases that the engine was asked of
        self.error: GraphServiceError | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            if self.asked and start["status"] != 503:
                await self._look()
            await self._send(start)
        await self._send(message)

    async def _look(self) -> None:
        try:
            await self._check(self.asked)  # type: ignore[misc]  # a coroutine function
        except GraphServiceError as error:
            self.error = error
            raise _Anew from None


class _Replayed:
    """What arrives of a request, to be told again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._heard: list[Message] = []
        self._place = 0

    def from_the_start(self) -> None:
        self._place = 0

    async def receive(self) -> Message:
        if self._place == len(self._heard):
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._heard.append(message)
        self._place += 1
        return self._heard[self._place - 1]
