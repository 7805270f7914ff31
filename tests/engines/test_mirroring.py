"""Filling: an engine goes from release to release as a whole, and what is written is read at once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Service, mirrored
from httpx2 import Client
from servers import Server

from graph_service import mirroring
from graph_service.errors import EngineMissing, EngineRefused
from graph_service.publishing import Publisher
from graph_service.store.contents import BESIDE, STATE, Change, Contents, Mark
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import GRAPH, Iri

INSERT = "INSERT DATA {{ GRAPH <{graph}notes> {{ <urn:x:{name}> <urn:x:p> 'é \\\"{name}\\\"' }} }}"
FILL = "INSERT DATA { GRAPH <urn:x:g> { <urn:x:s> <urn:x:p> 1 } }"


def insert(name: str) -> str:
    return INSERT.format(graph=GRAPH, name=name)


@pytest.fixture
def engine(server: Server) -> Server:
    """Each engine, empty."""
    server.clear()
    return server


@pytest.fixture
def empty(oxigraph: Server) -> Server:
    """One engine, empty."""
    oxigraph.clear()
    return oxigraph


def same_as_at_home(service: Service) -> bool:
    """Whether the engine holds what the home folder does, and nothing beside it but the mark."""
    current = service.mirror.held()
    home = EmbeddedStore.open(service.home / "releases" / str(current) / "store")
    graphs = Contents(service.mirror.engine).names()
    return set(service.mirror.store(current or 0).quads()) == set(home.quads()) and not any(
        graph.startswith(BESIDE) for graph in graphs
    )


def test_what_is_written_is_read_at_once(engine: Server, service: Callable[..., Service]):
    """By whoever asks, at every address, and withdrawn again."""
    here = service(engine.addresses)
    here.fill()

    before, written = here.count(), here.update(insert("one"))

    assert (written.status_code, written.json()["warnings"]) == (200, [])
    assert here.mirror.held() == 2
    assert here.count() > before
    assert here.ask("SELECT ?o { <urn:x:one> <urn:x:p> ?o }") == [{"o": 'é "one"'}]
    assert here.client.get(f"/store?graph={GRAPH}notes").text.count("urn:x:one") == 1
    assert same_as_at_home(here)
    here.update(f"DROP GRAPH <{GRAPH}notes>")
    assert here.count() == before
    assert same_as_at_home(here)


def test_a_large_change_is_seen_whole_or_not_at_all(
    engine: Server, service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
):
    """While it is sent, queries see the release before; then, at once, the one after."""
    here = service(engine.addresses)
    here.fill()
    before = here.count()
    monkeypatch.setattr(mirroring, "SMALL_BYTES", 0)
    seen: list[object] = []
    make = Contents.make

    def looking(self: Contents, *given: object) -> None:
        seen.append((here.count(), here.mirror.state(), any(each.startswith(BESIDE) for each in self.names())))
        make(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Contents, "make", looking)
    here.update(insert("large"))

    assert seen == [(before, "1+", True)]
    assert here.count() > before
    assert here.mirror.state() == "2"
    assert same_as_at_home(here)


def test_several_releases_are_caught_up_with_at_once(engine: Server, service: Callable[..., Service]):
    """Published while nobody had the engine go on."""
    here = service(engine.addresses)
    here.fill()
    publisher = Publisher(here.home)
    for change in (insert("a"), insert("b"), f"DELETE WHERE {{ GRAPH <{GRAPH}notes> {{ <urn:x:a> ?p ?o }} }}"):
        publisher.write(lambda staging, text=change: updated(staging, text), who="tests", reason="")

    here.fill()

    assert here.mirror.held() == 4
    assert here.ask("SELECT ?s { ?s <urn:x:p> ?o }") == [{"s": "urn:x:b"}]
    assert same_as_at_home(here)


def updated(staging, text: str):
    from graph_service import writing
    from graph_service.store.protocol import Dataset

    return writing.update(text, Dataset())(staging)


def test_a_change_is_made_once(empty: Server, own_home: Path):
    """One that arrives again, or for another release, does nothing."""
    with mirrored(own_home, empty.addresses) as mirror:
        mirror.catch_up()
        contents = Contents(mirror.engine)
        held = contents.mark()
        assert held is not None
        change = Change({}, {Iri("urn:x:g"): ['<urn:x:s> <urn:x:p> "1" .\n']})
        other = Mark(held.number + 5, "x", held.home)

        contents.change(change, other, Mark(9, "y", held.home))

        assert contents.mark() == held
        assert "urn:x:g" not in contents.names()


def test_what_was_broken_off_is_taken_up_again(empty: Server, service: Callable[..., Service]):
    """A filling that ended half-way, and a change that lies beside the rest and was never made."""
    here = service(empty.addresses)
    here.fill()
    contents = Contents(here.mirror.engine)
    held = contents.mark()
    assert held is not None

    contents.put_beside(Change({}, {Iri("urn:x:g"): ['<urn:x:s> <urn:x:p> "1" .\n']}), "run")
    (here.home / "mirrored").unlink()
    (here.home / "mirrored").symlink_to("1+")
    here.fill()
    assert same_as_at_home(here)

    contents.begin(Mark(0, "", held.home))
    contents.add("urn:x:half", ['<urn:x:s> <urn:x:p> "1" .\n'])
    here.fill()
    assert here.mirror.state() == "1"
    assert same_as_at_home(here)


def test_an_engine_that_was_emptied_is_filled_again(empty: Server, service: Callable[..., Service]):
    """Nobody gets an answer made of the empty one."""
    here = service(empty.addresses)
    here.fill()
    before = here.count()
    empty.clear()

    answer = here.client.get("/sparql.json", params={"query": "SELECT ?s { ?s ?p ?o } LIMIT 1"})

    assert answer.status_code in (200, 503)
    assert answer.status_code == 503 or len(answer.json()["results"]["bindings"]) == 1
    here.fill()
    assert here.count() == before
    assert same_as_at_home(here)


def test_an_engine_with_other_data_is_left_alone(empty: Server, service: Callable[..., Service], home: Path):
    """Somebody else's statements, or those of another home folder: ready says so, and nothing is overwritten."""
    with Client() as client:
        client.post(empty.addresses.update, data={"update": FILL}).raise_for_status()
    here = service(empty.addresses)

    with pytest.raises(EngineRefused, match="data that is not this service's"):
        here.fill()

    ready = here.client.get("/health/ready")
    assert ready.status_code == 503
    assert "data that is not this service's" in ready.json()["detail"]
    assert Contents(here.mirror.engine).names() == {"urn:x:g"}


