"""Time: every address answers as it did then, by `?release=` and by `Accept-Datetime` (Memento, RFC 7089)."""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph
import pytest
from starlette.testclient import TestClient

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
COUNT = 10
START = datetime.datetime(2021, 5, 1, 9, 30, tzinfo=datetime.UTC)
LATER = datetime.date(2030, 1, 1)
ADDRESSES = [
    "/",
    "/roadmaps/SN",
    "/roadmaps/SN.json",
    "/roadmaps/SN.ttl",
    "/roadmaps/SN.csv",
    "/ask?axis=theft&country=SN",
    "/ask.json?axis=theft",
    "/matrix.csv",
    "/institutions/sn-court.jsonld",
    "/axes/theft.html?lang=es",
    "/queries/institutions/by-axis.json?axis=theft",
    "/queries.json",
    "/sparql.csv?query=SELECT+*+{+?s+<http://www.w3.org/2000/01/rdf-schema%23label>+?o+}+ORDER+BY+?s+?o",
    "/exports/elpaccto.nq",
    "/exports/elpaccto.csv.zip",
    "/exports.json",
    "/store?graph=https://w3id.org/elpaccto/graph/programme",
    "/store?default",
    "/releases",
    "/releases.json",
    "/changes.json?since=0",
]


def made(number: int) -> datetime.datetime:
    """When a release was made: ten days after the one before it."""
    return START + datetime.timedelta(days=10 * number)


def app(home: Path, day: datetime.date) -> TestClient:
    """The real app as it is on a day."""
    followed = Releases(home, clock=lambda: day)
    return TestClient(create_app(followed, Settings(home=home)), follow_redirects=False)


@dataclass
class Story:
    """Ten releases, what was served while each of them was the newest, and the app as it is much later."""

    home: Path
    later: TestClient
    then: dict[tuple[int, str], tuple[bytes, str]] = field(default_factory=dict)  # bytes and ETag

    def get(self, address: str, moment: datetime.datetime):
        return self.later.get(address, headers={"Accept-Datetime": format_datetime(moment, usegmt=True)})


