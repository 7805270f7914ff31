"""Peers: other people's servers for comparison, in an environment of their own, on free ports."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

OURS = Path(sys.executable).parent / "graph-service"


def installed(folder: Path, names: Sequence[str]) -> Path:
    """The peers in an environment of their own; gives the folder of their commands."""
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    subprocess.run([binaries / "pip", "install", "--quiet", "--disable-pip-version-check", *names], check=True)
    return binaries


def installed_version(binaries: Path, name: str) -> str:
    script = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
    return subprocess.run(
        [binaries / "python", "-c", script], capture_output=True, text=True, check=True
    ).stdout.strip()


@contextmanager
def serving(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    *,
    bind: bool = False,
    trailing: Sequence[Path] = (),
) -> Iterator[str]:
    """Run a server on a free port until it answers; yields its origin, stops it afterwards."""
    with running(command, environment, bind=bind, trailing=trailing) as (origin, _):
        yield origin


@contextmanager
def running(
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    *,
    bind: bool = False,
    trailing: Sequence[Path] = (),
    ready: str = "/",
) -> Iterator[tuple[str, int]]:
    """The same; yields its origin and its process's number.

    Args:
        ready: what is asked until it answers.
    """
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    where = f"127.0.0.1:{port}" if bind else str(port)
    process = subprocess.Popen(
        [*command, where, *trailing], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}", Path(command[0]).name)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(process: subprocess.Popen[bytes], address: str, name: str) -> None:
    """Wait until it answers, be it that there is nothing."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{name} stopped as it started")
        try:
            urllib.request.urlopen(address, timeout=60).close()
            return
        except urllib.error.HTTPError as error:
            if error.code != 503:  # it is not ready yet
                return
        except OSError:
            pass
        time.sleep(0.01)
    raise SystemExit(f"{name} does not answer")