def test_two_homes_do_not_feed_one_engine(empty: Server, own_home: Path, home: Path, tmp_path: Path):
    """The second one is refused; a copy of the first one is not."""
    with mirrored(own_home, empty.addresses) as mirror:
        mirror.catch_up()
    other = shutil.copytree(home, tmp_path / "other", symlinks=True)
    copy = shutil.copytree(own_home, tmp_path / "copy", symlinks=True)

    with mirrored(Path(other), empty.addresses) as mirror, pytest.raises(EngineRefused, match="another home folder"):
        mirror.catch_up()
    with mirrored(Path(copy), empty.addresses) as mirror:
        mirror.catch_up()
        assert mirror.held() == 1


@pytest.mark.parametrize(("path", "words"), [("", "no address for updates"), ("/nowhere", "takes no writes at")])
def test_an_engine_without_updates_says_so(
    path: str, words: str, empty: Server, own_home: Path, service: Callable[..., Service]
):
    """What it holds is served as long as it is the current release."""
    with mirrored(own_home, empty.addresses) as filling:
        filling.catch_up()
    update = path and empty.addresses.query.replace("/query", path)
    here = service(replace(empty.addresses, update=update))
    here.fill()
    assert here.count() > 0

    written = here.update(insert("late"))

    assert written.status_code == 200
    assert any(words in warning for warning in written.json()["warnings"])
    with pytest.raises(EngineMissing):
        here.fill()
    assert words in here.client.get("/health/ready").json()["detail"]


def test_a_page_is_of_one_release(empty: Server, service: Callable[..., Service]):
    """However often the engine goes on while pages are made."""
    here = service(empty.addresses)
    here.fill()
    stop, wrong, seen = threading.Event(), [], set()
    query = "SELECT (COUNT(*) AS ?n) (MAX(?o) AS ?last) { ?s <urn:x:count> ?o }"

    def look() -> None:
        while not stop.is_set():
            answer = here.client.get("/sparql.json", params={"query": query})
            number = int(answer.headers["ETag"].removeprefix("W/").strip('"').partition("-")[0])
            told = int(answer.json()["results"]["bindings"][0]["n"]["value"])
            seen.add(told)
            if told != number - 1:
                wrong.append((number, told))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for number in range(1, 7):
            assert here.update(
                f"INSERT DATA {{ GRAPH <{GRAPH}notes> {{ <urn:x:{number}> <urn:x:count> {number} }} }}"
            ).is_success
    finally:
        stop.set()
        looking.join()

    assert wrong == []
    assert len(seen) > 1
    assert (
        str(STATE) not in here.client.get("/sparql.json", params={"query": "SELECT DISTINCT ?g { GRAPH ?g {} }"}).text
    )
