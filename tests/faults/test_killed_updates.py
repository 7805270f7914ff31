"""kill -9 of a server amid updates by several clients: what was acknowledged stays, nothing is half there.

ROUNDS and UPDATES are small so that the test takes seconds; TEST_KILLS=5x500 makes it the full measure.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graph_service.publishing import quad_digest
from graph_service.releases import Releases
from graph_service.tokens import Tokens

ROUNDS, UPDATES = map(int, os.environ.get("TEST_KILLS", "2x30").split("x"))
CLIENTS = 4
SN = "https://w3id.org/elpaccto/id/country/SN"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
NOTES = "https://w3id.org/elpaccto/graph/notes"


class Server:
    """A server process of its own over a home."""

    def __init__(self, home: Path, project: Path) -> None:
        environment = {**os.environ, "GRAPH_SERVICE_HOME": str(home), "GRAPH_SERVICE_PROJECT": str(project)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "graph_service.cli", "serve", "--port", "0"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        greeting = self.process.stdout.readline()
        found = re.search(r"http://([\d.]+):(\d+)/", greeting)
        if found is None:
            self.kill()
        assert found is not None, greeting
        self.host, self.port = found[1], int(found[2])

    def update(self, token: str, number: int) -> int | None:
        """Send one update of two statements; its status, None where the server died under it."""
        text = " ".join(f"<{SN}> <{SEE}> <https://example.org/{number}/{half}> ." for half in "ab")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request("POST", "/update", f"INSERT DATA {{ GRAPH <{NOTES}> {{ {text} }} }}", headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9; a second time does nothing."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def servers(own_home: Path, small_project: Path) -> Iterator[list[Server]]:
    """The servers that a test starts; none outlives it."""
    started: list[Server] = []
    yield started
    for server in started:
        server.kill()


def statements(home: Path) -> set[str]:
    """Which halves of which updates the current release holds; the release is whole."""
    release = Releases(home).current()
    assert quad_digest(release.store.quads()) == release.record.digest
    prefix = "https://example.org/"
    return {str(value)[len(prefix) :] for *_, value, _ in release.store.quads() if str(value).startswith(prefix)}


def test_updates_acknowledged_before_a_kill_are_there_afterwards(
    own_home: Path, small_project: Path, servers: list[Server]
):
    """Lost: none; half applied: none; the next start needs no repair."""
    token = Tokens(own_home).new("ana", "write")
    chance = random.Random(4)
    acknowledged: set[int] = set()
    before = statements(own_home)
    for turn in range(ROUNDS):
        server = Server(own_home, small_project)
        servers.append(server)
        numbers = range(turn * UPDATES, (turn + 1) * UPDATES)
        enough, last = threading.Event(), chance.randrange(UPDATES // 4, UPDATES)
        done: list[int] = []

        def send(
            number: int,
            server: Server = server,
            done: list[int] = done,
            enough: threading.Event = enough,
            last: int = last,
        ) -> None:
            if server.update(token, number) == 200:
                done.append(number)
                if len(done) >= last:
                    enough.set()

        with ThreadPoolExecutor(CLIENTS) as clients:
            for number in numbers:
                clients.submit(send, number)
            enough.wait(timeout=300)
            server.kill()
        acknowledged |= set(done)

        held = statements(own_home) - before
        whole = {int(each.partition("/")[0]) for each in held}
        assert acknowledged <= whole
        assert held == {f"{number}/{half}" for number in whole for half in "ab"}

    server = Server(own_home, small_project)
    servers.append(server)
    assert server.update(token, ROUNDS * UPDATES) == 200
    assert not (own_home / "staging").exists()
    assert len(acknowledged) >= ROUNDS * (UPDATES // 4)
