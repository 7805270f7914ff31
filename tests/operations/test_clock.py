"""The clock jumps: deadlines and waits do not follow it, and the service goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from running import Service, running
from starlette.testclient import TestClient

from graph_service.home import Home
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.tokens import Tokens
from graph_service.web.app import create_app

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SOURCES = Path(__file__).resolve().parents[2] / "src" / "graph_service"


class Clock:
    """The clock of a service that reads it from a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.set("+0")

    def set(self, offset: str) -> None:
        """Have it go wrong by so much, from now on."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(offset)
        fresh.rename(self.path)

    def environment(self) -> dict[str, str]:
        """What a process needs to see it; the clock that only goes on stays as it is, as in a real jump."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """A clock to be set."""
    if LIBRARY is None:
        pytest.skip("libfaketime is not installed (faketime)")
    return Clock(tmp_path / "clock")


@pytest.fixture
def service(own_home: Path, tmp_path: Path, clock: Clock) -> Iterator[Service]:
    """A service under that clock."""
    wrapper = ("env", *(f"{name}={value}" for name, value in clock.environment().items()))
    with running(own_home, tmp_path / "log", wrapper=wrapper, request_wait_s=60) as made:
        yield made


def write(service: Service, token: str, number: int) -> int:
    """Write something; the status."""
    text = "INSERT DATA { GRAPH <https://w3id.org/elpaccto/graph/notes> { <https://w3id.org/elpaccto/id/country/SN> "
    text += f"<http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://example.org/{number}> }} }}"
    connection = service.connect()
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"}
    connection.request("POST", "/update", text, sent)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("jump", ["-3d", "+3d"])
def test_a_jump_ends_no_query_before_its_time_and_lets_none_run_on(
    service: Service, own_home: Path, clock: Clock, jump: str
):
    """A query has the seconds that it was given; pages, writes and ready go on, and so does the next query."""
    token = Tokens(own_home).new("ana", "write")
    assert write(service, token, 1) == 200
    kept = service.connect()
    kept.request("GET", f"/sparql?{urlencode({'query': LONG, 'timeout': 3, 'format': 'json'})}")
    clock.set(jump)
    for _ in range(3):
        assert service.get("/health/ready")[0] == 200
    answer = kept.getresponse()
    told = json.loads(answer.read())
    kept.close()

    assert (answer.status, told["timeout_s"]) == (504, 3)
    assert service.get("/privacy")[0] == 200
    assert service.get(f"/sparql?{urlencode({'query': 'ASK {}', 'format': 'json'})}")[0] == 200
    assert write(service, token, 2) == 200
    assert service.figure("graph_service_release") == 3
    moments = [record.moment for record in Home(own_home).records()]
    assert moments == sorted(moments, reverse=True)
    assert service.figure("graph_service_release_age_seconds") >= 0
    service.signal()
    assert service.wait() == 0


def test_a_release_from_the_future_has_no_age(own_home: Path, project_dir: Path):
    """Its clock was ahead, or ours is behind: an age below zero would set off alarms."""
    path = own_home / "history" / "1.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "created": "2999-01-01T00:00:00+00:00"}))
    client = TestClient(create_app(Releases(own_home), Settings(home=own_home, project=project_dir)))

    told = client.get("/metrics").text
    assert re.search(r"^graph_service_release_age_seconds 0\.0$", told, re.MULTILINE)


def test_no_wait_goes_by_a_clock_that_can_be_set():
    """`time.time()` is not used: durations take `time.monotonic()`, moments a date with its zone."""
    found = [path.name for path in SOURCES.glob("**/*.py") if re.search(r"\btime\.time\(", path.read_text())]

    assert found == []
