"""Writes that never end, or take all memory: each is stopped by name and number, and nobody else has to wait for it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from running import running, until
from starlette.testclient import TestClient

from graph_service import bounded
from graph_service.bounded import Bounds, Place
from graph_service.home import Home
from graph_service.publishing import CHANGE, RELEASE, Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.tokens import Tokens
from graph_service.web.app import create_app

NOTES = "https://w3id.org/elpaccto/graph/notes"
SN = "https://w3id.org/elpaccto/id/country/SN"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
DIRECT = "application/sparql-update"
TIMEOUT_S, MEMORY_MB = 60, 100
THREE = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
INTO = f"GRAPH <{NOTES}>"
ENDLESS = {
    "a product of three": f"DELETE {{ {INTO} {{ ?a ?b ?i }} }} INSERT {{ {INTO} {{ ?a ?b ?c }} }}"
    f" WHERE {{ {THREE} FILTER(STRLEN(STR(?a)) + STRLEN(STR(?d)) + STRLEN(STR(?g)) < 3) }}",
    "a removal by a product": f"DELETE {{ {INTO} {{ ?a ?e ?i }} }}"
    f" WHERE {{ {THREE} FILTER(CONCAT(STR(?c), STR(?f), STR(?i)) = '') }}",
    "a path": f"INSERT {{ {INTO} {{ <{SN}> <{SEE}> <urn:x> }} }}"
    " WHERE { ?a (!<urn:p>|^(!<urn:p>))* ?b . ?b (!<urn:p>|^(!<urn:p>))* ?c . ?c (!<urn:p>|^(!<urn:p>))* ?d ."
    " FILTER(CONCAT(STR(?a), STR(?d)) = '') }",
    "a regular expression": f"INSERT {{ {INTO} {{ <{SN}> <{SEE}> <urn:x> }} }} WHERE {{ {THREE}"
    " FILTER(REGEX(CONCAT(STR(?a), STR(?b), STR(?c), STR(?d), STR(?f), STR(?i)), '(((a?){30}){30}){3}z$')) }",
    "the second of two operations": f"INSERT DATA {{ {INTO} {{ <{SN}> <{SEE}> <urn:first> }} }} ;"
    f" DELETE {{ {INTO} {{ ?a ?b ?i }} }} WHERE {{ {THREE} FILTER(CONCAT(STR(?a), STR(?f), STR(?i)) = '') }}",
}
LARGE = {
    "a group of a product": f"INSERT {{ {INTO} {{ <{SN}> <{SEE}> ?all }} }} WHERE {{ SELECT (GROUP_CONCAT("
    "CONCAT(STR(?a), STR(?c), STR(?d), STR(?f))) AS ?all) { ?a ?b ?c . ?d ?e ?f } }",
    "a product in order": f"INSERT {{ {INTO} {{ ?a <{SEE}> ?f }} }}"
    f" WHERE {{ SELECT * {{ {THREE} }} ORDER BY ?c ?f ?i }}",
    "a product that is inserted": f"INSERT {{ {INTO} {{ ?a ?e ?i }} }} WHERE {{ {THREE} }}",
    "a text that doubles": f"INSERT {{ {INTO} {{ <{SN}> <{SEE}> ?t }} }} WHERE {{ VALUES ?t0 {{ 'aaaaaaaaaaaaaaaa' }} "
    + " ".join(f"BIND(CONCAT(?t{n}, ?t{n}) AS ?t{n + 1})" for n in range(30))
    + " BIND(?t30 AS ?t) }",
}


@pytest.fixture
def served(own_home: Path, project_dir: Path) -> Iterator[Callable[..., TestClient]]:
    """Makes a client that may write, within limits."""
    token = Tokens(own_home).new("ana", "write")
    opened: list[TestClient] = []

    def make(**settings: int) -> TestClient:
        limits = {"update_timeout_s": TIMEOUT_S, "update_memory_mb": MEMORY_MB, **settings}
        app = create_app(Releases(own_home), Settings(home=own_home, project=project_dir, **limits))
        opened.append(TestClient(app, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False))
        return opened[-1].__enter__()

    yield make
    for client in opened:
        client.__exit__()


def see_also(name: str) -> str:
    """An update that adds one statement."""
    return f"INSERT DATA {{ {INTO} {{ <{SN}> <{SEE}> <https://example.org/{name}> }} }}"


def send(client: TestClient, text: str, parameters: str = ""):
    """Send an update as it is."""
    return client.post(f"/update{parameters}", content=text, headers={"Content-Type": DIRECT})


def kept(home: Path) -> tuple[int | None, str, bool]:
    """What must not change: the current release, its content, and no write half done."""
    current = Releases(home).current()
    return current.number, current.record.digest, (home / "staging").exists()


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_write_that_does_not_end_is_stopped(kind: str, own_home: Path, served: Callable[..., TestClient]):
    """With 504 and the limit; the release is as it was, and the next writer need not wait."""
    client, before = served(), kept(own_home)

    answer = send(client, ENDLESS[kind], "?timeout=1")

    assert answer.status_code == 504, answer.text
    told = answer.json()
    assert told["type"].endswith("/write-timeout")
    assert told["timeout_s"] == 1
    assert "nothing was published" in told["detail"]
    assert kept(own_home) == before
    with Home(own_home).writer(0):
        pass
    assert send(client, see_also("next")).json()["release"] == 2


@pytest.mark.parametrize("kind", LARGE)
def test_a_write_that_takes_all_memory_is_stopped(kind: str, own_home: Path, served: Callable[..., TestClient]):
    """With 507 and the limit; the release is as it was, and the next writer need not wait."""
    client, before = served(update_timeout_s=600), kept(own_home)

    answer = send(client, LARGE[kind])

    assert answer.status_code == 507, answer.text
    told = answer.json()
    assert told["type"].endswith("/write-memory")
    assert told["memory_mb"] == MEMORY_MB
    assert kept(own_home) == before
    assert send(client, see_also("next")).json()["release"] == 2


def test_the_setting_is_the_limit_where_the_request_asks_for_none_or_more(served: Callable[..., TestClient]):
    """A request can only ask for less."""
    client = served(update_timeout_s=1)

    for parameters in ("", "?timeout=3600"):
        assert send(client, ENDLESS["a product of three"], parameters).json()["timeout_s"] == 1


def test_the_deadline_can_stand_in_a_form(served: Callable[..., TestClient]):
    """As with queries."""
    answer = served().post("/update", data={"update": ENDLESS["a path"], "timeout": "0.5"})

    assert (answer.status_code, answer.json()["timeout_s"]) == (504, 0.5)


@pytest.mark.parametrize("given", ["0", "-1", "soon", "inf", "nan"])
def test_a_deadline_that_is_no_time_is_refused(given: str, served: Callable[..., TestClient]):
    """With what is expected, and nothing is written."""
    client = served()

    for answer in (
        send(client, see_also("1"), f"?timeout={given}"),
        client.delete(f"/store?graph={NOTES}&timeout={given}"),
    ):
        assert (answer.status_code, answer.json()["parameter"]) == (422, "timeout")
    assert client.get("/health/ready").json()["release"] == 1


def test_others_read_while_a_write_does_not_end_and_write_once_it_has(
    own_home: Path, served: Callable[..., TestClient]
):
    """A reader does not notice; writers wait for its end, and no longer."""
    client = served(update_timeout_s=600, writer_wait_s=600)
    with ThreadPoolExecutor(3) as others:
        endless = others.submit(send, client, ENDLESS["a product of three"])
        until(lambda: (own_home / "staging" / "store").exists(), "it is under way")
        waiting = [others.submit(send, client, see_also(name)) for name in "ab"]
        read = [client.get(address) for address in ("/queries/vocabulary/names.json", "/sparql.json?query=ASK+{}")]
        assert not any(each.done() for each in (endless, *waiting))
        os.kill(process_id(own_home), signal.SIGKILL)

        assert [each.status_code for each in read] == [200, 200]
        assert endless.result().status_code == 503
        assert sorted(each.result().json()["release"] for each in waiting) == [2, 3]


def test_graphs_are_put_within_the_same_limits(served: Callable[..., TestClient]):
    """The Graph Store Protocol takes a deadline as well; one that cannot be met changes nothing."""
    client = served()
    address, turtle = f"/store?graph={NOTES}", {"Content-Type": "text/turtle"}
    body = f"<{SN}> <{SEE}> <https://example.org/1> ."

    late = client.put(f"{address}&timeout=0.001", content=body, headers=turtle)
    done = client.put(f"{address}&timeout=60", content=body, headers=turtle)

    assert (late.status_code, late.json()["timeout_s"]) == (504, 0.001)
    assert done.status_code == 201
    assert client.delete(f"{address}&timeout=0.001").status_code == 504
    assert client.get(address).status_code == 200


def test_nothing_ends_a_write_once_it_is_being_published(own_home: Path):
    """Neither its deadline nor its memory: whoever is told that it failed can rely on it."""
    place, steps = Place(own_home, keep=20, wait_s=60, union=True), list[str]()

    done = bounded.write(place, long_and_large, Bounds(timeout_s=0.5, memory_mb=100), steps.append)

    assert done == "done"
    assert steps == [CHANGE, RELEASE]


def long_and_large(publisher: Publisher) -> object:
    """A write that takes long and much where it is published."""
    publisher.progress(CHANGE)
    publisher.progress(RELEASE)
    time.sleep(1)
    return "done" if bytes(400_000_000) else ""


def test_a_killed_process_leaves_the_release_and_the_next_one_writes(own_home: Path, served: Callable[..., TestClient]):
    """kill -9 amid a write is told with what to do, and mends by itself."""
    client, before = served(), kept(own_home)
    with ThreadPoolExecutor(1) as others:
        endless = others.submit(send, client, ENDLESS["a product of three"])
        until(lambda: (own_home / "staging" / "store").exists(), "it is under way")
        os.kill(process_id(own_home), signal.SIGKILL)
        answer = endless.result()

    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/write-stopped")
    assert int(answer.headers["Retry-After"]) > 0
    assert kept(own_home) == before
    assert send(client, see_also("next")).json()["release"] == 2


def process_id(home: Path) -> int:
    """The process that holds the writer's lock."""
    node = (home / "lock").stat().st_ino
    lines = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    return next(int(line[4]) for line in lines if "FLOCK" in line and int(line[5].rpartition(":")[2]) == node)