@pytest.fixture(scope="module")
def story(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    project, home = Path(shutil.copytree(second_project, folder / "project")), folder / "home"
    path = project / "data" / "programme.ttl"
    text = path.read_text()
    publisher = Publisher(home)
    then = {}
    for number in range(1, COUNT + 1):
        path.write_text(text.replace('"Example Court"@en', f'"Example Court {number}"@en'))
        publisher.load_project(project, who="ana", reason=f"step {number}")
        record = home / "history" / f"{number}.json"
        record.write_text(json.dumps({**json.loads(record.read_text()), "created": made(number).isoformat()}))
        with app(home, made(number).date()) as client:
            for address in ADDRESSES:
                answer = client.get(address)
                assert answer.status_code == 200, address
                then[number, address] = answer.content, answer.headers.get("ETag", "")
    with app(home, LATER) as later:
        yield Story(home, later, then)


@pytest.mark.parametrize("address", ADDRESSES)
def test_between_two_releases_the_answer_is_that_of_then_to_the_byte(story: Story, address: str):
    """Whatever the day it is now, and with the tag of then."""
    for number in range(1, COUNT + 1):
        answer = story.get(address, made(number) + datetime.timedelta(days=5))

        same = (answer.content, answer.headers.get("ETag", "")) == story.then[number, address]
        assert same, number
        assert parsedate_to_datetime(answer.headers["Memento-Datetime"]) == made(number)


def test_the_answers_of_then_differ(story: Story):
    """So that the test above shows something: each release has its own bytes and its own tag."""
    for address in ("/roadmaps/SN", "/exports/elpaccto.nq", "/roadmaps/SN.json"):
        assert len({story.then[number, address] for number in range(1, COUNT + 1)}) == COUNT
        assert len({story.then[number, address][1] for number in range(1, COUNT + 1)}) == COUNT


def test_today_is_the_day_of_the_release_that_is_asked_for(story: Story):
    """Without a date the newest release answers for today, an older one for its own day."""
    address = "/ask.json?axis=theft"
    now = story.later.get(address).json()
    then = story.get(address, made(4)).json()
    numbered = story.later.get(f"{address}&release=4").json()

    assert now["as_of"] == LATER.isoformat()
    assert then["as_of"] == numbered["as_of"] == made(4).date().isoformat()
    assert story.later.get(f"{address}&release={COUNT}").json()["as_of"] == made(COUNT).date().isoformat()


@pytest.mark.parametrize(("days", "number"), [(-1000, 1), (10, 1), (99, 9), (100, 10), (4000, 10)])
def test_before_the_first_release_the_first_answers_and_after_the_last_the_last(story: Story, days: int, number: int):
    """RFC 7089, 4.5.3 allows either a 406 or the nearest; the first is of more use."""
    answer = story.get("/roadmaps.json", START + datetime.timedelta(days=days))

    assert answer.status_code == 200
    assert answer.json()["release"] == number


@pytest.mark.parametrize("address", ["/roadmaps/SN", "/ask.json?axis=theft", "/exports/elpaccto.nq"])
def test_the_headers_are_those_of_rfc_7089(story: Story, address: str):
    """Original, TimeGate, TimeMap and memento are told; a memento has its date, and caches keep it apart."""
    now = story.later.get(address)
    negotiated = story.get(address, made(3))
    memento = story.later.get(negotiated.headers["Content-Location"])

    for answer in (now, negotiated, memento):
        assert "Accept-Datetime" in answer.headers["Vary"]
        assert f'<{address}>; rel="original timegate"' in answer.headers["Link"]
        assert re.search(
            r'</timemap\?uri=[^>]+>; rel="timemap"; type="application/link-format"', answer.headers["Link"]
        )
    assert "Memento-Datetime" not in now.headers and 'rel="memento"' not in now.headers["Link"]
    assert memento.headers["Memento-Datetime"] == negotiated.headers["Memento-Datetime"]
    assert f'rel="memento"; datetime="{memento.headers["Memento-Datetime"]}"' in memento.headers["Link"]
    head = story.later.head(address, headers={"Accept-Datetime": memento.headers["Memento-Datetime"]})
    assert (head.content, head.headers["Memento-Datetime"]) == (b"", memento.headers["Memento-Datetime"])


def test_a_client_that_has_the_answer_of_then_gets_304(story: Story):
    """With the headers of its time."""
    first = story.get("/roadmaps/SN.json", made(3))
    headers = {"Accept-Datetime": format_datetime(made(3), usegmt=True), "If-None-Match": first.headers["ETag"]}
    again = story.later.get("/roadmaps/SN.json", headers=headers)
    newest = story.later.get("/roadmaps/SN.json", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, newest.status_code) == (304, 200)
    assert again.headers["Memento-Datetime"] == first.headers["Memento-Datetime"]


def test_the_address_of_a_memento_is_not_negotiated(story: Story):
    """`?release=` wins over Accept-Datetime."""
    headers = {"Accept-Datetime": format_datetime(made(8), usegmt=True)}

    assert story.later.get("/roadmaps.json?release=2", headers=headers).json()["release"] == 2


def test_a_query_by_post_is_answered_as_of_then(story: Story):
    """By either way of asking; what was asked in the body is not repeated in the headers."""
    query = 'SELECT ?o { ?s ?p ?o FILTER(STRSTARTS(STR(?o), "Example Court")) }'
    headers = {"Content-Type": "application/sparql-query", "Accept": "text/csv"}
    then = {"Accept-Datetime": format_datetime(made(4), usegmt=True)}
    answers = [
        story.later.post("/sparql?release=4", content=query, headers=headers),
        story.later.post("/sparql", content=query, headers={**headers, **then}),
    ]

    for answer in answers:
        assert answer.text.splitlines()[1:] == ["Example Court 4"]
        assert answer.headers["Memento-Datetime"] == then["Accept-Datetime"]
        assert "Content-Location" not in answer.headers


def test_the_links_of_a_page_keep_the_release(story: Story):
    """All links and forms but the one to the newest; the reader does not fall out of the past unawares."""
    page = story.later.get("/roadmaps/SN?release=3", headers={"Accept": BROWSER}).text
    links = re.findall(r'(rel="original" )?href="(/[^"]*)"', page)
    inside = [link for original, link in links if not original and not link.startswith("/static/")]

    assert len(inside) > 20
    assert [link for link in inside if not re.search(r"[?;&]release=3\b", link)] == []
    assert [link for original, link in links if original] == ["/roadmaps/SN"]
    assert "You read release 3 of 31 May 2021" in re.sub(r"<[^>]+>", "", page)
    for link in sorted(set(inside)):
        answer = story.later.get(link.replace("&amp;", "&"), headers={"Accept": BROWSER})
        assert answer.status_code in (200, 303), link
        assert answer.headers["Memento-Datetime"] == format_datetime(made(3), usegmt=True), link


def test_forms_and_redirects_keep_the_release(story: Story):
    """A question asked from a page of the past is asked of the past; /id leads on within it."""
    page = story.later.get("/?release=3", headers={"Accept": BROWSER}).text
    redirect = story.later.get("/id/institution/sn-court?release=3")

    assert page.count("<form") == page.count('<input type="hidden" name="release" value="3">') > 0
    assert redirect.headers["Location"] == "/doc/institution/sn-court?release=3"


def test_the_links_of_json_keep_the_release(story: Story):
    """And so do those of the header."""
    answer = story.later.get("/ask.json?axis=theft&release=3")
    told = [
        *answer.json()["links"].values(),
        *re.findall(r'<([^>]+)>; rel="(?:alternate|describedby)"', answer.headers["Link"]),
    ]

    assert all("release=3" in link for link in told)


def test_a_page_of_now_names_no_release_in_its_links(story: Story):
    """Nor does the answer to Accept-Datetime, which is that of then to the byte."""
    links = re.findall(r'href="([^"]*)"', story.later.get("/").text + story.get("/", made(3)).text)

    assert links and not [link for link in links if re.search(r"[?;&]release=", link)]


@pytest.mark.parametrize("address", ["/roadmaps/SN", "/sparql?query=ASK{}", "/exports/elpaccto.nt", "/releases"])
def test_a_date_that_cannot_be_read_is_told(story: Story, address: str):
    """400, with an example."""
    for date in (
        "2021",
        "yesterday",
        "31 Foo 2021 10:00:00 GMT",
        "Mon, 99 May 2021 09:30:00 GMT",
        "\N{SNOWMAN}".encode(),
    ):
        answer = story.later.get(address, headers={"Accept-Datetime": date, "Accept": "application/json"})

        assert answer.status_code == 400, date
        assert "31 May 2018" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/matrix?release=99", 404),
        ("/matrix?release=0", 404),
        ("/matrix?release=x", 422),
        ("/matrix?release=-1", 422),
        ("/matrix?release=1&release=2", 422),
        ("/changes?since=99", 422),
        ("/changes?since=1&until=99", 404),
        ("/changes?since=3&until=2", 422),
        ("/changes?since=a", 422),
        ("/changes?since=1&part=both", 422),
        ("/changes.nq?since=1", 422),
        ("/changes?sinc=1", 422),
        ("/releases/99", 404),
        ("/releases/1..99", 404),
        ("/releases/a..b", 404),
        ("/id/release/99", 303),
        ("/timemap?uri=/static/style.css", 400),
        ("/timemap?uri=https://example.org/", 400),
    ],
)
def test_what_is_wrong_has_its_status(story: Story, address: str, status: int):
    """Unknown is 404, unreadable is 422; for people there is a page, whose links lead to now."""
    answer = story.later.get(address, headers={"Accept": "application/json"})
    page = story.later.get(address, headers={"Accept": BROWSER})

    assert answer.status_code == page.status_code == status
    assert not [link for link in re.findall(r'href="([^"#]*)"', page.text) if re.search(r"[?;&]release=", link)]


