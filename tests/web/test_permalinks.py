"""The address of a view at all times: as of its release, and of the day that "today" was."""

from __future__ import annotations

import datetime
import html
import io
import re
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from starlette.testclient import TestClient

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
DAY = datetime.date(2009, 6, 1)  # so long ago that other mandates were in force
AS_OF_TODAY = [
    "/ask?axis=corruption&country=PE",
    "/matrix",
    "/matrix?component=judicial",
    "/compare?countries=PE,CL",
    "/roadmaps/PE",
    "/axes",
    "/queries/institutions/by-axis?axis=corruption",
]
AT_ANY_TIME = ["/ask?what=activities&country=PE", "/events?country=EC", "/institutions/pe-mp", "/queries/events/by"]


@pytest.fixture(scope="module")
def long_ago(home, project_dir):
    """The same releases, read on another day."""
    with TestClient(create_app(Releases(home, clock=lambda: DAY), Settings(home=home, project=project_dir))) as made:
        yield made


def permalink(client, address: str) -> str:
    page = client.get(address, headers={"Accept": BROWSER}).text
    (found,) = re.findall(r'<a class="uri" rel="original" href="http://testserver([^"]+)">', page)
    return html.unescape(found)


def data(client, address: str) -> dict:
    """The JSON of a view, links apart."""
    answer = client.get(address, headers={"Accept": "application/json"})
    assert answer.status_code == 200, address
    return {name: value for name, value in answer.json().items() if name not in ("links", "parameters")}


@pytest.mark.parametrize("address", AS_OF_TODAY)
def test_what_is_as_of_today_is_found_again_as_of_this_day(client, long_ago, address):
    """On any other day, at its permalink, it is the same; and the permalink of that is the same again."""
    found = permalink(long_ago, address)

    assert parse_qs(urlsplit(found).query)["as_of"] == [DAY.isoformat()]
    assert data(client, found) == data(long_ago, address) != data(client, address)
    assert permalink(client, found) == found


@pytest.mark.parametrize("address", AT_ANY_TIME)
def test_what_does_not_hang_on_the_day_names_none(client, long_ago, address):
    """Nor does an address that takes none."""
    found = permalink(long_ago, address)

    assert "as_of" not in found
    assert data(client, found) == data(long_ago, address)


@pytest.mark.parametrize("address", ["/ask?axis=gender&as_of=2018", "/matrix?as_of=2018-06"])
def test_a_date_that_was_given_is_kept(long_ago, address):
    """As it was written."""
    assert permalink(long_ago, address) == f"{address}&release=1"


def test_a_view_of_an_earlier_release_is_as_of_that_release(client):
    """There "today" stands for the day of the release, at all times: nothing is added."""
    assert permalink(client, "/matrix?release=1") == "/matrix?release=1"


def test_the_spreadsheet_names_the_same_address(long_ago):
    """On its first sheet."""
    book = openpyxl.load_workbook(io.BytesIO(long_ago.get("/matrix.xlsx?component=judicial").content))
    cells = [str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if cell]

    assert f"http://testserver{permalink(long_ago, '/matrix?component=judicial')}" in cells
