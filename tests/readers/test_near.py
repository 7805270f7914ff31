"""Near: what is answered in the web process is the same from disk and from memory, release after release."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from graph_service import writing
from graph_service.home import Home
from graph_service.publishing import Publisher
from graph_service.readers import near as near_module
from graph_service.readers.near import MAKING, Near
from graph_service.releases import Releases
from graph_service.store.protocol import Dataset

OWN = "https://w3id.org/elpaccto/graph/own"
TEXT = "SELECT ?p ?o WHERE { <urn:x> ?p ?o }"
UPDATES = (
    f"INSERT DATA {{ GRAPH <{OWN}> {{ <urn:x> <urn:p> 1 , 'zwei'@de }} }}",
    f"DELETE DATA {{ GRAPH <{OWN}> {{ <urn:x> <urn:p> 1 }} }}",
    f"INSERT DATA {{ GRAPH <{OWN}> {{ <urn:x> <urn:p> [] }} }}",
)


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A home that may be written."""
    shutil.copytree(home, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


def settled() -> None:
    """Wait for the copies that are being made."""
    for thread in threading.enumerate():
        if thread.name == MAKING:
            thread.join()


@pytest.mark.parametrize(("memory_mb", "worn"), [(0, 1), (1000, 1), (1000, 0)])
def test_each_release_is_answered_as_from_disk(
    own_home: Path, memory_mb: int, worn: float, monkeypatch: pytest.MonkeyPatch
):
    """Before its copy is there and after it, made of the last or anew, and with blank nodes, which no delta names."""
    monkeypatch.setattr(near_module, "WORN", worn)
    near, releases = Near(Home(own_home), memory_mb, union=True), Releases(own_home)
    for update in ("", *UPDATES):
        if update:
            Publisher(own_home).write(writing.update(update, Dataset()), who="ana", reason="")
        release = releases.current()
        rows = release.store.select(TEXT).rows
        expected = sorted(str(row["o"]) for row in rows if not str(row["o"]).startswith("_:"))
        for _ in range(2):
            table = near.brief(release).answer(TEXT, "text/csv", "http://example.org/")
            assert table is not None
            settled()
            found = [line.partition(",")[2] for line in table.decode().splitlines()[1:]]
            assert sorted(each for each in found if not each.startswith("_:")) == expected
        assert near.in_memory == bool(memory_mb)