def test_the_timemap_lists_all_mementos(story: Story):
    """`application/link-format`, oldest first; each of its addresses is what it says."""
    answer = story.later.get("/timemap?uri=/roadmaps/SN.json?lang=es")
    found = re.findall(r'<([^>]+)>; rel="((?:first |last )*memento)"; datetime="([^"]+)"', answer.text)

    assert answer.headers["Content-Type"] == "application/link-format"
    assert '<http://testserver/roadmaps/SN.json?lang=es>; rel="original timegate"' in answer.text
    assert [rel for _, rel, _ in found] == ["first memento", *["memento"] * (COUNT - 2), "last memento"]
    for number, (address, _, date) in enumerate(found, 1):
        memento = story.later.get(address)
        assert memento.json()["release"] == number
        assert memento.headers["Memento-Datetime"] == date == format_datetime(made(number), usegmt=True)
    listed = story.later.get("/timemap.json?uri=/roadmaps/SN.json?lang=es").json()
    assert [each["uri"] for each in listed["mementos"]] == [address for address, _, _ in found]


def quads(lines: list[str]) -> set[pyoxigraph.Quad]:
    return set(pyoxigraph.parse("\n".join(lines), format=pyoxigraph.RdfFormat.N_QUADS))


def test_the_changes_replayed_give_the_graph(story: Story):
    """Step by step from the empty set, and at once; as JSON and as N-Quads."""
    replayed: set[pyoxigraph.Quad] = set()
    for number in range(COUNT):
        step = story.later.get(f"/changes?since={number}&until={number + 1}").json()
        replayed = (replayed - quads(step["removed"])) | quads(step["added"])
        dump = story.later.get(f"/exports/elpaccto.nq?release={number + 1}").content
        same = replayed == set(pyoxigraph.parse(dump, format=pyoxigraph.RdfFormat.N_QUADS))
        assert same, number + 1
    whole = story.later.get("/changes.nq?since=0&part=added")

    assert whole.headers["Content-Type"].startswith("application/n-quads")
    same = whole.content == story.later.get("/exports/elpaccto.nq").content
    assert same
    assert story.later.get("/changes.nq?since=0&part=removed").content == b""


