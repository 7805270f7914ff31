"""Streams: answers of readers on their way to clients. A client that goes away stops its query."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from graph_service.errors import QueryStopped
from graph_service.readers.answers import Answer
from graph_service.readers.frames import Query
from graph_service.readers.remote import AnyReaders
from graph_service.web.kept import ANSWER

log = logging.getLogger(__name__)


async def asked(request: Request, release: int, query: Query) -> Answer:
    """Have a query answered, unless the client goes away before its first bytes. Raises as `Readers.ask`, and
    QueryStopped for nobody to read."""
    readers: AnyReaders = request.app.state.readers
    client = request.client.host if request.client else ""
    begun: Answer | None = request.scope.get("extensions", {}).get(ANSWER)
    asking = asyncio.ensure_future(_first(readers, begun) if begun else readers.ask(release, query, client))
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((asking, leaving), return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        asking.cancel()
        raise QueryStopped("The client went away before there was an answer.")
    finally:
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving


async def _first(readers: AnyReaders, begun: Answer) -> Answer:
    try:
        await begun.spool.ready()
    except BaseException:
        readers.close(begun)
        raise
    return begun


async def whole(readers: AnyReaders, answer: Answer) -> bytes:
    """All bytes of an answer.

    Raises:
        QueryStopped: it ended before its time.
    """
    try:
        return b"".join([part async for part in answer.spool])
    finally:
        readers.close(answer)


def response(readers: AnyReaders, answer: Answer, media_type: str, headers: Mapping[str, str]) -> Response:
    """An answer as a response: of known length where all of it is here, else as it comes."""
    here = answer.spool.whole()
    if here is not None:
        readers.close(answer)
        return Response(here, 200, dict(headers), media_type)
    return _Stream(_parts(readers, answer), 200, dict(headers), media_type)


async def _parts(readers: AnyReaders, answer: Answer) -> AsyncIterator[bytes]:
    try:
        async for part in answer.spool:
            yield part
    finally:
        readers.close(answer)


class _Stream(StreamingResponse):
    """Where an answer breaks off, so does the connection: a client must not take a part for the whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except QueryStopped as error:
            log.warning("an answer broke off: %s", error)


async def _left(request: Request) -> None:
    """Returns when the client has gone. Whatever else comes, twice at most, is of its body."""
    for _ in range(2):
        if (await request.receive())["type"] == "http.disconnect":
            return
    await asyncio.get_running_loop().create_future()
