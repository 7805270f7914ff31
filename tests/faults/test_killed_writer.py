"""kill -9 at any moment of a load: the last complete release stays, the next writer cleans up by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_service.publishing import quad_digest
from graph_service.releases import Releases

KILLS = 20
SEE_ALSO = "http://www.w3.org/2000/01/rdf-schema#seeAlso"


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small programme, which grows with each load."""
    return small_project


@pytest.fixture
def home(project: Path, tmp_path: Path) -> Path:
    """A home with one release, made by the command."""
    home = tmp_path / "home"
    assert done(command(home, project, "load")) == 0
    return home


def command(home: Path, project: Path, *words: str) -> subprocess.Popen[str]:
    """Start `graph-service` in a process of its own."""
    environment = {**os.environ, "GRAPH_SERVICE_HOME": str(home), "GRAPH_SERVICE_PROJECT": str(project)}
    return subprocess.Popen(
        [sys.executable, "-m", "graph_service.cli", *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def done(process: subprocess.Popen[str]) -> int | None:
    """Wait for a command to end; its exit code."""
    process.communicate()
    return process.returncode


def grow(project: Path, name: str) -> None:
    """Add a data file, so that the next load has something to publish."""
    (project / "data" / f"{name}.ttl").write_text(
        f"<https://w3id.org/elpaccto/id/country/SN> <{SEE_ALSO}> <https://example.org/{name}> .\n"
    )


def assert_whole(home: Path) -> int:
    """The current release is complete: its content has the digest of its record. Returns its number."""
    release = Releases(home).current()
    assert quad_digest(release.store.quads()) == release.record.digest
    return release.number


def test_a_load_killed_at_any_of_twenty_moments_loses_nothing(home: Path, project: Path):
    """The moments are spread over the whole length of a load; after each the release is whole."""
    grow(project, "measure")
    began = time.monotonic()
    assert done(command(home, project, "load")) == 0
    length = time.monotonic() - began

    number = assert_whole(home)
    for kill in range(KILLS):
        grow(project, f"kill-{kill}")
        process = command(home, project, "load")
        time.sleep(length * kill / KILLS)  # the moment of the kill is what is tested
        process.kill()
        process.communicate()
        held = assert_whole(home)
        assert held in (number, number + 1)
        number = held

    grow(project, "after")
    assert done(command(home, project, "load")) == 0
    assert assert_whole(home) == number + 1
    assert not (home / "staging").exists()


def test_two_loads_at_once_end_in_order(home: Path, project: Path, tmp_path: Path):
    """Each makes its own release; neither is lost."""
    files = [tmp_path / f"both-{n}.ttl" for n in (1, 2)]
    for file in files:
        file.write_text(f"<https://w3id.org/elpaccto/id/country/SN> <{SEE_ALSO}> <https://example.org/{file.stem}> .\n")

    processes = [command(home, project, "load", str(file)) for file in files]

    assert [done(process) for process in processes] == [0, 0]
    assert assert_whole(home) == 3
    assert {f"https://w3id.org/elpaccto/graph/{file.stem}" for file in files} <= set(
        Releases(home).current().store.graphs()
    )
    assert not (home / "staging").exists()


@pytest.fixture
def server(home: Path, project: Path) -> Iterator[str]:
    """A real server over that home, on a port that was free; its address."""
    process = command(home, project, "serve", "--port", "0")
    assert process.stdout is not None
    yield process.stdout.readline().split()[4].rstrip("/")
    process.kill()
    process.communicate()


def test_a_running_server_follows_to_the_new_release(home: Path, project: Path, server: str):
    """No restart: the next answer comes from the new release."""
    grow(project, "new")
    before = urllib.request.urlopen(f"{server}/exports/elpaccto.nq").read()

    assert done(command(home, project, "load")) == 0

    after = urllib.request.urlopen(f"{server}/exports/elpaccto.nq").read()
    assert b"example.org/new" not in before
    assert b"example.org/new" in after
