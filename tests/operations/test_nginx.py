"""nginx in front, with the file that is shipped: TLS, ids, limits, slow clients, long answers. Ports and paths alone
are others, and times shorter."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from running import Service, running, until

NGINX, OPENSSL = (
    shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin") for name in ("nginx", "openssl")
)
SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
LARGE = "SELECT ?a ?b ?c (CONCAT(STR(?a), STR(?b), STR(?c)) AS ?all) { ?a ?b ?c } ORDER BY ?a ?b ?c"
AROUND = """
daemon off;
pid {folder}/pid;
error_log stderr;
events {{ }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/nginx.conf;
}}
"""
pytestmark = pytest.mark.skipif(not (NGINX and OPENSSL), reason="nginx or openssl is not installed (nginx-light)")


class Proxy:
    """An nginx before a service."""

    def __init__(self, service: Service) -> None:
        folder = Path(tempfile.mkdtemp(prefix="nginx-"))  # its workers are another user, who has to come in
        folder.chmod(0o755)
        self.folder, self.service, self.port = folder, service, free_port()
        command = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
        subprocess.run([*command, "-keyout", folder / "key", "-out", folder / "pem"], check=True, capture_output=True)
        (folder / "nginx.conf").write_text(self._changed(SHIPPED.read_text()))
        (folder / "main.conf").write_text(AROUND.format(folder=folder))
        with (folder / "err").open("wb") as err:
            command = [str(NGINX), "-p", str(folder), "-c", str(folder / "main.conf")]
            self.process = subprocess.Popen(command, stderr=err)
        until(self._listens, "nginx listens")

    def _changed(self, text: str) -> str:
        changes = {
            r"server 127\.0\.0\.1:8000;": f"server 127.0.0.1:{self.service.port};",
            r"listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            r"listen 80;": f"listen 127.0.0.1:{free_port()};",
            r"listen \[::\]:\d+( ssl)?;": "",
            r"/etc/ssl/data\.example\.org\.pem": f"{self.folder}/pem",
            r"/etc/ssl/private/data\.example\.org\.key": f"{self.folder}/key",
            r"/var/log/nginx/": f"{self.folder}/",
            r"client_header_timeout 10s": "client_header_timeout 1s",
            r"client_body_timeout 10s": "client_body_timeout 1s",
        }
        for pattern, instead in changes.items():
            text, count = re.subn(pattern, instead, text)
            assert count, pattern
        return text

    def _listens(self) -> bool:
        assert self.process.poll() is None, (self.folder / "err").read_text()
        with socket.socket() as trying:
            return trying.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self) -> http.client.HTTPSConnection:
        """A connection over TLS."""
        trusting = ssl.create_default_context(cafile=str(self.folder / "pem"))
        trusting.check_hostname = False
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=trusting)

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        connection = self.connect()
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, named)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def raw(self) -> ssl.SSLSocket:
        """A socket over TLS."""
        connection = self.connect()
        connection.connect()
        return connection.sock  # type: ignore[no-any-return]  # it is one

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@pytest.fixture(scope="module")
def proxy(second_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx before a service."""
    folder = tmp_path_factory.mktemp("nginx")
    settings = {"base_url": "https://data.example.org", "log": "json"}
    with running(second_home, folder / "log", **settings) as service:
        made = Proxy(service)
        try:
            yield made
        finally:
            made.stop()


def test_pages_come_over_tls_with_the_name_from_outside(proxy: Proxy):
    """Links that need a host have that of `base_url`; browsers are told to stay with TLS."""
    status, headers, page = proxy.ask("/privacy", Accept="text/html", Accept_Encoding="gzip")

    assert status == 200
    assert headers["strict-transport-security"]
    assert headers["content-encoding"] == "gzip" and headers["etag"].endswith('-gzip"')
    assert proxy.ask("/privacy", If_None_Match=headers["etag"], Accept_Encoding="gzip")[0] == 304
    assert b"https://data.example.org/sparql" in proxy.ask("/sparql", Accept="text/turtle")[2]
    assert page


def test_a_request_has_one_id_in_both_logs(proxy: Proxy):
    """nginx makes it where the client gives none, and neither log says who asked for what."""
    made = proxy.ask("/search?q=confidential")[1]["x-request-id"]
    given = proxy.ask("/privacy", X_Request_ID="of-a-client")[1]["x-request-id"]
    path = proxy.folder / "graph-service.log"
    until(lambda: all(name in path.read_text() for name in (made, given)), "nginx logged both")
    until(lambda: all(name in proxy.service.log.read_text() for name in (made, given)), "so did the service")

    assert given == "of-a-client"
    for told in (path.read_text(), proxy.service.log.read_text()):
        assert "confidential" not in told and "127.0.0.1" not in told


def test_a_long_answer_is_the_same_as_without_it(proxy: Proxy):
    """Byte for byte, packed or not."""
    address = f"/sparql?{urlencode({'query': LARGE, 'format': 'csv'})}"
    direct = proxy.service.get(address)

    assert direct[0] == 200 and len(direct[2]) > 1_000_000
    assert proxy.ask(address)[2] == direct[2]


def test_who_asks_or_listens_slowly_holds_nobody_up(proxy: Proxy):
    """Headers and bodies that do not come are given up; nothing of them reaches the service; others are served."""
    head = b"GET /privacy HTTP/1.1\r\nHost: localhost\r\n"
    slow = [proxy.raw() for _ in range(20)]
    for each in slow[:10]:
        each.sendall(head + b"X-Slow: ")
    for each in slow[10:]:
        each.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nquery=")
    assert proxy.ask("/privacy")[0] == 200
    for each in slow:
        assert over(each)
        each.close()

    assert proxy.ask("/privacy")[0] == 200


def over(connection: ssl.SSLSocket) -> bool:
    """Whether the other side hangs up, after a word of explanation or without."""
    try:
        while connection.recv(4096):
            pass
    except OSError:
        pass
    return True


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [({"X-Large": "a" * 17_000}, b"", 400), ({}, b"a" * 1_000_001, 413)],
    ids=["headers", "body"],
)
def test_what_is_too_large_is_refused_before_the_service(
    proxy: Proxy, headers: dict[str, str], body: bytes, status: int
):
    """As large as the service takes it, it passes."""
    assert proxy.ask("/sparql", "POST" if body else "GET", body, **headers)[0] == status


def test_too_many_requests_of_one_address_are_told_so(proxy: Proxy):
    """429, and what runs goes on."""
    connection = proxy.connect()
    statuses = set()
    for _ in range(400):
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
    connection.close()

    assert statuses <= {200, 429}
    assert 200 in statuses


def test_a_service_that_is_away_is_told(proxy: Proxy, second_home: Path, tmp_path: Path):
    """502 while there is none; nothing to be done here once it is back."""
    with running(second_home, tmp_path / "log") as service:
        other = Proxy(service)
        try:
            assert json.loads(other.ask("/health/ready")[2])["status"] == "ready"
            service.signal()
            service.wait()
            assert other.ask("/health/ready")[0] == 502
        finally:
            other.stop()
