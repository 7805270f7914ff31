"""The same program serves another programme's project, written with the same ontology: no fact is in the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import read_settings
from graph_service.web.app import create_app

ADDRESSES = [
    "/",
    "/ask?axis=theft&country=SN",
    "/ask?axis=smuggling",
    "/search?q=theft",
    "/ask?q=zzz",
    "/network",
    "/matrix",
    "/matrix?component=courts&as_of=2019",
    "/roadmaps",
    "/roadmaps/SN",
    "/roadmaps/ML",
    "/compare?countries=SN,ML",
    "/countries",
    "/countries/SN",
    "/axes/theft",
    "/institutions",
    "/institutions/sn-court",
    "/organisations",
    "/events/kick-off",
    "/doc/gap/ml-theft",
    "/queries",
    "/queries/institutions/by-axis?axis=theft",
    "/sparql",
    "/exports",
    "/releases",
    "/ontology",
    "/docs",
]
SHOW_EXAMPLES = ("/queries", "/docs")  # the examples in query files are the project's own


@pytest.fixture(scope="module")
def other(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The app over the second programme, chosen by the environment as an operator would."""
    home = tmp_path_factory.mktemp("second-home")
    settings = read_settings({"GRAPH_SERVICE_PROJECT": str(second_project), "GRAPH_SERVICE_HOME": str(home)})
    Publisher(settings.home).load_project(settings.project, who="tests")
    with TestClient(create_app(Releases(settings.home), settings)) as client:
        yield client


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_speaks_of_the_other_programme(other: TestClient, address: str):
    """The pages stand, under its name, and nothing of the first programme is on them."""
    answer = other.get(address, headers={"Accept": "text/html"})

    assert answer.status_code == 200
    assert "Justice for all" in answer.text
    assert "EL PAcCTO graph" not in answer.text
    if address not in SHOW_EXAMPLES:
        assert "money-laundering" not in answer.text


@pytest.mark.parametrize("suffix", ["json", "csv", "ttl", "jsonld"])
def test_its_roadmaps_answer_in_all_formats(other: TestClient, suffix: str):
    """The institution, the event and its exact words are there."""
    answer = other.get(f"/roadmaps/SN.{suffix}")

    assert answer.status_code == 200
    assert "Cour d'exemple" in answer.text
    assert "une première réunion" in answer.text


def test_its_question_is_answered_by_date(other: TestClient):
    """Founded in March 2019: possibly within a day of that month, certainly in the year, not before."""
    counts = {day: len(other.get(f"/ask.json?axis=theft&as_of={day}").json()["mandates"]) for day in ("2018", "2019")}
    (within,) = other.get("/ask.json?axis=theft&as_of=2019-03-10").json()["mandates"]

    assert counts == {"2018": 0, "2019": 1}
    assert within["in_force"] == "possible"


def test_a_country_of_the_first_programme_is_unknown(other: TestClient):
    """Names come from the graph that is served."""
    answer = other.get("/roadmaps/PE.json")

    assert answer.status_code == 404