def test_a_write_ends_with_its_server(own_home: Path, tmp_path: Path):
    """After kill -9 nobody waits for its answer: the lock is free, and the next writer removes what was staged."""
    token = Tokens(own_home).new("ana", "write")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": DIRECT}
    with running(own_home, tmp_path / "log", update_timeout_s=600) as service:
        connection = service.connect()
        connection.request("POST", "/update", ENDLESS["a product of three"], headers)
        until(lambda: (own_home / "staging" / "store").exists(), "it is under way")
        service.kill()
        connection.close()

        with Home(own_home).writer(60):
            assert kept(own_home)[0] == 1
            assert not (own_home / "staging").exists()


def test_the_steps_of_writes_are_timed_all_the_same(served: Callable[..., TestClient]):
    """Each of the four, once for a write that is published."""
    client = served()
    send(client, see_also("1"))

    told = client.get("/metrics").text

    for step in ("change", "rules", "gate", "release"):
        assert f'graph_service_write_seconds_count{{step="{step}"}} 1.0' in told


def test_a_refused_write_lets_go_of_what_it_had_opened(served):
    """The process that made it makes the next one, too."""
    client = served()
    for number in range(3):
        assert send(client, "LO\\u0041D <urn:x>").status_code == 400
        assert send(client, f"INSERT DATA {{ {INTO} {{ <{SN}> a <urn:x> }} }} ; INSERT").status_code == 400
        assert send(client, see_also(f"after-{number}")).status_code == 200
