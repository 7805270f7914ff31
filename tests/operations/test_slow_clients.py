"""Slow clients: those that ask byte by byte, and those that take their answers so. Others are served meanwhile.

CLIENTS is small so that the test takes seconds; SLOW_CLIENTS=500 makes it the full measure.
"""

from __future__ import annotations

import json
import os
import resource
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from running import Service, running, until

CLIENTS = int(os.environ.get("SLOW_CLIENTS", "40"))
HEAD = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
LARGE = "SELECT ?a ?b ?c ?d { ?a ?b ?c . ?d ?e ?f } LIMIT 50000"  # some 10 MB as JSON: more than waits in memory
SMALL = "SELECT ?a ?b ?c { ?a ?b ?c } LIMIT 3"
POINT = f"/sparql?{urlencode({'query': 'ASK {}'})}"
MOST_MB, MOST_MB_EACH = 40, 1.5  # of memory, beside what is on the disk: for what all share, and for each slow client


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    """Closes what a test opens; a test may open as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        yield stack
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connected(service: Service, stack: ExitStack, *, small: bool = False) -> socket.socket:
    """A connection; a small one takes little from the network at once."""
    made = stack.enter_context(socket.socket())
    if small:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(60)
    made.connect((service.host, service.port))
    return made


def told(connection: socket.socket) -> bytes:
    """All that the other side sends until it hangs up."""
    parts = []
    with suppress(ConnectionResetError):  # whoever still sends when the other side has gone
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def drip(connections: list[socket.socket], over: threading.Event) -> None:
    """Send a letter of a header that never ends on each, again and again."""
    while not over.wait(0.05):
        for each in connections:
            try:
                each.sendall(b"a")
            except OSError:
                continue


def test_headers_that_come_letter_by_letter_are_given_up(second_home: Path, tmp_path: Path, sockets: ExitStack):
    """Each such client hears 408 when its time is over, although it never stopped sending; others are served."""
    with running(second_home, tmp_path / "log", request_wait_s=2) as service:
        assert service.get("/health/live")[0] == 200
        before = opened(service)
        slow = [connected(service, sockets) for _ in range(CLIENTS)]
        silent = connected(service, sockets)
        for each in slow:
            each.sendall(HEAD + b"X-Slow: ")
        over = threading.Event()
        dripping = threading.Thread(target=drip, args=(slow, over))
        dripping.start()
        try:
            assert service.get("/health/live")[0] == 200
            answers = [told(each) for each in slow]
        finally:
            over.set()
            dripping.join()

        assert {each.partition(b"\r\n")[0] for each in answers} == {b"HTTP/1.1 408 Request Timeout"}
        assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["status"] == 408
        assert told(silent).startswith(b"HTTP/1.1 408 ")
        until(lambda: opened(service) <= before, "nothing of them is left")
        assert service.get("/health/live")[0] == 200
        assert "Traceback" not in service.log.read_text()


def test_a_body_that_does_not_come_is_given_up(second_home: Path, tmp_path: Path, sockets: ExitStack):
    """The request had begun, so what waits for it ends as well; the connection is of no further use."""
    with running(second_home, tmp_path / "log", request_wait_s=1) as service:
        slow = connected(service, sockets)
        form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nquery="
        slow.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\n" + form)

        assert told(slow).startswith(b"HTTP/1.1 408 ")
        assert service.get("/health/live")[0] == 200
        assert "Traceback" not in service.log.read_text()


def test_a_second_request_has_its_own_time(second_home: Path, tmp_path: Path, sockets: ExitStack):
    """On a connection that was used before, too."""
    with running(second_home, tmp_path / "log", request_wait_s=1) as service:
        slow = connected(service, sockets)
        slow.sendall(HEAD + b"\r\n")
        first = slow.recv(65536)
        slow.sendall(HEAD + b"X-Slow: ")
        rest = told(slow)

        assert first.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in rest


@pytest.mark.parametrize("taken", [0, 1])
def test_who_takes_next_to_nothing_of_an_answer_is_let_go(
    second_home: Path, tmp_path: Path, sockets: ExitStack, taken: int
):
    """Nor is byte by byte enough, be the answer large or small. Readers are free at once, others are served, each
    takes little memory, and the connections end; what waited on the disk goes."""
    wait_s = 2 + CLIENTS // 20  # all of them are to be there at once
    with running(second_home, tmp_path / "log", answer_wait_s=wait_s) as service:
        assert service.get(POINT)[0] == 200
        before, slow = memory_mb(service), []
        with others(service) as statuses:
            for number in range(CLIENTS):
                slow.append(connected(service, sockets, small=True))
                asked = urlencode({"query": SMALL if number % 2 else LARGE, "format": "json"})
                slow[-1].sendall(f"GET /sparql?{asked} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                assert slow[-1].recv(12) == b"HTTP/1.1 200"
            until(lambda: service.figure('graph_service_queries{state="quick"}') <= 1, "all answers are made")
            assert memory_mb(service) - before < MOST_MB + CLIENTS * MOST_MB_EACH

            until(lambda: {hung_up(each, taken) for each in slow} == {True}, "the server hung up")
            until(lambda: not spooled(service), "nothing is left on the disk")
        assert set(statuses) == {200}
        assert "Traceback" not in service.log.read_text()


@contextmanager
def others(service: Service) -> Iterator[list[int]]:
    """Somebody else who asks on and on; gives the statuses."""
    over, statuses = threading.Event(), list[int]()

    def ask_on() -> None:
        while not over.wait(0.02):
            statuses.append(service.get(POINT)[0])

    asking = threading.Thread(target=ask_on)
    asking.start()
    try:
        yield statuses
    finally:
        over.set()
        asking.join()


def memory_mb(service: Service) -> float:
    """What the web process holds by itself."""
    lines = Path(f"/proc/{service.process.pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def hung_up(connection: socket.socket, taken: int) -> bool:
    """Whether the other side has ended a connection, seen without taking more of what it sent than told."""
    if taken:
        with suppress(OSError):
            connection.recv(taken, socket.MSG_DONTWAIT)
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    return bool(poll.poll(0))


def opened(service: Service) -> int:
    """How many connections the server has, and sockets of its own."""
    return len([each for each in handles(service) if each.startswith("socket:")])


def spooled(service: Service) -> list[str]:
    """The files without a name that the server holds."""
    return [each for each in handles(service) if each.endswith("(deleted)")]


def handles(service: Service) -> Iterator[str]:
    """What the server has open."""
    for path in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with suppress(OSError):
            yield str(path.readlink())


def test_more_connections_than_there_may_be_push_out_those_that_ask_nothing(
    second_home: Path, tmp_path: Path, sockets: ExitStack
):
    """Who has been silent for longest makes room, so that those who ask are served however many stay silent."""
    with running(second_home, tmp_path / "log", max_connections=10, request_wait_s=600) as service:
        silent = [connected(service, sockets) for _ in range(30)]

        assert [service.get("/health/live")[0] for _ in range(5)] == [200] * 5
        assert told(silent[0]).startswith(b"HTTP/1.1 503 ")
        assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize("parts", [1, 40])
def test_headers_that_are_too_large_are_refused(second_home: Path, tmp_path: Path, sockets: ExitStack, parts: int):
    """431, whether they come at once or little by little; as large as they may be they are taken."""
    with running(second_home, tmp_path / "log", max_header_bytes=20_000) as service:
        for size, status in ((18_000, b"200"), (25_000, b"431")):
            asking = connected(service, sockets)
            request = HEAD + b"X-Large: " + b"a" * size + b"\r\nConnection: close\r\n\r\n"
            step = len(request) // parts + 1
            try:
                for start in range(0, len(request), step):
                    asking.sendall(request[start : start + step])
            except OSError:  # it hung up in the middle
                assert status == b"431"
            assert told(asking).startswith(b"HTTP/1.1 " + status)
