"""Running: the service as a process of its own, as operators start it."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BOUND_S = 60.0  # what is waited for comes at once, or never


class Service:
    """A process that serves a home; what it says on stderr is in `log`."""

    def __init__(self, home: Path, log: Path, /, *words: str, wrapper: Sequence[str] = (), **settings: object) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GRAPH_SERVICE_")}
        given = {f"GRAPH_SERVICE_{name.upper()}": str(value) for name, value in settings.items()}
        self.log = log
        with log.open("wb") as err:
            self.process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "graph_service.cli", "serve", "--port", "0", *words],
                env={**kept, "GRAPH_SERVICE_HOME": str(home), **given},
                cwd=home.parent,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
            )
        assert self.process.stdout is not None
        found = re.search(r"http://([\d.]+):(\d+)/", self.process.stdout.readline())
        if found is None:
            self.kill()
            raise AssertionError(log.read_text())
        self.host, self.port = found[1], int(found[2])

    @property
    def origin(self) -> str:
        """Its scheme, host and port."""
        return f"http://{self.host}:{self.port}"

    def connect(self) -> http.client.HTTPConnection:
        """A connection of one's own."""
        return http.client.HTTPConnection(self.host, self.port, timeout=BOUND_S)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of an answer, over a new connection."""
        connection = self.connect()
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def figure(self, name: str) -> float:
        """A figure of /metrics by its name and labels, as they stand there; 0 where there is none."""
        told = self.get("/metrics")[2].decode()
        return sum(float(line.split()[-1]) for line in told.splitlines() if line.startswith(f"{name} "))

    def figures(self, start: str) -> float:
        """The sum of the figures whose names begin with something."""
        told = self.get("/metrics")[2].decode()
        return sum(float(line.split()[-1]) for line in told.splitlines() if line.startswith(start))

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait(timeout=BOUND_S)

    def kill(self) -> None:
        """kill -9; a second time does nothing."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def family(self) -> set[int]:
        """Its process and all below it."""
        parents = dict(_parents())
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found


@contextmanager
def running(
    home: Path, log: Path, /, *words: str, wrapper: Sequence[str] = (), **settings: object
) -> Iterator[Service]:
    """Serve a home in a process of its own; it does not outlive the block."""
    service = Service(home, log, *words, wrapper=wrapper, **settings)
    try:
        yield service
    finally:
        service.kill()


def until(holds: Callable[[], object], what: str = "") -> None:
    """Wait for something that other processes bring about."""
    deadline = time.monotonic() + BOUND_S
    while not holds():
        assert time.monotonic() < deadline, f"it did not come about: {what}"
        time.sleep(0.02)  # other processes tell nobody


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
