"""What nobody should send: garbled headers and bodies to the addresses that read them. Each gets a clear answer.

`FUZZ_EXAMPLES=200 pytest tests/fuzz` sends 4000 to each address.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

LINE = "<https://example.org/1> <http://www.w3.org/2000/01/rdf-schema#seeAlso> <https://example.org/2> ."
NOTES = "https://w3id.org/elpaccto/graph/notes"
ADDRESSES = ("/sparql", "/update", "/store", "/store/notes", "/validate")
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "FOO")
KNOWN_BODIES = (
    b"",
    LINE.encode(),
    b"SELECT * WHERE { ?s ?p ?o } LIMIT 1",
    f"INSERT DATA {{ GRAPH <{NOTES}> {{ {LINE} }} }}".encode(),
    urlencode({"query": "ASK {}", "default-graph-uri": NOTES}).encode(),
    urlencode({"update": f"DELETE WHERE {{ GRAPH <{NOTES}> {{ ?s ?p ?o }} }}", "dry-run": "true"}).encode(),
    b"query=%FF%FE&update=%80",
    b'{"@id": "https://example.org/1", "https://example.org/p": {"@value": 1.50}}',
    b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="a:b"/></r:RDF>',
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;&b;&b;&b;</x>',
    b'--x\r\nContent-Disposition: form-data; name="data"; filename="a.ttl"\r\n\r\n' + LINE.encode() + b"\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data; name="shapes"\r\nContent-Type: text/turtle\r\n\r\n<a:b> a <c:d>\r\n--x--',
    b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n--x--",
    ("é" * 50).encode("utf-16"),
    b"\xed\xa0\x80 \xc0\xaf \xff",
    b"\x00" * 20,
    b"[" * 100_000,
    b'{"a:b":' * 20_000,
    b"ASK { FILTER(" + b"(" * 50_000,
    b"ASK { FILTER(" + b"!" * 50_000 + b"true) }",
    b"x" * 1_100_000,
    gzip.compress(b"\0" * 3_000_000),
)
TYPES = (
    "application/sparql-query", "application/sparql-update", "application/x-www-form-urlencoded", "text/turtle",
    "application/n-triples", "application/n-quads", "application/trig", "application/rdf+xml", "application/ld+json",
    "application/json", "text/plain", "multipart/form-data; boundary=x", "multipart/form-data",
    "multipart/form-data; boundary=", "text/turtle; charset=latin-1", "text/turtle;charset", "application/xml",
    "multipart/form-data; boundary*=utf-16''%ff%fe", "TEXT/TURTLE;;", "/", "",
)  # fmt: skip
PARSED = (  # one for each parser
    "application/sparql-query", "application/sparql-update", "application/x-www-form-urlencoded", "text/turtle",
    "application/trig", "application/rdf+xml", "application/ld+json", "multipart/form-data; boundary=x",
)  # fmt: skip
HEADERS: dict[str, tuple[str, ...]] = {
    "Accept": ("*/*", "text/html", "application/json", "text/turtle", "image/png", "text/*;q=2", 'a/b;c="', ",,;;="),
    "Content-Encoding": ("gzip", "identity", "br", "gzip, gzip", "x-gzip", "GZIP"),
    "Range": ("bytes=0-1", "bytes=-", "bytes=5-1,9-", "lines=1", "bytes=" + "9" * 50 + "-"),
    "If-Match": ("*", '"1-data"', "W/x", '"', '"999999999999999999999999-x"', '"١-x"'),
    "If-None-Match": ("*", '"', '""', 'W/"1"'),
    "Accept-Datetime": (
        "Thu, 31 May 2018 20:35:00 GMT", "Thu, 31 May 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359",
        "now", "Fri, 31 Feb 2018 20:35:00 GMT", "1 Jan 1 1:1:1 +99999999999", "Thu, 31 May 20188 20:35:00 GMT",
    ),
    "Accept-Language": ("es", "fr;q=x,*", "zh-Hant-TW", "-", "en;q=0, ;", "x" * 2000),
    "Accept-Encoding": ("gzip", "gzip;q=0", "*", "gzip;q=nan"),
    "Prefer": ("return=minimal", "return=representation", 'return="minimal', "return=;,,", "respond-async"),
    "X-Reason": ("%FF", "%", "a\tb", "%00%0A", "é"),
    "Authorization": ("Basic YTpi", "Bearer", "Bearer x", "bearer  a b", "Bearer \xff"),
    "Host": ("example.org", "", "[::1", "a b", "x:99999", "a/b?c#d@e"),
    "Transfer-Encoding": ("chunked",),
    "Content-Length": ("5", "-1", "x"),
    "Origin": ("null", "https://example.org"),
}  # fmt: skip
PARAMETERS = (
    "query=ASK%7B%7D", "query=", "query=%FF", "update=x", "graph=" + NOTES, "graph=%20", "graph=%FF", "default",
    "default=&graph=a:b", "dry-run=true", "dry-run=maybe", "lang=es", "lang=xx", "release=1", "release=0",
    "release=999999999999", "release=%D9%A1", "release=1&release=2", "language=fr", "format=html", "format=%00",
    "using-graph-uri=%3E", "default-graph-uri=%0A", "named-graph-uri=" + NOTES, "as_of=2018", "%FF=%FF", "&&==&",
    "a" * 3000, "example=nowhere", "example=coverage/matrix", "output=json", "a=1&" * 1200,
)  # fmt: skip
SUFFIXES = ("", ".json", ".html", ".ttl", ".xyz", "/", "/%00", "/%FF", "/a%20b", "/..%2f..", "%3Cscript%3E")


@dataclass(frozen=True)
class Sent:
    """A request, byte for byte."""

    method: str
    target: str  # path, as it is written
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def header(self, name: bytes) -> bytes:
        return dict(self.headers).get(name, b"")


@dataclass(frozen=True)
class Answered:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def garbled(body: bytes, place: int, byte: int) -> bytes:
    """A body with one byte changed."""
    return body[: place % (len(body) + 1)] + bytes([byte]) + body[place % (len(body) + 1) + 1 :]


known_bodies = st.sampled_from(KNOWN_BODIES)
bodies = st.one_of(
    known_bodies,
    st.builds(lambda body, end: body[: end % (len(body) + 1)], known_bodies, st.integers(0, 10_000)),
    st.builds(garbled, known_bodies, st.integers(0, 200), st.integers(0, 255)),
    st.builds(lambda body, end: gzip.compress(body)[:end], known_bodies, st.integers(0, 300)),
    st.builds(gzip.compress, known_bodies),
    st.binary(max_size=100),
)
any_value = st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n\0"))


@st.composite
def requests(draw: Any, address: str, token: str) -> Sent:
    """Any request to an address: what is sensible, what is nearly so, and what is not."""
    headers = [(b"host", b"testserver")]
    if draw(st.integers(0, 4)):
        headers.append((b"authorization", f"Bearer {token}".encode()))
    if draw(st.integers(0, 5)):
        headers.append((b"content-type", draw(st.sampled_from(TYPES)).encode()))
    for name in draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=3, unique=True)):
        value = draw(st.one_of(st.sampled_from(HEADERS[name]).map(str.encode), any_value))
        headers = [pair for pair in headers if pair[0] != name.lower().encode()]
        headers.append((name.lower().encode(), value))
    parameters = draw(st.lists(st.sampled_from(PARAMETERS), max_size=3))
    return Sent(
        method=draw(st.sampled_from(METHODS) if draw(st.booleans()) else st.just("POST")),
        target=address + draw(st.sampled_from(SUFFIXES) if not draw(st.integers(0, 3)) else st.just("")),
        query="&".join(parameters).encode(),
        headers=tuple(headers),
        body=draw(bodies),
    )


@pytest.fixture(scope="module")
def portal(service) -> Iterator[BlockingPortal]:
    """An event loop in which the app runs."""
    logging.disable(logging.CRITICAL)
    with start_blocking_portal() as made:
        yield made
        made.call(service.app.state.readers.stop)
    logging.disable(logging.NOTSET)


async def send(app: Any, sent: Sent) -> Answered:
    """Hand a request to the app as a server does (ASGI), the body in two pieces."""
    half = len(sent.body) // 2
    pieces = [(sent.body[:half], True), (sent.body[half:], False)]
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not pieces:
            await anyio.sleep_forever()  # until it is answered, the client stays
        body, more = pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": more}

    async def take(message: dict[str, Any]) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": unquote(sent.target),
        "raw_path": sent.target.encode(),
        "root_path": "",
        "query_string": sent.query,
        "headers": list(sent.headers),
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "state": {},
    }
    await app(scope, receive, take)
    start, *rest = told
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answered(start["status"], headers, b"".join(each.get("body", b"") for each in rest))


def check(sent: Sent, answer: Answered) -> None:
    """No fault of ours; what is refused is told in words, as problem details or as a page."""
    body = gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body

    assert answer.status < 500, (sent, answer)
    assert b"Traceback" not in body
    assert all("\r" not in value and "\n" not in value for value in answer.headers.values())
    if answer.status == 405:
        assert answer.headers["allow"]
    if answer.status < 400 or sent.method == "HEAD":
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    if media_type == "application/problem+json":
        problem = json.loads(body)
        assert problem["status"] == answer.status and problem["detail"].strip() and problem["title"]
    elif media_type == "text/html":
        assert b"html" in sent.header(b"accept") + sent.target.encode() + sent.query and b"<h1" in body
    else:  # a SHACL report
        assert answer.status == 422 and b"http://www.w3.org/ns/shacl#" in body


@pytest.mark.parametrize("address", ADDRESSES)
def test_hostile_requests_get_clear_answers(service, portal: BlockingPortal, examples: int, address: str):
    """Any method, headers and body: never a 5xx, and what is refused says why."""

    @seed(1)
    @settings(max_examples=examples * 20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(sent=requests(address, service.token))
    def answered(sent: Sent) -> None:
        answer = portal.call(send, service.app, sent)
        statuses.add(answer.status)
        check(sent, answer)

    statuses: set[int] = set()
    answered()

    assert min(statuses) < 300 and max(statuses) >= 400  # some of it makes sense, some does not


@pytest.mark.parametrize("body", KNOWN_BODIES, ids=range(len(KNOWN_BODIES)))
def test_each_known_body_under_each_media_type(service, portal: BlockingPortal, body: bytes):
    """Every body that has been trouble somewhere, to every address that reads one, whatever it claims to be."""
    for address, method in (("/sparql", "POST"), ("/update", "POST"), ("/store/notes", "PUT"), ("/validate", "POST")):
        for media_type in PARSED:
            token = f"Bearer {service.token}".encode()
            headers = ((b"host", b"testserver"), (b"authorization", token), (b"content-type", media_type.encode()))
            sent = Sent(method, address, b"", headers, body)
            check(sent, portal.call(send, service.app, sent))


def test_a_bomb_is_refused_before_it_is_unpacked(service, portal: BlockingPortal):
    """3 MB in 3 kB of gzip: 413, as for a body that is too large as it is."""
    headers = ((b"host", b"testserver"), (b"content-type", b"text/turtle"), (b"content-encoding", b"gzip"))
    sent = Sent("POST", "/validate", b"", headers, gzip.compress(b"\0" * 3_000_000))

    answer = portal.call(send, service.app, sent)

    assert answer.status == 413
    assert "max_body_bytes" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(
    ("address", "media_type", "body"),
    [
        ("/sparql", "application/sparql-query", b"ASK { FILTER(" + b"(" * 50_000 + b"1" + b")" * 50_000 + b") }"),
        ("/sparql", "application/sparql-query", b"ASK { FILTER(" + b"!" * 50_000 + b"true) }"),
        ("/sparql", "application/sparql-query", b"ASK " + b"{" * 50_000 + b"}" * 50_000),
        ("/validate", "application/ld+json", b'{"@id":"a:b","a:p":' * 20_000 + b"1" + b"}" * 20_000),
    ],
)
def test_brackets_that_would_exhaust_the_stack_are_refused(service, portal, address: str, media_type: str, body: bytes):
    """A parser that goes into each of them would take the whole process with it."""
    headers = ((b"host", b"testserver"), (b"content-type", media_type.encode()))

    answer = portal.call(send, service.app, Sent("POST", address, b"", headers, body))

    assert answer.status == 400
    assert "256 deep" in json.loads(answer.body)["detail"]
