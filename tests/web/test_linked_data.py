"""Linked data: every IRI of ours can be looked up, all that the graph says is told, and nothing vanishes unexplained.

The walk fetches what each IRI leads to as Turtle, over thousands of addresses, and as a page one of each kind and
combination of properties; WALK=all fetches all pages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyoxigraph
import pytest
from rdflib import RDFS, Graph, URIRef
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Scope

from graph_service.publishing import Publisher
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.terms import BASE, ELP, ID, Iri, ntriple, record_iri
from graph_service.views.lists import PAGE_ROWS
from graph_service.web.app import create_app

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
DCTERMS = "http://purl.org/dc/terms/"
IS_REPLACED_BY = DCTERMS + "isReplacedBy"
HOPS = 4
PAGE = (200, "text/html")
LONG = "/doc/concept/reference"  # what is public knowledge: hundreds of pieces of evidence point to it


@dataclass(frozen=True)
class Answer:
    """What came back, as far as the walk looks at it."""

    status: int
    media_type: str
    location: str
    content: bytes


async def asked(app: ASGIApp, address: str, accept: str) -> Answer:
    """Ask the app itself: over thousands of addresses, the test client would take most of the time."""
    parts = urlsplit(address)
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(b"host", b"localhost"), (b"accept", accept.encode())],
        "server": ("localhost", 80),
        "client": ("localhost", 1),
        "root_path": "",
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.lower().decode(): value.decode() for name, value in sent[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in sent[1:])
    media_type = headers.get("content-type", "").partition(";")[0]
    return Answer(sent[0]["status"], media_type, headers.get("location", ""), content)


def walk(client: TestClient, addresses: Sequence[str], accept: str) -> list[tuple[str, Answer]]:
    """What each address answers in the end, redirects followed; with the address."""

    async def followed(address: str) -> Answer:
        for _ in range(HOPS):
            answer = await asked(client.app, address, accept)
            if answer.status not in (301, 303):
                return answer
            address = answer.location
        raise AssertionError(f"{address} leads in a circle")

    async def all_of_them() -> list[tuple[str, Answer]]:
        return [(address, await followed(address)) for address in addresses]

    assert client.portal is not None
    return client.portal.call(all_of_them)  # in the loop that the app runs in


def fetched(client: TestClient, address: str, accept: str):
    """What an address answers in the end, redirects followed within the service."""
    for _ in range(HOPS):
        answer = client.get(address, headers={"Accept": accept})
        if answer.status_code not in (301, 303):
            return answer
        address = answer.headers["Location"]
    raise AssertionError(f"{address} leads in a circle")


def parsed(turtle: bytes) -> set[str]:
    """The statements of a Turtle document as lines."""
    triples = pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE)
    return {f"{quad.subject} {quad.predicate} {quad.object} .\n" for quad in triples}


def lines(triples: Iterable[tuple]) -> set[str]:
    """The same of our own triples, as the same library writes them."""
    return parsed("".join(map(ntriple, triples)).encode())


def links(header: str) -> dict[str, list[str]]:
    """A Link header by relation (RFC 8288)."""
    found: dict[str, list[str]] = {}
    for target, parameters in re.findall(r"<([^>]*)>((?:; ?[\w*]+=(?:\"[^\"]*\"|[^,;]*))*)", header):
        for relation in re.findall(r'rel="([^"]*)"', parameters)[0].split():
            found.setdefault(relation, []).append(target)
    return found


# The walk


@pytest.fixture(scope="module")
def addresses(release: Release) -> list[str]:
    """Where each IRI of ours in the graph leads."""
    terms = {term for quad in release.store.quads() for term in quad if isinstance(term, Iri)}
    return sorted({leads_to(term) for term in terms if term.startswith(BASE)})


@pytest.fixture(scope="module")
def shown(release: Release, addresses: list[str]) -> list[str]:
    """Of these the ones whose pages are seen: one of each kind with the same properties, said of it and naming it."""
    if os.environ.get("WALK") == "all":
        return addresses
    properties: dict[str, set[str]] = defaultdict(set)
    for subject, predicate, value, _ in release.store.quads():
        properties[leads_to(subject)].add(predicate)
        if isinstance(value, Iri):
            properties[leads_to(value)].add(f"^{predicate}")
    return list({("/".join(each.split("/")[:3]), frozenset(properties[each])): each for each in addresses}.values())


def leads_to(iri: str) -> str:
    """The path of an IRI of ours, without the fragment, which is not sent."""
    return "/" + iri.partition("#")[0].removeprefix(BASE)


def test_the_walk_meets_every_kind_of_address(addresses: list[str], release: Release):
    """Records of each kind that the graph has, graphs, the ontology and its version, the shapes."""
    kinds = {"/".join(address.split("/")[1:3]) for address in addresses if address.startswith("/id/")}

    assert kinds >= {"id/country", "id/institution", "id/evidence", "id/source", "id/concept", "id/gap", "id/axis"}
    assert {f"/{graph.removeprefix(BASE)}" for graph in release.store.graphs()} <= set(addresses)
    assert {"/ontology", "/ontology/1.0.0", "/shapes"} <= set(addresses)


def test_every_iri_answers_in_turtle_and_together_they_tell_the_whole_graph(
    client: TestClient, release: Release, addresses: list[str]
):
    """No address fails, and no statement of the graph is told by none of them."""
    told: set[str] = set()
    failed = []
    for address, answer in walk(client, addresses, "text/turtle"):
        if (answer.status, answer.media_type) != (200, "text/turtle"):
            failed.append((address, answer.status))
        else:
            told |= parsed(answer.content)

    assert failed == []
    assert lines(quad[:3] for quad in release.store.quads()) - told == set()


def test_every_kind_of_iri_answers_with_a_page(client: TestClient, addresses: list[str], shown: list[str]):
    """A browser gets HTML, on the record's own page where it has one. (That /id/ leads to /doc/ is seen above.)"""
    documents = [re.sub("^/id/", "/doc/", address) for address in shown]
    kinds = [{"/".join(address.split("/")[:3]) for address in each} for each in (addresses, shown)]
    answers = walk(client, documents, BROWSER)

    assert kinds[0] == kinds[1] and len(shown) > 200
    assert [(address, each.status) for address, each in answers if (each.status, each.media_type) != PAGE] == []
    assert all(b'<main id="main"' in each.content for _, each in answers)