def test_changes_without_numbers_are_those_of_the_newest_release(story: Story):
    """For people, by subject."""
    body = story.later.get("/changes").json()
    page = story.later.get("/changes", headers={"Accept": BROWSER}).text

    assert (body["since"], body["until"], body["count"]) == (COUNT - 1, COUNT, {"added": 1, "removed": 1})
    assert f"+ Name: Example Court {COUNT}" in page and "− Name: Example Court 9" in page


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Names changed"), ("es", "Nombres"), ("fr", "Noms"), ("pt", "Nomes")]
)
def test_two_releases_are_compared_in_words(story: Story, language: str, words: str):
    """In the language of the page; the JSON says the same."""
    page = story.later.get(f"/releases/4..7?lang={language}", headers={"Accept": BROWSER}).text
    (name,) = story.later.get("/releases/4..7.json").json()["names"]

    assert words in page
    assert "<del>Example Court 4</del> → <ins>Example Court 7</ins>" in page
    assert (name["record"]["id"], name["before"], name["after"]) == ("sn-court", "Example Court 4", "Example Court 7")


def test_the_first_release_compared_with_nothing_is_all_new(story: Story):
    """`/releases/0..1` tells every record, by class."""
    body = story.later.get("/releases/0..1.json").json()

    assert "sn-court-theft" in {each["mandate"]["id"] for each in body["mandates_added"]}
    assert body["withdrawn"] == body["names"] == []


