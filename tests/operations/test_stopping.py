"""Starting several web processes, stopping in order or at once, and what is left after kill -9: nothing."""

from __future__ import annotations

import fcntl
import http.client
import os
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from running import Service, lives, running, until

from graph_service.tokens import Tokens

LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
BUSY = ('graph_service_queries{state="quick"}', 'graph_service_queries{state="slow"}')


class Asking(threading.Thread):
    """A query that takes as long as it may; what came of it."""

    def __init__(self, service: Service, timeout_s: float) -> None:
        super().__init__()
        self._service = service
        self._path = f"/sparql?{urlencode({'query': LONG, 'timeout': timeout_s, 'format': 'json'})}"
        self.status: int | None = None
        self.start()
        until(lambda: sum(map(service.figure, BUSY)) > 0, "the query runs")

    def run(self) -> None:
        try:
            self.status = self._service.get(self._path)[0]
        except (OSError, http.client.HTTPException):
            self.status = 0


def refused(service: Service) -> bool:
    """Whether nobody takes new connections."""
    try:
        socket.create_connection((service.host, service.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_what_runs_is_answered_before_the_server_ends(second_home: Path, tmp_path: Path, workers: int):
    """SIGTERM: nobody new comes in, the query ends as it would have, and the exit code is that of success."""
    with running(second_home, tmp_path / "log", workers=workers) as service:
        asking = Asking(service, 4)
        service.signal()
        until(lambda: refused(service), "new connections are refused")
        still = asking.is_alive()
        asking.join()

        assert still
        assert asking.status == 504
        assert service.wait() == 0


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGTERM), (1, signal.SIGINT), (2, signal.SIGINT)])
def test_a_second_signal_ends_it_at_once(second_home: Path, tmp_path: Path, workers: int, number: int):
    """The query would have run on for much longer than the test waits; no process is left."""
    with running(second_home, tmp_path / "log", workers=workers, query_timeout_s=600, stop_wait_s=600) as service:
        asking = Asking(service, 600)
        family = service.family()
        service.signal(number)
        until(lambda: refused(service), "new connections are refused")
        assert service.process.poll() is None
        service.signal(number)

        assert service.wait() == 0
        asking.join()
        assert asking.status == 0
        until(lambda: not any(map(lives, family)), "all processes ended")


def test_running_requests_have_a_time_to_end_in(second_home: Path, tmp_path: Path):
    """After `stop_wait_s` they are broken off, and the server ends."""
    with running(second_home, tmp_path / "log", query_timeout_s=600, stop_wait_s=1) as service:
        asking = Asking(service, 600)
        service.signal()

        assert service.wait() == 0
        asking.join()
        assert asking.status in (0, 500, 503)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_thread_that_waits_holds_up_no_end(own_home: Path, tmp_path: Path, workers: int):
    """A write waits for another writer's lock, which nobody can break off: the server ends in its time all the same."""
    token = Tokens(own_home).new("ana", "write")
    with (
        (own_home / "lock").open("w") as lock,
        running(own_home, tmp_path / "log", workers=workers, writer_wait_s=600, stop_wait_s=1) as service,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = service.connect()
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
        connection.request("POST", "/update", "INSERT DATA { GRAPH <urn:g> { <urn:s> <urn:p> <urn:o> } }", sent)
        until(lambda: waits_for(service, own_home / "lock"), "the write waits for the lock")
        service.signal()

        assert service.wait() == 0
        connection.close()


def waits_for(service: Service, path: Path) -> bool:
    """Whether one of its processes has a file open."""
    handles = (each for pid in service.family() for each in Path(f"/proc/{pid}/fd").glob("*"))
    for each in handles:
        with suppress(OSError):
            if each.readlink() == path:
                return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_leaves_nothing_behind(second_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int):
    """Workers, nurseries and readers hear that whoever started them is gone, also amid a query; no file is left."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running(second_home, tmp_path / "log", workers=workers, query_timeout_s=600, stop_wait_s=1) as service:
        asking = Asking(service, 600)
        family = service.family()
        service.kill()
        asking.join()

        assert len(family) > 2 * workers
        until(lambda: not any(map(lives, family)), "all processes ended")
        assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_worker_that_dies_is_replaced_and_what_it_counted_stays(second_home: Path, tmp_path: Path):
    """/metrics is the sum over all workers, whichever answers, those that are gone included."""
    counted = 'graph_service_requests_total{method="GET",route="health",status="200"}'
    with running(second_home, tmp_path / "log", "--workers", "2") as service:
        until(lambda: service.figure("graph_service_workers") == 2, "two workers serve")
        for _ in range(20):
            assert service.get("/health/live")[0] == 200
        until(lambda: service.figure(counted) == 20, "all are counted, once their answers were sent")
        assert {service.figure("graph_service_release") for _ in range(10)} == {1}

        before = workers_of(service)
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(workers_of(service) - before) == 1, "another one is there")
        until(lambda: service.figure("graph_service_workers") == 2, "it serves")

        assert victim not in workers_of(service)
        assert service.figure(counted) == 20
        service.signal()
        assert service.wait() == 0


def test_workers_share_connections_out(second_home: Path, tmp_path: Path):
    """The kernel does, by chance: on one socket whoever wakes first would take them all."""
    with running(second_home, tmp_path / "log", workers=2) as service:
        until(lambda: service.figure("graph_service_workers") == 2, "two workers serve")
        connections = [service.connect() for _ in range(64)]
        for each in connections:
            each.request("GET", "/health/live")
            assert each.getresponse().read()
        workers = workers_of(service)
        held = {worker: len(open_sockets(worker)) for worker in workers}
        for each in connections:
            each.close()
        until(lambda: sum(len(open_sockets(worker)) for worker in workers) < 30, "they were closed")
        left = {worker: len(open_sockets(worker)) for worker in workers}

    assert sum(held.values()) - sum(left.values()) >= len(connections)
    assert min(held[worker] - left[worker] for worker in workers) > 8  # as with 64 throws of a coin


def test_two_servers_do_not_share_an_address(second_home: Path, tmp_path: Path):
    """Although the workers of one do."""
    with running(second_home, tmp_path / "log", workers=2) as service:
        until(lambda: service.figure("graph_service_workers") == 2, "two workers serve")
        with pytest.raises(AssertionError, match="already in use"):
            Service(second_home, tmp_path / "other", "--port", str(service.port), workers=2)


def open_sockets(pid: int) -> set[str]:
    """The sockets that a process holds."""
    found = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # it may be closed meanwhile
            found.add(str(each.readlink()))
    return {each for each in found if each.startswith("socket:")}


def workers_of(service: Service) -> set[int]:
    """The processes that serve: those that the first one started, but for the one that looks after leftovers."""
    found = set()
    for pid in service.family() - {service.process.pid}:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"spawn_main" in words:
            found.add(pid)
    return found


@pytest.mark.parametrize("given", ["0", "-1", "65", "many"])
def test_a_number_of_workers_that_makes_no_sense_is_refused(second_home: Path, tmp_path: Path, given: str):
    """As a setting and as an argument."""
    with pytest.raises(AssertionError, match=r"workers .*GRAPH_SERVICE_WORKERS"):
        Service(second_home, tmp_path / "log", workers=given)
    with pytest.raises(AssertionError, match="--workers"):
        Service(second_home, tmp_path / "log", "--workers", given)
