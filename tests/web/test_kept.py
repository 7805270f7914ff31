"""Kept answers: the same bytes without asking again, as long as all that they depend on is the same."""

from __future__ import annotations

import asyncio
import datetime
import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web import kept
from graph_service.web.app import create_app
from graph_service.web.kept import Answers, Kept

DAY = datetime.date(2018, 6, 1)
Headers = Sequence[tuple[bytes, bytes]]
TAGGED: Headers = [(b"etag", b'W/"1-a"'), (b"content-type", b"text/plain"), (b"vary", b"Accept")]
START = {"type": "http.response.start", "status": 200, "headers": list(TAGGED)}


class Service:
    """A service behind the middleware: it counts what is asked of it, and answers with its count."""

    def __init__(self, max_bytes: int = 100_000, headers: Headers = TAGGED, status: int = 200, size: int = 1) -> None:
        self.made, self.slow = 0, False
        self.release = SimpleNamespace(number=1)
        self.day = DAY
        self.away = False
        self.answers = Answers(max_bytes, lambda: self.away)
        self._headers, self._status, self._size = headers, status, size
        self._kept = Kept(self._app, self.release, self.answers, lambda: self.day)  # type: ignore[arg-type]

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.made = made = self.made + 1
        if self.slow:
            await asyncio.sleep(0)  # no time: others that asked at the same moment have their turn
        await send({"type": "http.response.start", "status": self._status, "headers": list(self._headers)})
        await send({"type": "http.response.body", "body": b"%d" % made * self._size, "more_body": True})
        await send({"type": "http.response.body", "body": b"."})

    async def get(self, path: str = "/x", query: str = "", method: str = "GET", **headers: str) -> Any:
        """One request: status, headers and body of its answer."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": told}
        await self._kept({**scope, "query_string": query.encode()}, receive, send)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return SimpleNamespace(status=sent[0]["status"], headers=dict(sent[0]["headers"]), body=body)


def run(work: Any) -> Any:
    """Run some coroutine to its end."""
    return asyncio.run(work)


def test_what_was_asked_is_not_made_again():
    """Same bytes, same headers, with their length; HEAD gets the headers alone."""
    service = Service()

    async def work() -> None:
        first, second = await service.get(), await service.get()
        assert (first.body, second.body, service.made) == (b"1.", b"1.", 1)
        assert second.headers == {**first.headers, b"content-length": b"2"}
        head = await service.get(method="HEAD")
        assert (head.headers, head.body, service.made) == (second.headers, b"", 1)

    run(work())


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/y"},
        {"query": "as_of=2018"},
        {"accept": "text/csv"},
        {"accept_language": "es"},
        {"accept_encoding": "gzip"},
        {"host": "data.example.org"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_is_made_anew(other: dict[str, str]):
    """In address or in a header that handlers read; both are kept."""
    service = Service()

    async def work() -> None:
        for _ in range(2):
            assert ((await service.get()).body, (await service.get(**other)).body) == (b"1.", b"2.")

    run(work())


@pytest.mark.parametrize("name", ["range", "accept_datetime", "authorization", "if_modified_since"])
def test_some_requests_are_never_answered_from_what_is_kept(name: str):
    """Parts, other times, and those who say who they are."""
    service = Service()

    async def work() -> None:
        await service.get()
        assert ((await service.get(**{name: "x"})).body, (await service.get(**{name: "x"})).body) == (b"2.", b"3.")

    run(work())


def test_a_client_that_has_it_gets_no_body():
    """With the headers of the answer, but for those of its body (RFC 9110, 15.4.5)."""
    service = Service()

    async def work() -> None:
        await service.get()
        answer = await service.get(if_none_match='"0-b", W/"1-a"')
        assert (answer.status, answer.body, service.made) == (304, b"", 1)
        assert answer.headers == {b"etag": b'W/"1-a"', b"vary": b"Accept"}
        assert (await service.get(if_none_match='"0-b"')).body == b"2."  # made anew: it may know that tag

    run(work())


@pytest.mark.parametrize(
    "service",
    [
        Service(headers=[]),
        Service(headers=[*TAGGED, (b"cache-control", b"no-store")]),
        Service(status=404),
        Service(size=kept.LARGEST_BYTES),
        Service(max_bytes=0),
    ],
    ids=["no tag", "no-store", "404", "large", "no room"],
)
def test_what_may_not_be_kept_is_not(service: Service):
    """It is made again each time."""

    async def work() -> None:
        await service.get()
        await service.get()
        assert (service.made, service.answers.size_bytes) == (2, 0)

    run(work())


def test_what_was_not_asked_for_longest_goes_first():
    """Where there is no room for all."""
    service = Service(max_bytes=2500)

    async def work() -> None:
        for path in ("/a", "/b", "/a", "/c", "/a", "/b"):
            await service.get(path)
        assert service.made == 4  # /b had to go for /c
        assert service.answers.size_bytes <= 2500

    run(work())


def test_another_day_or_release_is_made_anew_and_asked_for_ahead():
    """After a release, what was asked of the last one is made again before anybody asks."""
    service = Service()

    async def work() -> None:
        await service.get("/a")
        service.day = DAY + datetime.timedelta(days=1)
        assert (await service.get("/a")).body == b"2."
        await service.get("/b")
        service.release.number = 2
        await service.get("/c")  # whoever comes first
        while service.made < 6:
            await asyncio.sleep(0)
        made = service.made
        for path in ("/a", "/b", "/c"):
            await service.get(path)
        assert service.made == made

    run(work())


def test_the_real_service_keeps_its_answers(home: Path, project_dir: Path):
    """Pages, views and queries, also packed; and tells how many at /metrics."""
    addresses = ["/", "/es/roadmaps/PE", "/roadmaps/PE.json", "/matrix.csv", "/sparql?query=ASK+{}&format=json"]
    with TestClient(create_app(Releases(home), Settings(home=home, project=project_dir))) as client:
        first = [client.get(each) for each in addresses]
        again = [client.get(each) for each in addresses]
        told = client.get("/metrics").text

    for one, other in zip(first, again, strict=True):
        assert one.status_code == 200
        assert (one.content, one.headers["etag"], one.headers["vary"]) == (
            other.content,
            other.headers["etag"],
            other.headers["vary"],
        )
    assert 'graph_service_kept_total{found="kept"} 5.0' in told
    assert 'graph_service_requests_total{method="GET",route="roadmaps",status="200"} 4.0' in told
    assert "graph_service_release 1.0" in told


def test_release_and_day_stand_still_while_the_engine_is_away():
    """What was made before is answered, with its age and its release; no more is said once it is back."""
    service = Service()

    async def ask() -> list[Any]:
        made = [await service.get()]
        service.away, service.day = True, DAY + datetime.timedelta(days=1)
        made.append(await service.get())
        service.release.number = None  # it is filled anew
        made.append(await service.get())
        service.away, service.release.number = False, 1
        return [*made, await service.get()]

    first, away, filled, back = run(ask())

    assert [each.body for each in (first, away, filled, back)] == [b"1.", b"1.", b"1.", b"2."]
    for each in (away, filled):
        assert each.headers[b"cache-status"] == b"graph-service; hit; detail=engine-away"
        assert int(each.headers[b"age"]) >= 0
        assert each.headers[b"link"] == b'</releases/1>; rel="describedby"'
    assert b"cache-status" not in first.headers
    assert b"cache-status" not in back.headers


def test_heads_that_are_known_are_read_again_while_the_engine_is_away():
    """Since more is to be said than what is kept."""
    answers = Answers(100_000, lambda: away)
    key = (1, DAY, b"/x", b"", ())
    answers.keep(key, START, b"1")
    answers.know(b"head", key, unchanged=False)

    away = False
    assert answers.known(b"head", 1, DAY) is not None
    away = True
    assert answers.known(b"head", 1, DAY) is None


def test_an_answer_made_twice_at_once_counts_once():
    """Of two that asked at the same moment, the last one is kept: what is held is no more than that."""
    service = Service()
    service.slow = True

    async def work() -> None:
        await asyncio.gather(*(service.get("/a") for _ in range(3)))
        assert service.made == 3
        assert service.answers.size_bytes == 1000 + len(b"1.")
        service.release.number = 2
        service.answers.forget_all_but(2)
        assert service.answers.size_bytes == 0

    run(work())


def test_memory_of_the_last_release_goes_back_to_the_system():
    """Although what stays lies between what is let go of."""
    service = Service(max_bytes=200_000_000)
    staying, size = list[bytearray](), 40_000

    async def work() -> None:
        for number in range(2000):
            service.answers.keep((1, DAY, b"%d" % number, b"", ()), START, bytes(size))
            staying.append(bytearray(2000))
        await service.get("/a")
        full = held_bytes()
        service.release.number = 2
        await service.get("/b")
        while held_bytes() > full - 0.8 * size * 2000:
            await asyncio.sleep(0.01)  # another thread gives it back; at most until the time is over

    run(asyncio.wait_for(work(), 20))


def held_bytes() -> int:
    """What this process has of memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
