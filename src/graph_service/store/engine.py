"""Engine: a SPARQL 1.1 store over HTTP: its addresses, one pool of connections, limits of time, a circuit breaker.

Knows the protocol and how answers go wrong, and nothing of releases. Reads are tried again where the connection failed
before there was an answer; writes never.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx2

from graph_service.errors import EngineMissing, EngineRefused, EngineUnavailable, GraphServiceError, QueryFailed

RESULTS_JSON, N_TRIPLES = "application/sparql-results+json", "application/n-triples"
UPDATE = "application/sparql-update"
CONNECT_S = 2.0
IDLE_S = 30.0  # how long a connection may wait for its next request
POOL = 64  # connections at once
FAILURES, PAUSE_S = 3, 2.0  # of the breaker
TOLD_BYTES = 2000  # of what an engine says of an error
_REFUSED = frozenset((400, 406, 413, 414, 415, 422, 431))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where an engine is, and what it is to be told with each request."""

    query: str
    update: str = ""
    store: str = ""  # of the Graph Store Protocol
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    union: str = ""  # parameters that make queries see all graphs as one, such as `union-default-graph`
    timeout: str = ""  # the parameter that takes a deadline, such as `timeout={s}` or `timeout={ms}`

    def headers(self) -> dict[str, str]:
        """What says who asks."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def auth(self) -> tuple[str, str] | None:
        """Name and password, where there is no token."""
        return (self.user, self.password) if self.user and not self.token else None

    def deadline(self, seconds: float) -> list[tuple[str, str]]:
        """A deadline as the engine's parameters.

        >>> Addresses("http://a/", timeout="timeout={ms}").deadline(1.5)
        [('timeout', '1500')]
        """
        filled = self.timeout.replace("{ms}", str(max(1, round(seconds * 1000))))
        filled = filled.replace("{s}", str(max(1, round(seconds))))
        return parse_qsl(filled)


class Breaker:
    """Keeps from asking an engine that failed several times; after a pause one may try (half open)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failures, self._until = 0, 0.0
        self.reason = ""  # of the last failure; empty while all is well

    def check(self) -> None:
        """Let pass, or raise what went wrong last.

        Raises:
            EngineUnavailable.
        """
        with self._lock:
            if self._failures < FAILURES:
                return
            if self._clock() < self._until:
                raise EngineUnavailable(self.reason)
            self._until = self._clock() + PAUSE_S  # this one tries; others wait for what becomes of it

    def succeeded(self) -> None:
        """The engine answered."""
        with self._lock:
            self._failures, self.reason = 0, ""

    def failed(self, reason: str) -> None:
        """The engine did not."""
        with self._lock:
            self._failures += 1
            self._until, self.reason = self._clock() + PAUSE_S, reason


