"""Servers: the engines that the tests start, each with an empty dataset of its own."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from httpx2 import Client, TransportError

from graph_service.store.engine import Addresses

SERVE = (Path(sys.executable).parent / "oxigraph", "serve", "--timeout-s", 30)
JENA = Path(__file__).parent / "fuseki" / "target" / "dependency"
JAVA = ("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # a short life: starting quickly matters most
STARTS_WITHIN_S = 180.0  # on a machine that has other work
CONFIG = """
PREFIX fuseki: <http://jena.apache.org/fuseki#>
PREFIX tdb2: <http://jena.apache.org/2016/tdb#>
<#service> a fuseki:Service ; fuseki:name "ds" ; fuseki:dataset <#dataset> ;
  fuseki:endpoint [ fuseki:operation fuseki:query ; fuseki:name "query" ] ;
  fuseki:endpoint [ fuseki:operation fuseki:update ; fuseki:name "update" ] ;
  fuseki:endpoint [ fuseki:operation fuseki:gsp-rw ; fuseki:name "data" ] .
<#dataset> a tdb2:DatasetTDB2 ; tdb2:location "DATA" ; tdb2:unionDefaultGraph true .
"""


@dataclass
class Server:
    """An engine's server on a port of its own, which stays the same when it is started again."""

    name: str
    command: Callable[[int, Path], Sequence[object]]
    paths: tuple[str, str, str]  # of queries, updates and graphs
    union: str = ""
    timeout: str = ""
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="engine-")))
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def addresses(self) -> Addresses:
        """Where it is."""
        query, update, store = (f"http://127.0.0.1:{self.port}{path}" for path in self.paths)
        return Addresses(query, update, store, union=self.union, timeout=self.timeout)

    def start(self) -> None:
        """Start it, with what it held."""
        if not self.port:
            self.port = free_port()
        log = (self.folder / "log").open("ab")
        # a working folder of its own: some engines write beside it
        command = [str(part) for part in self.command(self.port, self.folder)]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        log.close()
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)  # a server of another process tells of its start by answering alone

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pause(self, paused: bool = True) -> None:
        """Have it hang, or go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP if paused else signal.SIGCONT)

    def clear(self) -> None:
        """Empty it."""
        with Client() as client:
            client.post(self.addresses.update, data={"update": "DROP ALL"}).raise_for_status()

    def _answers(self) -> bool:
        try:
            with Client() as client:
                return client.post(self.addresses.query, data={"query": "ASK {}"}).is_success
        except TransportError:
            return False


def oxigraph() -> Server:
    """Oxigraph's own server, on disk."""
    return Server(
        "oxigraph",
        lambda port, folder: [*SERVE, "--location", folder / "data", "--bind", f"127.0.0.1:{port}"],
        ("/query", "/update", "/store"),
        union="union-default-graph",
    )


def fuseki() -> Server:
    """Apache Jena Fuseki over TDB2."""

    def command(port: int, folder: Path) -> Sequence[object]:
        (folder / "data").mkdir(exist_ok=True)
        (folder / "config.ttl").write_text(CONFIG.replace("DATA", str(folder / "data")))
        jar = next(JENA.glob("jena-fuseki-server-*.jar"))
        return ["java", *JAVA, "-jar", jar, "--port", port, "--localhost", "--config", folder / "config.ttl"]

    return Server("fuseki", command, ("/ds/query", "/ds/update", "/ds/data"), timeout="timeout={s}")


def missing(name: str) -> str:
    """Why an engine cannot be started here; empty where it can."""
    if name == "fuseki" and not (shutil.which("java") and next(JENA.glob("jena-fuseki-server-*.jar"), None)):
        return "Fuseki is left out: tests/engines/install has not installed it, or there is no java"
    return ""


ENGINES: dict[str, Callable[[], Server]] = {"oxigraph": oxigraph, "fuseki": fuseki}


@contextmanager
def running(name: str) -> Iterator[Server]:
    """An engine's server, until the block ends."""
    server = ENGINES[name]()
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
