"""Every answer carries the security headers, may be read from anywhere, and has a HEAD."""

from __future__ import annotations

import pytest

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ADDRESSES = [
    "/",
    "/roadmaps/PE",
    "/roadmaps/PE.ttl",
    "/matrix.csv",
    "/queries/coverage/matrix",
    "/sparql?query=ASK+{}",
    "/exports/elpaccto.nq",
    "/openapi.json",
    "/health/live",
    "/id/country/PE",
    "/nowhere",
    "/ask?axis=nonsense",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_has_the_security_headers(client, address: str):
    """The policy allows nothing but the service's own host; reading is open to other origins."""
    headers = client.get(address).headers

    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_is_a_get_without_its_body(client, address: str):
    """HEAD has the status and headers of GET, Content-Length included (RFC 9110, 9.3.2)."""
    get, head = client.get(address), client.head(address)

    assert head.content == b""
    assert head.status_code == get.status_code
    assert dict(head.headers) == dict(get.headers)


def test_a_browser_of_another_origin_may_post_a_query(client):
    """The preflight of a cross-origin POST with its own media type is answered."""
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = client.options("/sparql", headers=asked)

    assert answer.status_code == 204
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]


def test_static_files_are_kept_for_ever_under_their_digest(client, pages):
    """The address in the page holds a digest of the content; without it the file is checked each time."""
    address = pages["/"].partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    kept, checked = client.get(address), client.get("/static/style.css")

    assert address.startswith("/static/style.css?v=")
    assert "immutable" in kept.headers["Cache-Control"]
    assert checked.headers["Cache-Control"] == "no-cache"
    assert client.get(address, headers={"If-None-Match": kept.headers["ETag"]}).status_code == 304


def test_a_path_cannot_leave_the_static_folder(client):
    """Only the files of that folder are served."""
    for path in ("/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/app.py"):
        assert client.get(path).status_code == 404