class Engine:
    """A SPARQL 1.1 store; safe to use from many threads."""

    def __init__(self, addresses: Addresses, *, timeout_s: float = 30.0, writing_s: float = 600.0) -> None:
        """Make the hold on an engine; asks nothing yet.

        Args:
            timeout_s: how long a query of ours may take.
            writing_s: how long a write may take.
        """
        self.addresses, self.timeout_s, self._writing_s = addresses, timeout_s, writing_s
        self.breaker = Breaker()
        self._client = httpx2.Client(
            headers=addresses.headers(),
            auth=addresses.auth(),
            limits=httpx2.Limits(max_connections=POOL, max_keepalive_connections=POOL, keepalive_expiry=IDLE_S),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    @contextmanager
    def query(
        self, text: str, accept: str, graphs: Sequence[tuple[str, str]] | None, timeout_s: float | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Run a query; within the block its answer can be read, as it comes.

        Args:
            graphs: the dataset as parameters of the protocol; None: all graphs as one, as the engine does it.

        Raises:
            EngineUnavailable: the engine is away, or its answer is none, or it breaks off.
            QueryFailed: it refuses the query.
        """
        limit_s = timeout_s or self.timeout_s
        deadline = time.monotonic() + limit_s
        response = self._sent(text, accept, graphs, limit_s)
        try:
            refuse(response.status_code, response.headers.get("content-type", ""), accept, lambda: _start_of(response))
            self.breaker.succeeded()
            yield _timed(response.iter_bytes(), deadline, limit_s)
        except httpx2.TransportError as error:
            raise EngineUnavailable(f"The answer of the graph store broke off ({told(error)}).") from None
        finally:
            response.close()

    def update(self, text: str) -> None:
        """Run an update, as one request: an engine does all of it or nothing, where its documentation says so.

        Raises:
            EngineMissing: there is no address for updates, or nothing behind it takes any.
            EngineUnavailable: the engine did not answer; whether it has done it is not known.
            EngineRefused: it will not do it.
        """
        if not self.addresses.update:
            raise EngineMissing("The graph store has no address for updates (setting remote_update_url).")
        self._write("POST", self.addresses.update, text.encode(), f"{UPDATE}; charset=utf-8")

    def add(self, graph: str, triples: bytes) -> None:
        """Add N-Triples to a graph (Graph Store Protocol, 5.5). Raises as `update`."""
        url = str(httpx2.URL(self.addresses.store).copy_merge_params({"graph": graph}))
        self._write("POST", url, triples, N_TRIPLES)

    def _sent(
        self, text: str, accept: str, graphs: Sequence[tuple[str, str]] | None, limit_s: float
    ) -> httpx2.Response:
        """Send a query, once more where the connection failed before there was an answer."""
        self.breaker.check()
        url, form = request_of(self.addresses, text, graphs, limit_s)
        timeout = httpx2.Timeout(limit_s, connect=CONNECT_S)
        request = self._client.build_request("POST", url, data=form, headers={"Accept": accept}, timeout=timeout)
        for last in (False, True):
            try:
                return self._client.send(request, stream=True)
            except (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ConnectTimeout) as error:
                if last:
                    raise self._failure(error) from None
            except httpx2.TransportError as error:
                raise self._failure(error) from None
        raise AssertionError("one of the two has returned or raised")

    def _write(self, method: str, url: str, body: bytes, media_type: str) -> None:
        self.breaker.check()
        timeout = httpx2.Timeout(self._writing_s, connect=CONNECT_S)
        try:
            response = self._client.request(
                method, url, content=body, headers={"Content-Type": media_type}, timeout=timeout
            )
        except httpx2.TransportError as error:
            raise self._failure(error) from None
        self.breaker.succeeded()
        if response.status_code in (404, 405, 501):
            raise EngineMissing(f"The graph store takes no writes at {place(url)} (HTTP {response.status_code}).")
        if not response.is_success:
            raise refusal(response.status_code, place(url), response.text[:TOLD_BYTES], EngineRefused)

    def _failure(self, error: httpx2.TransportError) -> EngineUnavailable:
        reason = f"The graph store at {place(self.addresses.query)} does not answer ({told(error)})."
        self.breaker.failed(reason)
        return EngineUnavailable(reason)


def request_of(
    addresses: Addresses, text: str, graphs: Sequence[tuple[str, str]] | None, timeout_s: float
) -> tuple[str, dict[str, str | list[str]]]:
    """Address and form of a query (SPARQL 1.1 Protocol, 2.1.2).

    Parameters of an engine's own stand in the address, where it looks for them.
    """
    own = [
        *(parse_qsl(addresses.union, keep_blank_values=True) if graphs is None else ()),
        *addresses.deadline(timeout_s),
    ]
    url = str(httpx2.URL(addresses.query).copy_merge_params(own)) if own else addresses.query
    form: dict[str, str | list[str]] = {"query": text}
    for name in dict.fromkeys(name for name, _ in graphs or ()):
        form[name] = [value for each, value in graphs or () if each == name]
    return url, form


def refuse(status: int, media_type: str, accept: str, words: Callable[[], str]) -> None:
    """Let an answer to a query pass, if it is one.

    Args:
        words: gives the beginning of what came instead.

    Raises:
        EngineUnavailable, QueryFailed.
    """
    got = media_type.partition(";")[0].strip().lower()
    if status == 200 and got == accept:
        return
    if status == 200:
        raise EngineUnavailable(f"The graph store answers with {got or 'no media type'}, not with {accept}.")
    raise refusal(status, "its address for queries", words(), QueryFailed)


def refusal(status: int, where: str, words: str, otherwise: type[GraphServiceError]) -> GraphServiceError:
    """The error for a status that is none of success."""
    first = next((line.strip() for line in words.splitlines() if line.strip()), "")
    said = f": {first[:300]}" if first and not first.startswith("<") else ""
    if status in (401, 403):
        return EngineUnavailable(
            f"The graph store refuses us at {where} (HTTP {status}): "
            "look at the settings remote_user, remote_password and remote_token."
        )
    if status in (404, 405, 410) or 300 <= status < 400:
        return EngineUnavailable(f"There is no SPARQL endpoint at {where} of the graph store (HTTP {status}).")
    if status in _REFUSED:
        return otherwise(f"The graph store refuses it (HTTP {status}){said}")
    return EngineUnavailable(f"The graph store failed (HTTP {status}){said}")


def place(url: str) -> str:
    """An address without what may be secret in it: names, passwords, parameters.

    >>> place("https://ana:secret@db.example.org:8443/sparql?key=1")
    'https://db.example.org:8443/sparql'
    """
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def told(error: Exception) -> str:
    """A fault of the transport in a few words."""
    if isinstance(error, httpx2.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def _start_of(response: httpx2.Response) -> str:
    found = b""
    with suppress(httpx2.TransportError):
        for part in response.iter_bytes():
            found += part
            if len(found) >= TOLD_BYTES:
                break
    return found[:TOLD_BYTES].decode("utf-8", errors="replace")


def _timed(parts: Iterator[bytes], deadline: float, limit_s: float) -> Iterator[bytes]:
    for part in parts:
        if time.monotonic() > deadline:
            raise EngineUnavailable(f"The graph store took longer than {limit_s:g} s for a query.")
        yield part
