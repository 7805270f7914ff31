"""Following: what a release changed is found out as it is published, and kept with its record."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service import writing
from graph_service.delta import Delta
from graph_service.following import Counts, tell
from graph_service.history import History
from graph_service.home import read_delta
from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.store.embedded import EmbeddedStore, parse_quads
from graph_service.store.protocol import Dataset
from graph_service.web.app import create_app

GRAPH = "https://w3id.org/elpaccto/graph/notes"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
ID = "https://w3id.org/elpaccto/id"


def write(home: Path, verb: str, subject: str) -> None:
    """Publish one statement more, or less."""
    text = f"{verb} DATA {{ GRAPH <{GRAPH}> {{ <{subject}> <{SEE}> <https://example.org/1> }} }}"
    assert Publisher(home).write(writing.update(text, Dataset()), who="tests", reason="").new


def test_the_record_tells_how_much_changed_and_of_what(own_home: Path):
    """As the difference of both releases does; a country of which nothing changed is not named."""
    write(own_home, "INSERT", f"{ID}/country/SN")
    releases = Releases(own_home)

    record = releases.current().record
    found = History(releases).difference(1, 2)
    assert record.counts == {name: len(getattr(found, name)) for name in asdict(Counts())}
    assert record.counts == {**asdict(Counts()), "values": 1}
    assert (record.countries, record.axes) == (["SN"], [])
    assert set(releases.record(1).countries) >= {"SN", "ML"}


def test_evidence_and_institutions_lead_to_countries_and_axes(own_home: Path):
    """What changes of the evidence of a mandate is of its axis, and of the country of the body that holds it."""
    query = (
        "SELECT ?evidence ?axis ?country { ?mandate a elp:Mandate ; elp:evidence ?evidence ; elp:axis ?axis ; "
        "elp:holder/elp:country ?country } ORDER BY ?mandate ?evidence LIMIT 1"
    )
    rows = Releases(own_home).current().store.select(f"PREFIX elp: <https://w3id.org/elpaccto/ontology#> {query}").rows
    row = {name: str(value) for name, value in next(iter(rows)).items()}
    write(own_home, "INSERT", row["evidence"])
    write(own_home, "DELETE", row["evidence"])

    for number in (2, 3):
        record = Releases(own_home).record(number)
        assert row["axis"].rpartition("/")[2] in record.axes
        assert row["country"].rpartition("/")[2] in record.countries


@pytest.mark.parametrize("few", [0, 100_000], ids=["on disk", "in memory"])
def test_a_large_delta_tells_the_same(own_home: Path, tmp_path: Path, few: int):
    """All of a first release, whose quads come from a file where they are many."""
    record = Releases(own_home).record(1)
    lines = "".join(line for _, line in read_delta(own_home / "history" / "1.nq.gz"))
    with closing(Delta(tmp_path, few)) as delta:
        delta.put_all(True, parse_quads(lines.encode(), "delta"))
        told = tell(delta, EmbeddedStore.in_memory(), Releases(own_home).current().store)

    assert asdict(told.counts) == record.counts
    assert (list(told.countries), list(told.axes)) == (record.countries, record.axes)
    assert told.counts.new > 10


def test_the_list_of_releases_reads_no_delta(own_home: Path):
    """However large one is."""
    write(own_home, "INSERT", f"{ID}/country/SN")
    for number in (1, 2):
        (own_home / "history" / f"{number}.nq.gz").unlink()

    with TestClient(create_app(Releases(own_home), Settings(home=own_home))) as client:
        for address in ("/releases", "/releases.json", "/releases.atom?country=SN", "/releases/2"):
            assert client.get(address).status_code == 200
        assert [each["number"] for each in client.get("/releases.json?country=ML").json()["releases"]] == [1]