def test_every_term_is_in_the_document_that_its_address_leads_to(client: TestClient, release: Release):
    """As RDF, and as a place on the page of the ontology."""
    ontology, page = client.get("/ontology.ttl").content, client.get("/ontology.html").text
    described = {line.partition(" ")[0] for line in parsed(ontology)}
    terms = {term for quad in release.store.quads() for term in quad[:3] if isinstance(term, Iri)}
    ours = {term for term in terms if term.startswith(ELP)}

    assert {f"<{term}>" for term in ours} <= described
    assert {term for term in ours if f'id="{term.removeprefix(ELP)}"' not in page} == set()


def test_every_shape_is_in_the_document_that_the_ontology_points_to(client: TestClient):
    """Shapes have names of the ontology's namespace, and a file of their own."""
    shapes = Graph().parse(data=client.get("/shapes.ttl").content, format="turtle")
    ontology = Graph().parse(data=fetched(client, "/ontology", "text/turtle").content)
    (elsewhere,) = ontology.objects(URIRef(BASE + "ontology"), RDFS.seeAlso)
    found = Graph().parse(data=fetched(client, f"/{elsewhere.removeprefix(BASE)}", "text/turtle").content)
    ours = {shape for shape in shapes.subjects() if str(shape).startswith(BASE)}

    assert {str(shape).partition("#")[0] for shape in ours} == {BASE + "ontology", str(elsewhere)}
    assert ours <= set(found.subjects())


def test_the_address_of_a_release_leads_to_its_provenance(client: TestClient):
    """The IRI under which PROV-O tells of it."""
    answer = fetched(client, "/id/release/1", "text/turtle")

    assert any(line.startswith(f"<{record_iri('release', '1')}> ") for line in parsed(answer.content))


def test_a_graph_tells_its_size(client: TestClient, release: Release):
    """Also one of which no statement speaks; what it holds is at its address in the store."""
    (graph, size), *_ = sorted(release.record.graphs.items())
    answer = fetched(client, f"/{graph.removeprefix(BASE)}", "text/turtle")

    page = fetched(client, f"/{graph.removeprefix(BASE)}", BROWSER)

    assert f'<{graph}> <http://rdfs.org/ns/void#triples> "{size}"' in "".join(parsed(answer.content))
    assert client.get(re.findall('href="(/store/[^"]*)"', page.text)[0]).status_code == 200


