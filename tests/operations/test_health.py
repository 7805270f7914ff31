"""Health: ready or not, with the reasons, and what an operator wants to know."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app


@pytest.fixture
def service(second_home: Path, project_dir: Path) -> Iterator[TestClient]:
    """A service of its own."""
    settings = Settings(home=second_home, project=project_dir)
    with TestClient(create_app(Releases(second_home), settings)) as made:
        yield made


def test_a_service_that_is_ready_tells_its_state(service: TestClient):
    """Release and date, the engine and what it lacks, where readers read, and the room on the disk."""
    told = service.get("/health/ready").json()

    assert told["status"] == "ready"
    assert (told["release"], told["published"][:2]) == (1, "20")
    assert told["engine"] == {"name": "embedded", "state": "ready", "release": 1, "lacks": []}
    assert told["readers"] == "disk"
    assert told["free_mb"] > 100


def test_without_a_release_it_is_not_ready(tmp_path: Path, project_dir: Path):
    """503 with the reason, what to do, and when to ask again."""
    service = TestClient(create_app(Releases(tmp_path / "none"), Settings(home=tmp_path / "none", project=project_dir)))
    answer = service.get("/health/ready")

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["reasons"] == ["Nothing is published yet: run `graph-service load`."]
    assert service.get("/health/live").status_code == 200


def test_a_damaged_release_is_a_reason(own_home: Path, project_dir: Path):
    """What cannot be opened cannot be served."""
    shutil.rmtree(own_home / "releases" / "1" / "store")
    (own_home / "history" / "1.json").unlink()
    service = TestClient(create_app(Releases(own_home), Settings(home=own_home, project=project_dir)))
    answer = service.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["reasons"]


def test_a_full_disk_is_a_reason(second_home: Path, project_dir: Path):
    """Full is where less is free than the setting says; the release is told all the same."""
    settings = Settings(home=second_home, project=project_dir, min_free_mb=10**9)
    answer = TestClient(create_app(Releases(second_home), settings)).get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["state"]["release"] == 1
    assert [f"The disk of {second_home} is full" in each for each in answer.json()["reasons"]] == [True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; see test_confined.py")
def test_a_folder_that_cannot_be_written_is_a_reason(own_home: Path, project_dir: Path):
    """It says which, and what to do."""
    own_home.chmod(0o500)
    answer = TestClient(create_app(Releases(own_home), Settings(home=own_home, project=project_dir))).get(
        "/health/ready"
    )
    own_home.chmod(0o700)

    assert answer.status_code == 503
    assert "cannot be written" in answer.json()["detail"]


def test_while_it_stops_it_is_not_ready(service: TestClient):
    """So that whoever distributes requests sends them elsewhere; it lives until it has ended."""
    service.app.state.stopping.set()  # type: ignore[attr-defined]
    answer = service.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["The server is stopping."]
    assert service.get("/health/live").status_code == 200
