"""Streaming: anybody's queries to a remote engine, for an event loop: answers as they come, in the engine's bytes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import httpx2

from graph_service.errors import EngineUnavailable, QueryTimeout, ReadersDown
from graph_service.store.engine import CONNECT_S, POOL, TOLD_BYTES, Addresses, Breaker, place, refuse, request_of, told

NEAR_S = 1.0  # before the deadline: an engine that fails then has kept it itself
_TOO_LATE = frozenset((408, 500, 503, 504))


class Streams:
    """One pool of connections to an engine, for one event loop."""

    def __init__(self, addresses: Addresses, breaker: Breaker) -> None:
        self._addresses, self._breaker = addresses, breaker
        self._client = httpx2.AsyncClient(
            headers=addresses.headers(),
            auth=addresses.auth(),
            limits=httpx2.Limits(max_connections=POOL, max_keepalive_connections=POOL),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def query(
        self, text: str, accept: str, graphs: Sequence[tuple[str, str]] | None, timeout_s: float
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Run a query; within the block its answer can be read. Leaving it ends the request.

        Raises:
            QueryTimeout: the engine says that it took too long.
            QueryFailed: it refuses the query.
            EngineUnavailable: it is away, or its answer is none.
            ReadersDown: its answer breaks off.
        """
        self._breaker.check()
        url, form = request_of(self._addresses, text, graphs, timeout_s)
        timeout = httpx2.Timeout(timeout_s + NEAR_S, connect=CONNECT_S)
        began, started = time.monotonic(), False
        try:
            async with self._client.stream(
                "POST", url, data=form, headers={"Accept": accept}, timeout=timeout
            ) as found:
                started = found.status_code == 200
                if found.status_code in _TOO_LATE and time.monotonic() - began > timeout_s - NEAR_S:
                    raise QueryTimeout(timeout_s)
                words = "" if started else await _start_of(found)
                refuse(found.status_code, found.headers.get("content-type", ""), accept, lambda: words)
                self._breaker.succeeded()
                yield found.aiter_bytes()
        except httpx2.ReadTimeout:
            raise QueryTimeout(timeout_s) from None
        except httpx2.TransportError as error:
            if started:
                raise ReadersDown(f"The answer of the graph store broke off ({told(error)}): try again.") from None
            reason = f"The graph store at {place(self._addresses.query)} does not answer ({told(error)})."
            self._breaker.failed(reason)
            raise EngineUnavailable(reason) from None


async def _start_of(response: httpx2.Response) -> str:
    found = b""
    with suppress(httpx2.TransportError):
        async for part in response.aiter_bytes():
            found += part
            if len(found) >= TOLD_BYTES:
                break
    return found[:TOLD_BYTES].decode("utf-8", errors="replace")