@pytest.mark.parametrize(
    "address", ["/graph/nowhere", "/ontology/9.9.9", "/.well-known/genid/none", "/doc/graph/no/where", "/id/what/is"]
)
def test_what_never_was_is_not_found(client: TestClient, address: str):
    """404, in each namespace."""
    assert client.get(address, headers={"Accept": "application/json"}).status_code == 404


# What points to a thing, in parts


def test_what_points_to_a_thing_comes_in_parts_that_together_are_whole(client: TestClient, release: Release):
    """Each part repeats what is said of it; the Link header leads from one to the next (RFC 8288)."""
    iri = record_iri("concept", "reference")
    said = lines((iri, *pair) for pair in release.store.statements(iri))
    pointing = lines(quad[:3] for quad in release.store.quads() if quad[2] == iri)
    told: set[str] = set()
    address, count = LONG, 0
    while address:
        answer = client.get(address, headers={"Accept": "text/turtle"})
        part = parsed(answer.content)
        assert said <= part
        assert len(part & pointing) <= PAGE_ROWS
        told |= part
        count += 1
        address = links(answer.headers["Link"]).get("next", [""])[0]

    assert len(pointing) > PAGE_ROWS
    assert count == -(-len(pointing) // PAGE_ROWS)
    assert pointing <= told


def test_the_parts_are_linked_in_both_directions(client: TestClient):
    """First and last too; a suffix stays; JSON tells the same among its links."""
    middle = client.get(f"{LONG}.json?page=2")
    found = links(middle.headers["Link"])

    assert found["prev"] == [f"{LONG}.json?page=1"] == found["first"]
    assert found["next"] == [f"{LONG}.json?page=3"]
    assert middle.json()["links"]["next"] == f"{LONG}.json?page=3"
    assert len(middle.json()["incoming"]) == PAGE_ROWS
    assert "next" not in links(client.get(found["last"][0]).headers["Link"])


def test_a_short_list_is_not_in_parts(client: TestClient):
    """No links to parts, no navigation on the page."""
    answer = client.get("/doc/component/police.html")
    short = client.get("/doc/mandate/pe-mp-cybercrime.html")

    assert {"next", "last"} <= links(answer.headers["Link"]).keys()
    assert not {"first", "prev", "next", "last"} & links(short.headers["Link"]).keys()
    assert 'rel="next"' in answer.text and 'rel="next"' not in short.text


def test_a_page_says_which_part_it_shows(client: TestClient):
    """The first and the last row of it, and how many there are in all."""
    total = client.get(f"{LONG}.json").json()["links"]["last"].rpartition("=")[2]
    text = client.get(f"{LONG}.html?page=2").text

    assert re.search(r"101 to 200 of \d+", text)
    assert f'href="{LONG}?page={total}#inc"' in text


@pytest.mark.parametrize(("page", "status"), [("0", 422), ("999", 422), ("two", 422), ("1", 200)])
def test_a_part_that_does_not_exist_is_refused(client: TestClient, page: str, status: int):
    """With the last one as a near value."""
    assert client.get(f"/doc/country/FR.ttl?page={page}").status_code == status


# Headers


def test_a_document_says_what_it_describes_and_where_else_it_is(client: TestClient):
    """Other formats, the thing itself (RFC 6892), the address to cite, the query behind it, its versions (RFC 7089)."""
    answer = client.get("/doc/mandate/pe-mp-cybercrime", headers={"Accept": "text/turtle"})
    found = links(answer.headers["Link"])

    assert found["describes"] == [ID + "mandate/pe-mp-cybercrime"]
    assert found["canonical"] == ["/doc/mandate/pe-mp-cybercrime"]
    assert {f"{found['canonical'][0]}.{suffix}" for suffix in ("html", "json", "jsonld")} <= set(found["alternate"])
    assert found["describedby"] and found["timemap"] and found["original"] and found["timegate"]
    assert {"Accept", "Accept-Datetime"} <= set(re.split(", ?", answer.headers["Vary"]))


def test_a_record_of_two_addresses_names_one(client: TestClient):
    """The page of an institution is canonical for its document too."""
    found = links(client.get("/doc/institution/pe-mp", headers={"Accept": "text/turtle"}).headers["Link"])

    assert found["canonical"] == ["/institutions/pe-mp"]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own parser
def test_json_ld_begins_with_the_record_in_our_words(client: TestClient):
    """Framed: the record on top, its evidence and source nested below, nothing to fetch; the same statements."""
    document = client.get("/doc/mandate/pe-mp-cybercrime.jsonld")
    told = document.json()
    turtle = client.get("/doc/mandate/pe-mp-cybercrime.ttl").content

    assert (told["id"], told["type"]) == (ID + "mandate/pe-mp-cybercrime", "Mandate")
    assert told["evidence"][0]["source"]["type"] == "Source"
    assert isinstance(told["@context"], dict)
    assert set(Graph().parse(data=document.content, format="json-ld")) == set(Graph().parse(data=turtle))


# What is no longer there

OLD, NEW = "institution/sn-court", "institution/sn-high-court"
GAP = "gap/ml-theft"
MARK = """
institution:sn-court a elp:RenamedRecord ; dcterms:isReplacedBy institution:sn-high-court ;
    dcterms:description "The slug follows the name."@en , "El identificador sigue al nombre."@es .
event:inauguration a elp:WithdrawnRecord ; dcterms:isReplacedBy event:kick-off ;
    dcterms:description "Counted twice."@en , "Contada dos veces."@es .
"""
EXTRA = """
event:inauguration a elp:Event ; elp:kind concept:meeting ;
    rdfs:label "Opening"@en , "Apertura"@es , "Ouverture"@fr , "Abertura"@pt ;
    elp:start "2020-02-03"^^xsd:date ; elp:end "2020-02-04"^^xsd:date ; elp:datePrecision concept:precision-day ;
    elp:city "Dakar" ; elp:country country:SN ; elp:axis axis:theft ; elp:component component:courts ;
    dcterms:description "First meeting."@en ; elp:status concept:done ; elp:heldForAll true ;
    elp:evidence evidence:event-kick-off-brochure .
"""


def without_gap(text: str) -> str:
    """The programme without its gap and the evidence of it."""
    return text.partition("gap:ml-theft a ")[0]


@pytest.fixture(scope="module")
def story_home(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four releases: all stands; the gap goes without a word; a record is renamed, one withdrawn; no change there."""
    folder = tmp_path_factory.mktemp("departed")
    project = Path(shutil.copytree(second_project, folder / "project"))
    path = project / "data" / "programme.ttl"
    whole = path.read_text() + EXTRA
    renamed = re.sub(r"\b(institution[:-])sn-court\b", r"\1sn-high-court", without_gap(whole)) + MARK
    later = renamed.replace('"Judges theft."@en', '"Judges thefts."@en')
    publisher = Publisher(folder / "home")
    for text in (whole, without_gap(whole) + EXTRA, renamed, later):
        path.write_text(text)
        publisher.load_project(project, who="ana")
    return folder / "home"


@pytest.fixture(scope="module")
def departed(story_home: Path) -> Iterator[TestClient]:
    """The app over these releases."""
    with TestClient(create_app(Releases(story_home), Settings(home=story_home)), follow_redirects=False) as made:
        yield made


@pytest.mark.parametrize("parent", ["/id/", "/doc/"])
def test_a_record_that_went_without_a_word_is_gone(departed: TestClient, parent: str):
    """410: when it went, and the last release that has it, which still answers."""
    answer = departed.get(f"{parent}{GAP}", headers={"Accept": "application/problem+json"})
    told = answer.json()
    before = links(answer.headers["Link"])["predecessor-version"]

    assert (answer.status_code, told["record"], told["last_release"]) == (410, ID + GAP, 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", told["withdrawn"])
    assert before == [f"{parent}{GAP}?release=1"]
    assert fetched(departed, before[0], "text/turtle").status_code == 200


def test_the_page_of_a_record_that_went_leads_to_what_it_was(departed: TestClient):
    """To its last version, and to what changed then; in the language asked for."""
    page = departed.get(f"/doc/{GAP}?lang=es", headers={"Accept": BROWSER})

    assert page.status_code == 410
    assert f'href="/es/doc/{GAP}?release=1"' in page.text and 'href="/es/releases/1..2"' in page.text
    assert "Esta ficha fue retirada" in page.text
    assert departed.get(f"/doc/{GAP}?release=1", headers={"Accept": BROWSER}).status_code == 200


def test_it_was_gone_in_the_releases_between_too_and_not_before(departed: TestClient):
    """Each release answers for itself."""
    assert [departed.get(f"/doc/{GAP}.json?release={n}").status_code for n in (1, 2, 3, 4)] == [200, 410, 410, 410]
    assert [departed.get(f"/doc/{NEW}.json?release={n}").status_code for n in (1, 2, 3, 4)] == [404, 404, 200, 200]


def test_a_withdrawn_record_names_what_replaced_it(departed: TestClient):
    """In the problem, in the Link header (RFC 5829), on the page; with the reason in the language asked for."""
    answer = departed.get("/doc/event/inauguration.json?lang=es")
    page = departed.get("/events/inauguration?lang=es", headers={"Accept": BROWSER})

    assert answer.status_code == page.status_code == 410
    assert answer.json()["replaced_by"] == [ID + "event/kick-off"]
    assert (answer.json()["reason"], answer.json()["last_release"]) == ("Contada dos veces.", 2)
    assert links(answer.headers["Link"])["successor-version"] == [ID + "event/kick-off"]
    assert 'href="/es/events/kick-off"' in page.text and "Contada dos veces." in page.text


def test_what_the_graph_says_of_a_withdrawn_record_is_told_as_rdf(departed: TestClient):
    """410 as well, with the statements, so that the walk over such a graph would miss none."""
    answer = departed.get("/doc/event/inauguration", headers={"Accept": "text/turtle"})

    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (410, "text/turtle")
    assert f"<{ID}event/inauguration> <{IS_REPLACED_BY}> <{ID}event/kick-off> .\n" in parsed(answer.content)
    assert links(answer.headers["Link"])["successor-version"] == [ID + "event/kick-off"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"/id/{OLD}", f"/id/{NEW}"),
        (f"/doc/{OLD}", f"/doc/{NEW}"),
        (f"/doc/{OLD}.ttl?page=1&lang=fr", f"/doc/{NEW}.ttl?page=1&lang=fr"),
        ("/institutions/sn-court.csv?lang=pt", "/institutions/sn-high-court.csv?lang=pt"),
    ],
)
def test_a_renamed_record_redirects_for_good(departed: TestClient, old: str, new: str):
    """301 at each of its addresses, suffix and parameters kept."""
    answer = departed.get(old, headers={"Accept": "text/turtle"})

    assert (answer.status_code, answer.headers["Location"]) == (301, new)
    assert fetched(departed, old, "text/turtle, text/csv;q=0.5").status_code == 200


def test_before_it_was_renamed_it_stands_under_its_old_name(departed: TestClient):
    """As of release 2 there is no redirect."""
    assert departed.get(f"/doc/{OLD}.ttl?release=2").status_code == 200


def test_lists_and_questions_know_no_withdrawn_records(departed: TestClient):
    """Neither is in a list, a count or a comparison."""
    listed = {row["iri"] for row in departed.get("/institutions.json").json()["rows"]}
    events = {row["iri"] for row in departed.get("/events.json").json()["rows"]}
    change = departed.get("/releases/2..3.json").json()

    assert listed == {ID + NEW} and ID + "event/inauguration" not in events
    assert {each["record"]["iri"] for each in change["withdrawn"]} >= {ID + OLD, ID + "event/inauguration"}
    assert ID + "event/inauguration" not in json.dumps(change["new"])


def test_what_never_stood_is_still_not_found(departed: TestClient):
    """With near names, as before."""
    answer = departed.get("/doc/institution/sn-hi-court", headers={"Accept": "application/json"})

    assert answer.status_code == 404
    assert answer.json()["near"] == ["sn-high-court"]


def test_a_pruned_release_is_not_offered(story_home: Path, tmp_path: Path):
    """Where the data of the last release with it is gone, its number is told and no link to it."""
    copy = Path(shutil.copytree(story_home, tmp_path / "pruned", symlinks=True))
    shutil.rmtree(copy / "releases" / "1")
    with TestClient(create_app(Releases(copy), Settings(home=copy)), follow_redirects=False) as pruned:
        answer = pruned.get(f"/doc/{GAP}.json")
        page = pruned.get(f"/doc/{GAP}", headers={"Accept": BROWSER})

    assert (answer.status_code, answer.json()["last_release"]) == (410, 1)
    assert "predecessor-version" not in links(answer.headers["Link"])
    assert "?release=1" not in page.text
