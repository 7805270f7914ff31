"""A full disk amid writes: the writer is told, the release stays whole, reading goes on, and with room writing does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from running import Service, running

from graph_service.publishing import quad_digest
from graph_service.releases import Releases
from graph_service.tokens import Tokens

DISK_BYTES = 60_000_000
STATED, LONG = 200, "a" * 3000  # some statements, of a length that needs room
NOTES = "https://w3id.org/elpaccto/graph/notes"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
SN = "https://w3id.org/elpaccto/id/country/SN"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can make a small disk: mount is not allowed")
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder]
    if (made := subprocess.run(command, capture_output=True, text=True)).returncode:
        pytest.skip(f"no small disk can be made here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def home(disk: Path, second_home: Path) -> Path:
    """A home on it."""
    return Path(shutil.copytree(second_home, disk / "home", symlinks=True))


def fill(disk: Path, left_bytes: int) -> Path:
    """Take all room of a disk but for some bytes; gives the file that holds it."""
    filler = disk / "filler"
    with filler.open("wb") as out:
        room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - left_bytes
        for _ in range(room // 65_536):
            out.write(bytes(65_536))
    return filler


def insert(service: Service, token: str, names: range) -> tuple[int, dict[str, object]]:
    """Send an update that states so many things; status and answer."""
    text = " ".join(f"<{SN}> <{SEE}> <https://example.org/{name}/{LONG}> ." for name in names)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
    with closing(service.connect()) as connection:
        connection.request("POST", "/update", f"INSERT DATA {{ GRAPH <{NOTES}> {{ {text} }} }}", headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def stated(service: Service) -> int:
    """How many such things the service tells."""
    query = urlencode({"query": f"SELECT (COUNT(*) AS ?n) {{ <{SN}> <{SEE}> ?o }}", "format": "csv"})
    status, _, body = service.get(f"/sparql?{query}")
    assert status == 200
    return int(body.split()[1])


@pytest.mark.parametrize("left_bytes", [0, 300_000])
def test_a_write_on_a_full_disk_is_refused_whole(disk: Path, home: Path, tmp_path: Path, left_bytes: int):
    """507, and what to do; the same write succeeds once there is room. The disk fills at some step or another."""
    token = Tokens(home).new("ana", "write")
    with running(home, tmp_path / "log", min_free_mb=0) as service:
        before = stated(service)
        digest = Releases(home).current().record.digest
        filler = fill(disk, left_bytes)
        status, problem = insert(service, token, range(STATED))

        assert (status, problem["status"]) == (507, 507)
        assert "free some room" in str(problem["detail"])
        assert stated(service) == before
        assert service.get("/releases.json")[0] == 200

        filler.unlink()
        assert not (home / "staging").exists()
        release = Releases(home).current()
        assert quad_digest(release.store.quads()) == release.record.digest == digest
        assert insert(service, token, range(STATED))[0] == 200
        assert stated(service) == before + STATED
        assert "Traceback" not in service.log.read_text()
