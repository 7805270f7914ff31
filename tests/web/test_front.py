"""The front: heads of requests answered before the framework sees them, with the bytes that it would have sent."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote, quote_plus, unquote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis.strategies import text
from running import until
from serving import serving

from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.web.app import create_app
from graph_service.web.express import _unescaped

SUBJECT = "https://w3id.org/elpaccto/id/country/PE"
POINT = f"SELECT ?p ?o {{ <{SUBJECT}> ?p ?o }} ORDER BY ?p ?o LIMIT 3"
Answer: TypeAlias = tuple[int, dict[str, str], bytes]
NONE: Mapping[str, str] = {}
OF_THE_MOMENT = {"date", "x-request-id"}
OF_PARTS = {"content-length", "transfer-encoding"}
LONG = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p (STR(?o)) LIMIT 20000"
QUERIES = (
    POINT,
    f"PREFIX elp: <https://w3id.org/elpaccto/ontology#> SELECT ?code {{ <{SUBJECT}> elp:isoAlpha2 ?code }}",
    f"SELECT ?{'long' * 300} {{ <{SUBJECT}> <https://w3id.org/elpaccto/ontology#isoAlpha2> ?{'long' * 300} }}",
    "# first a comment\nPREFIX elp: <https://w3id.org/elpaccto/ontology#> SELECT (COUNT(*) AS ?n) { ?s a elp:Country }",
    f"ASK {{ <{SUBJECT}> ?p ?o }}",
    f"CONSTRUCT {{ <{SUBJECT}> a ?c }} WHERE {{ <{SUBJECT}> a ?c }}",
    f'SELECT ("não & +%" AS ?text) ("<{SUBJECT}>" AS ?other) {{}}',
    "SELECT * FROM <urn:nowhere> { ?s ?p ?o }",
    LONG,
    "SELECT * {",
    "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
    "",
)
HEADERS: tuple[Mapping[str, str], ...] = (
    {},
    {"Accept": "application/sparql-results+json"},
    {"Accept": "text/csv;q=0.5, application/sparql-results+xml", "User-Agent": "a test"},
    {"Accept": "text/turtle"},
    {"Accept": "image/png"},
    {"Accept": "text/csv", "Accept-Encoding": "gzip"},
    {"Accept": "text/html"},
    {"Accept": "text/csv", "Connection": "keep-alive"},
    {"Accept": "text/csv", "Connection": "close"},
)


@pytest.fixture(scope="module")
def address(home: Path, releases: Releases, project_dir: Path) -> Iterator[tuple[str, int]]:
    """Where the service listens."""
    with serving(create_app(releases, Settings(home=home, project=project_dir))) as origin:
        yield listening(origin)


def listening(origin: str) -> tuple[str, int]:
    """Host and port of an origin."""
    found = urlsplit(origin)
    assert found.hostname and found.port
    return found.hostname, found.port


def exchanged(address: tuple[str, int], path: str, headers: Mapping[str, str] = NONE) -> Answer:
    """Status, headers and body of an answer, over a connection of its own."""
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in OF_THE_MOMENT}
    body = answer.read().replace(answer.headers["X-Request-ID"].encode(), b"its id")  # problems tell it
    found = answer.status, told, body
    connection.close()
    return found


def unpacked(found: Answer) -> Answer:
    """Without what depends on whether an answer was kept: its length is told, or its parts are."""
    status, headers, body = found
    return status, {name: value for name, value in headers.items() if name not in OF_PARTS}, body


@pytest.mark.parametrize(
    ("query", "headers"),
    # the long one takes its time: with some of the headers only, gzip and close among them
    [(query, headers) for query in QUERIES for headers in HEADERS[:: 4 if query == LONG else 1]]
    + [(LONG, headers) for headers in HEADERS if "Accept-Encoding" in headers],
    ids=lambda each: (" ".join(each.values()) or "none") if isinstance(each, dict) else each[:20],
)
def test_the_express_and_the_framework_answer_alike(address, query: str, headers: Mapping[str, str]):
    """Asked once, asked again, asked as it is kept, and asked with a header that keeps the express away."""
    path = f"/sparql?query={quote(query, safe='')}"
    found = [unpacked(exchanged(address, path, headers)) for _ in range(4)]
    framework = unpacked(exchanged(address, path, {**headers, "X-Forwarded-For": "203.0.113.9"}))

    assert found == [framework] * 4


@given(text())
def test_a_value_is_read_as_python_reads_it(value: str):
    """However it is escaped; a backslash stands escaped, as clients send it."""
    for escaped in (quote(value, safe=""), quote_plus(value), quote(value, safe="").lower()):
        assert _unescaped(escaped.encode()) == unquote_plus(escaped)


@pytest.mark.parametrize("value", ["%", "%4", "%zz", "%u0041", "%ff", r"\x41", r"\u0041"])
def test_a_value_that_is_not_plain_is_left_to_others(value: str):
    """They say why, or take it as it is."""
    with pytest.raises(ValueError, match=r"."):
        _unescaped(value.encode())


def test_a_plain_query_takes_the_express(home: Path, releases: Releases, project_dir: Path):
    """The framework sees none of it; what is asked again is kept by it."""
    app = create_app(releases, Settings(home=home, project=project_dir))
    seen = []

    async def framework(scope, receive, send):
        seen.append(scope["type"])
        await app(scope, receive, send)

    framework.state = app.state  # type: ignore[attr-defined]
    with serving(framework) as origin:
        path = f"/sparql?query={quote(numbered(71))}"
        bodies = {exchanged(listening(origin), path)[2] for _ in range(2)}
        assert seen.count("http") == 1
        bodies |= {exchanged(listening(origin), path)[2] for _ in range(3)}

    assert seen.count("http") == 2  # once to be made and kept, once to learn its head
    assert len(bodies) == 1


def test_a_page_is_the_same_once_it_is_kept(address):
    """The first time it is made, later its head alone is looked at."""
    first, *others = (unpacked(exchanged(address, "/roadmaps/PE.json")) for _ in range(4))

    assert others == [first] * 3


def test_a_connection_ends_where_the_client_says_so(address):
    """After an answer that is made before the framework, by a reader or at once, and after one that is kept."""
    for query in (numbered(81), f"ASK {{ <{SUBJECT}> ?p ?o }}"):
        for _ in range(4):
            with socket.create_connection(address, timeout=60) as connection:
                connection.sendall(head(query, "Connection: close"))
                found = b"".join(iter(lambda: connection.recv(65536), b""))
            assert found.count(b"HTTP/1.1 200 OK") == found.lower().count(b"connection: close") == 1


def test_a_kept_answer_is_not_sent_to_who_has_it(address):
    """If-None-Match is part of the head that is known."""
    path = "/axes.json"
    tag = exchanged(address, path)[1]["etag"]
    for _ in range(3):
        status, headers, body = exchanged(address, path, {"If-None-Match": tag})

        assert (status, body, headers["etag"]) == (304, b"", tag)


def talk(address: tuple[str, int], *pieces: bytes, until: int) -> bytes:
    """Send pieces, each when the last one has gone; read until so many answers have begun and the last has ended."""
    with socket.create_connection(address, timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        found = b""
        while found.count(b"HTTP/1.1 ") < until or not found.endswith((b"}", b"}\n")):
            received = connection.recv(65536)
            if not received:
                break
            found += received
        return found


def head(query: str, *lines: str) -> bytes:
    """The head of a request for a query."""
    given = ("Host: test", "Accept: application/sparql-results+json", *lines)
    return f"GET /sparql?query={quote(query, safe='')} HTTP/1.1\r\n".encode() + "\r\n".join((*given, "", "")).encode()


def numbered(number: int) -> str:
    """A query whose answer tells its number."""
    return f"SELECT ({number} AS ?number) {{}}"


def test_requests_behind_one_another_are_answered_in_order(address):
    """Several heads in one piece, and one cut in two."""
    heads = b"".join(head(numbered(each)) for each in (11, 12, 13))
    found = talk(address, heads[:100], heads[100:], head(numbered(14)), until=4)

    places = [found.index(b'"value":"%d"' % each) for each in (11, 12, 13, 14)]
    assert places == sorted(places)


def test_a_head_may_come_in_pieces(address):
    """Letter by letter, if need be."""
    whole = head(numbered(21))

    assert b'"value":"21"' in talk(address, *(whole[i : i + 7] for i in range(0, len(whole), 7)), until=1)


def test_a_request_that_offers_another_protocol_keeps_its_body(address):
    """Clients written in Java offer HTTP/2 with each request, also with a POST."""
    body = b"SELECT (31 AS ?number) {}"
    lines = (
        "POST /sparql HTTP/1.1",
        "Host: test",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA",
        "Content-Type: application/sparql-query",
        "Accept: application/sparql-results+json",
        f"Content-Length: {len(body)}",
    )
    found = talk(address, "\r\n".join((*lines, "", "")).encode() + body, until=1)

    assert found.startswith(b"HTTP/1.1 200 ")
    assert b'"value":"31"' in found


def test_what_is_no_request_is_refused_at_once(address):
    """Without waiting for the end of its head."""
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(b"hello\r\n")

        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_goes_away_harms_nobody(address):
    """Its query is forgotten; the next one of another client is answered."""
    for number in range(40, 60):
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(head(numbered(number)))

    assert b'"value":"61"' in talk(address, head(numbered(61)), until=1)


LONG = "SELECT ?s ?p ?o { ?s ?p ?o }"


def test_a_long_answer_that_breaks_off_is_not_taken_for_the_whole(home: Path, releases: Releases, project_dir: Path):
    """It grows larger than it may once it has begun: the connection ends without the last chunk."""
    with serving(create_app(releases, Settings(home=home, project=project_dir, max_answer_mb=1))) as origin:
        found = talk(listening(origin), head(LONG), until=1)

    assert found.startswith(b"HTTP/1.1 200 OK\r\n")
    assert 10_000 < len(found) < 2_000_000
    assert not found.endswith(b"\r\n0\r\n\r\n")


def test_a_long_answer_stops_with_its_client(home: Path, releases: Releases, project_dir: Path):
    """Who leaves in the middle of it leaves nothing behind, and who asks behind it is answered after it."""
    app = create_app(releases, Settings(home=home, project=project_dir))
    with serving(app) as origin:
        address = listening(origin)
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(head(LONG))
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
        both = talk(address, head(f"{LONG} LIMIT 2000") + head(numbered(91)), until=2)
        until(lambda: (state := app.state.readers.state()) and not (state.quick or state.slow or state.waiting))

    first, _, second = both.partition(b"\r\n0\r\n\r\n")
    assert first.count(b"HTTP/1.1 200 OK") == 1
    assert second.startswith(b"HTTP/1.1 200 OK") and b'"value":"91"' in second
