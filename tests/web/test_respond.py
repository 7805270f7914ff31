"""Every view answers in its formats, by Accept and by suffix, with ETag, Vary, Link and 304."""

from __future__ import annotations

import re

import pytest

from graph_service.terms import BASE, ID
from graph_service.web.media import FORMATS, SVG, XLSX

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VIEWS = [  # address, and the suffixes that it answers to
    ("/ask?axis=corruption&country=PE&as_of=2018", "html json csv xlsx ttl jsonld nt rdf"),
    ("/matrix?as_of=2018", "html json csv xlsx svg ttl jsonld nt rdf"),
    ("/roadmaps", "html json csv xlsx svg ttl jsonld nt rdf"),
    ("/roadmaps/PE", "html json csv xlsx ttl jsonld nt rdf md"),
    ("/countries", "html json csv xlsx ttl jsonld nt rdf"),
    ("/axes", "html json csv xlsx ttl jsonld nt rdf"),
    ("/institutions?country=PE", "html json csv xlsx ttl jsonld nt rdf"),
    ("/organisations", "html json csv xlsx ttl jsonld nt rdf"),
    ("/events?country=PE", "html json csv xlsx ttl jsonld nt rdf"),
    ("/countries/PE", "html json csv xlsx ttl jsonld nt rdf svg"),
    ("/axes/corruption", "html json csv xlsx ttl jsonld nt rdf svg"),
    ("/institutions/pe-mp", "html json csv xlsx ttl jsonld nt rdf svg"),
    ("/organisations/ameripol", "html json csv xlsx ttl jsonld nt rdf svg"),
    ("/events/mission-2017-pe", "html json csv xlsx ttl jsonld nt rdf svg"),
    ("/doc/mandate/pe-mp-cybercrime", "html json csv xlsx ttl jsonld nt rdf svg"),
    ("/compare?countries=PE,CO", "html json csv xlsx ttl jsonld nt rdf"),
    ("/network?country=PE", "html json csv xlsx svg ttl jsonld nt rdf"),
    ("/search?q=uif", "html json csv xlsx ttl jsonld nt rdf"),
    ("/queries", "html json csv xlsx ttl jsonld nt rdf"),
    ("/queries/institutions/by-axis?country=PE", "html json csv xlsx ttl jsonld nt rdf rq"),
    ("/queries/roadmaps/graph?country=PE", "html ttl jsonld nt rdf rq"),
    ("/releases", "html json csv xlsx atom ttl jsonld nt rdf"),
    ("/releases/1", "html json ttl jsonld nt rdf"),
    ("/releases/0..1", "html json"),
    ("/exports", "html json"),
    ("/ontology", "html csv xlsx ttl jsonld nt rdf"),
    ("/shapes", "html csv xlsx ttl"),
]
CASES = [(address, suffix) for address, suffixes in VIEWS for suffix in suffixes.split()]


def with_suffix(address: str, suffix: str) -> str:
    path, mark, query = address.partition("?")
    return f"{path}.{suffix}{mark}{query}"


@pytest.mark.parametrize(("address", "suffix"), CASES)
def test_suffix_and_accept_give_the_same_bytes(client, address: str, suffix: str):
    """`/view.csv` is `/view` asked for as text/csv, byte for byte; the suffix beats Accept."""
    media_type = FORMATS[suffix].media_type
    by_accept = client.get(address, headers={"Accept": media_type})
    by_suffix = client.get(with_suffix(address, suffix), headers={"Accept": "image/png"})

    assert by_accept.status_code == by_suffix.status_code == 200
    assert by_accept.headers["Content-Type"].partition(";")[0] == media_type
    if suffix != "json":  # JSON tells its own address in its links
        same = by_accept.content == by_suffix.content  # judged apart: a diff of two such texts takes minutes
        assert same
    assert by_accept.headers["ETag"] == by_suffix.headers["ETag"]


@pytest.mark.parametrize(("address", "suffix"), CASES)
def test_a_client_that_has_it_gets_304(client, address: str, suffix: str):
    """If-None-Match with the tag of this format: 304 without a body, with the same tag; other formats do not match."""
    first = client.get(with_suffix(address, suffix))
    again = client.get(with_suffix(address, suffix), headers={"If-None-Match": f'W/"other", {first.headers["ETag"]}'})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Vary"] == first.headers["Vary"]
    assert ("Accept-Encoding" in again.headers["Vary"]) == (suffix != "xlsx")  # which is packed already
    assert "Content-Type" not in again.headers


@pytest.mark.parametrize(("address", "suffixes"), VIEWS)
def test_links_lead_to_the_other_formats_and_to_the_query(client, address: str, suffixes: str):
    """Link names every other format, and the query behind the view; each of these addresses answers."""
    answer = client.get(address, headers={"Accept": BROWSER})
    links = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["Link"])

    assert {FORMATS[s].media_type for s in suffixes.split()} - {"text/html"} == set(
        re.findall(r'rel="alternate"; type="([^"]+)"', answer.headers["Link"])
    )
    for target, relation in links:
        assert relation != "describes" or target.startswith(ID)  # the thing itself, by its name
        target = target.removeprefix(BASE.rstrip("/")) if relation == "describes" else target
        assert client.get(target, headers={"Accept": "*/*"}, follow_redirects=True).status_code == 200, target
    assert "Accept" in answer.headers["Vary"]
    assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize(
    "address", ["/roadmaps/PE", "/matrix", "/institutions/pe-mp", "/countries", "/ask?axis=gender"]
)
def test_views_tell_the_query_behind_them(client, address: str):
    """`rel="describedby"` leads to a file of the catalogue."""
    link = client.get(address).headers["Link"]

    assert re.search(r'</queries/[a-z-]+/[a-z-]+[^>]*>; rel="describedby"', link)


def test_each_format_language_and_parameter_has_its_own_tag(client):
    """Two representations never share a tag: format, language, parameters and the day asked about all count."""
    addresses = [
        "/matrix.html?as_of=2018",
        "/matrix.json?as_of=2018",
        "/matrix.csv?as_of=2018",
        "/matrix.html?as_of=2019",
        "/matrix.html?as_of=2018&lang=es",
        "/matrix.html?as_of=2018&component=police",
        "/ask.json?as_of=2018",
    ]
    tags = [client.get(address).headers["ETag"] for address in addresses]

    assert len(set(tags)) == len(tags)
    assert all(re.fullmatch(r'"1-[0-9a-f]{20}(-gzip)?"', tag) for tag in tags)  # the test client takes gzip


def test_accept_that_cannot_be_served_gets_406_with_the_list(client):
    """406 tells which media types there are."""
    answer = client.get("/matrix", headers={"Accept": "image/png"})

    assert answer.status_code == 406
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["offered"] == [
        *("text/html", "application/json", "text/csv", XLSX.media_type, SVG.media_type),
        *("text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"),
    ]


def test_a_suffix_that_is_not_offered_gets_404_with_the_list(client):
    """An address with an unknown format does not exist; the answer says which do."""
    answer = client.get("/matrix.docx")

    assert answer.status_code == 404
    assert ".csv" in answer.json()["detail"]


def test_a_parameter_given_twice_is_refused(client):
    """Which of two values is meant cannot be guessed."""
    answer = client.get("/ask?axis=gender&axis=corruption")

    assert answer.status_code == 422
    assert answer.json()["parameter"] == "axis"


def test_an_empty_parameter_counts_as_not_given(client):
    """Forms send every field; an empty one asks for nothing."""
    full, short = client.get("/ask.csv?axis=gender&country=&kind="), client.get("/ask.csv?axis=gender")

    assert full.content == short.content
