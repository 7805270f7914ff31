"""Logs: a line for each request that tells what happened and not who asked; every answer names its request."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from running import Service, running, until
from starlette.testclient import TestClient

from graph_service.web import logs
from graph_service.web.logs import Lines

FAULT = """
import sys
from pathlib import Path
from starlette.testclient import TestClient
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app
from graph_service.web.logs import configure

settings = Settings(home=Path(sys.argv[1]), log=sys.argv[2])
configure(settings)
app = create_app(Releases(settings.home), settings)

@app.get("/fault")
def fault() -> None:
    raise RuntimeError("secret")

answer = TestClient(app, raise_server_exceptions=False).get("/fault", headers={"X-Request-ID": "seen-before"})
assert answer.status_code == 500 and "secret" not in answer.text
print(answer.text)
"""


@pytest.fixture
def service(second_home: Path, tmp_path: Path) -> Iterator[Service]:
    """A service that tells of requests as JSON."""
    with running(second_home, tmp_path / "log", log="json") as made:
        yield made


def lines(service: Service, count: int) -> list[dict[str, Any]]:
    """What it told, once there are so many lines."""
    until(lambda: len(service.log.read_text().splitlines()) >= count, f"{count} lines are written")
    return [json.loads(line) for line in service.log.read_text().splitlines()]


def test_a_request_is_told_in_one_line_of_json(service: Service):
    """When, which, what was answered, how large, how long it took, of which release, and whether it was kept."""
    first = service.get("/es/privacy", X_Request_ID="from-a-proxy")
    second = service.get("/es/privacy")
    third = service.get("/es/privacy")  # answered before the framework is asked
    service.get("/nowhere")
    found = lines(service, 4)

    assert [each["status"] for each in found] == [200, 200, 200, 404]
    assert [each["kept"] for each in found] == [False, True, True, False]
    assert found[0]["request_id"] == "from-a-proxy" == first[1]["x-request-id"]
    assert found[1]["request_id"] == second[1]["x-request-id"]
    assert found[2]["request_id"] == third[1]["x-request-id"] != second[1]["x-request-id"]
    assert [each["route"] for each in found] == ["privacy", "privacy", "privacy", "other"]
    for each in found[:3]:
        assert (each["method"], each["path"], each["release"], each["whole"]) == ("GET", "/es/privacy", 1, True)
        assert each["bytes"] == len(second[2])
        assert each["ms"] > 0
        assert each["time"].endswith("+00:00")


def test_who_asked_and_in_which_words_is_not_told(service: Service):
    """What the page on privacy says: no address of a client, no parameters, nothing of a body or a token."""
    service.get("/search?q=confidential", Authorization="Bearer confidential", User_Agent="confidential")
    service.get("/ask?axis=confidential", X_Forwarded_For="203.0.113.7", Referer="https://confidential.example/")
    found = lines(service, 2)

    told = service.log.read_text()
    assert len(found) == 2
    assert "confidential" not in told and "203.0.113.7" not in told and "127.0.0.1" not in told


def test_as_text_it_is_one_line_too(second_home: Path, tmp_path: Path):
    """For people and for grep; a path cannot make a second line of it."""
    with running(second_home, tmp_path / "log", log="text") as service:
        service.get("/no%0Awhere%20else")
        until(lambda: service.log.read_text(), "a line is written")
        service.signal()
        service.wait()

    (line,) = service.log.read_text().splitlines()
    assert 'path="/no\\nwhere else" status=404' in line


def test_by_default_requests_are_not_told(second_home: Path, tmp_path: Path):
    """Messages would be."""
    with running(second_home, tmp_path / "log") as service:
        assert service.get("/health/live")[1]["x-request-id"]
        service.signal()
        service.wait()

    assert service.log.read_text() == ""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_fault_is_told_with_its_trace_and_its_request(second_home: Path, form: str):
    """The client gets the id to ask for; the trace stays here."""
    done = subprocess.run(
        [sys.executable, "-c", FAULT, str(second_home), form], capture_output=True, text=True, check=True
    )
    told = done.stderr

    assert json.loads(done.stdout)["request_id"] == "seen-before"
    assert "RuntimeError: secret" in told
    if form == "json":
        message = next(each for each in map(json.loads, told.splitlines()) if "exception" in each)
        assert (message["level"], message["request_id"]) == ("error", "seen-before")
        assert "Traceback" in message["exception"] and "secret" in message["exception"]
    else:
        assert "ERROR [seen-before] " in told


@pytest.mark.parametrize("given", ["two words", "", "a" * 129, 'quote"', "é", "a,b"])
def test_an_id_that_could_not_stand_in_a_log_is_replaced(client: TestClient, given: str):
    """A client cannot write into the log, nor into the headers of others."""
    answer = client.get("/health/live", headers={"X-Request-ID": given.encode()})

    assert answer.headers["X-Request-ID"] not in (given, "")


def test_a_problem_names_its_request(client: TestClient):
    """As the header does, so that it can be told to whoever reads the log."""
    answer = client.get("/roadmaps/PR", headers={"Accept": "application/json"})

    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


class Stuck(StringIO):
    """A file that nobody reads: writing to it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = Event()
        self.asked = Event()

    def write(self, text: str) -> int:
        self.asked.set()
        self.taken.wait()
        return super().write(text)


def test_a_log_that_nobody_takes_does_not_grow_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """The newest lines are dropped, and their number is told once the others are taken."""
    monkeypatch.setattr(logs, "HELD", 10)
    out = Stuck()
    lines = Lines(out)
    lines.put("first\n")
    out.asked.wait()
    for number in range(25):
        lines.put(f"{number}\n")
    out.taken.set()
    until(lambda: "15 lines of the log were dropped" in caplog.text, "it is told")
    lines.close()

    assert out.getvalue() == "first\n" + "".join(f"{number}\n" for number in range(10))