def test_the_history_is_a_feed_and_a_table(story: Story):
    """Atom (RFC 4287), newest first, each entry leading to what changed in words."""
    feed = ElementTree.fromstring(story.later.get("/releases.atom").content)
    space = {"a": "http://www.w3.org/2005/Atom"}
    entries = feed.findall("a:entry", space)

    assert [each.findtext("a:id", "", space).rpartition("/")[2] for each in entries] == [
        str(number) for number in range(COUNT, 0, -1)
    ]
    assert all(each.findtext("a:updated", "", space) for each in [feed, *entries])
    for entry in entries:
        link = entry.find("a:link", space)
        assert link is not None and story.later.get(link.attrib["href"]).status_code == 200
    table = story.later.get("/releases.csv").text.splitlines()
    assert len(table) == COUNT + 1 and table[0].startswith("number,created,who,reason,base,quads,added,removed")


def test_the_provenance_of_a_release_is_found_from_its_iri(story: Story):
    """/id/release/N leads to its record, which is RDF too."""
    answer = story.later.get("/id/release/3", headers={"Accept": "text/turtle"})
    turtle = story.later.get(answer.headers["Location"], headers={"Accept": "text/turtle"})
    found = {str(quad.object) for quad in pyoxigraph.parse(turtle.content, format=pyoxigraph.RdfFormat.TURTLE)}

    assert (answer.status_code, answer.headers["Location"]) == (303, "/releases/3")
    assert "<https://w3id.org/elpaccto/id/release/2>" in found and '"step 3"' in found


@pytest.fixture(scope="module")
def pruned(small_project_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Four releases of one day, of which the last two are kept."""
    home = tmp_path_factory.mktemp("pruned") / "home"
    publisher = Publisher(home, keep=2)
    path = small_project_once / "data" / "programme.ttl"
    for number in range(4):
        path.write_text(path.read_text().replace("A made-up programme", f"A made-up programme {number}"))
        publisher.load_project(small_project_once, who="ana")
    for number in range(1, 5):
        record = home / "history" / f"{number}.json"
        created = START + datetime.timedelta(hours=number)
        record.write_text(json.dumps({**json.loads(record.read_text()), "created": created.isoformat()}))
    with app(home, LATER) as client:
        yield client


@pytest.fixture(scope="module")
def small_project_once(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("small") / "project"
    shutil.copytree(second_project, copy, ignore=shutil.ignore_patterns("queries"))
    shutil.copytree(second_project / "queries" / "vocabulary", copy / "queries" / "vocabulary")
    return copy


def test_a_pruned_release_names_the_nearest_that_is_kept(pruned: TestClient):
    """410, by number and by date; people get a link to the nearest."""
    by_number = pruned.get("/exports/elpaccto.nt?release=1", headers={"Accept": "application/json"})
    hour = format_datetime(START + datetime.timedelta(hours=2.5), usegmt=True)
    by_date = pruned.get("/exports/elpaccto.nt", headers={"Accept-Datetime": hour})
    page = pruned.get("/ontology?release=1", headers={"Accept": BROWSER})

    assert by_number.status_code == by_date.status_code == page.status_code == 410
    assert by_number.json()["near"] == by_date.json()["near"] == ["3"]
    assert 'href="/ontology?release=3"' in page.text
    assert pruned.get("/ontology?release=3").status_code == 200


def test_the_record_and_changes_of_a_pruned_release_stay(pruned: TestClient):
    """What is gone is its data alone; it is no memento any more."""
    assert pruned.get("/releases/1.json").json()["kept"] is False
    assert pruned.get("/releases/1..2").status_code == 200
    assert pruned.get("/changes?since=1&until=2").json()["count"]["added"] == 1
    assert pruned.get("/timemap?uri=/ontology").text.count('memento"') == 2
