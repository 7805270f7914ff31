"""Every answer carries the security headers, may be read from anywhere, and has a HEAD."""

from __future__ import annotations

import re
from urllib.request import urlopen

import pytest
from serving import serving

from graph_service.settings import Settings
from graph_service.web.app import create_app

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
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


def test_every_answer_has_the_security_headers(client):
    """At every address, whatever the answer: the policy allows nothing but the service's own host, no page of others
    may hold or steer ours, and reading is open to other origins."""
    paths = {re.sub(r"\{(\w+):suffix\}", "", route.path) for route in client.app.state.routes}
    plain = {re.sub(r"\{.*?\}", "x", path) for path in paths}
    asked = [("GET", address, "*/*") for address in (*ADDRESSES, "/static/style.css")]
    asked += [(method, address, "image/x-none") for address in sorted(plain) for method in ("GET", "POST", "OPTIONS")]
    for method, address, accept in asked:
        headers = client.request(method, address, headers={"Accept": accept}).headers
        assert {name: headers.get(name) for name in SECURITY} == SECURITY, (method, address)
        assert "Strict-Transport-Security" not in headers


def test_over_https_browsers_are_told_to_stay_there(home, releases, project_dir):
    """Where the setting `base_url` says that the service is reached so (RFC 6797)."""
    settings = Settings(home=home, project=project_dir, base_url="https://data.example.org")
    with serving(create_app(releases, settings)) as origin:
        for address in ("/health/live", "/privacy", "/privacy", "/privacy", "/sparql?query=ASK%20%7B%7D"):
            with urlopen(origin + address) as answer:
                assert "max-age=" in answer.headers["Strict-Transport-Security"], address
                assert {name: answer.headers[name] for name in SECURITY} == SECURITY


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_is_a_get_without_its_body(client, address: str):
    """HEAD has the status and headers of GET, Content-Length included (RFC 9110, 9.3.2)."""
    asked = {"X-Request-ID": "one"}
    get, head = client.get(address, headers=asked), client.head(address, headers=asked)

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
