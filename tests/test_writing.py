"""`graph-service update`: the same writing as over HTTP, from a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from graph_service.cli import main
from graph_service.releases import Releases

TEXT = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
INSERT DATA { GRAPH <https://w3id.org/elpaccto/graph/notes> {
  <https://w3id.org/elpaccto/id/country/SN> rdfs:seeAlso <https://example.org/1> , [] } }"""


@pytest.fixture
def file(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with an update, for the home of the settings."""
    monkeypatch.setenv("GRAPH_SERVICE_HOME", str(own_home))
    path = tmp_path / "link.ru"
    path.write_text(TEXT)
    return path


def test_an_update_is_told_and_published(file: Path, own_home: Path, capsys: pytest.CaptureFixture[str]):
    """First what would happen, then that it has; warnings go to stderr."""
    assert main(["update", str(file), "--dry-run"]) == 0
    assert capsys.readouterr().out == "Release 2 would be published: +2 -0 statements.\n"
    assert main(["update", str(file), "--reason", "a link"]) == 0
    told = capsys.readouterr()

    record = Releases(own_home).current().record
    assert told.out == "Release 2 is published: +2 -0 statements.\n"
    assert "warning: 1 blank node was given an IRI" in told.err
    assert (record.number, record.reason) == (2, "a link")


def test_an_update_is_read_from_stdin(file: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch):
    """`-` is stdin."""
    monkeypatch.setattr("sys.stdin", io.StringIO(TEXT))

    assert main(["update", "-"]) == 0
    assert Releases(own_home).current().number == 2


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> } }", 2, "line 1"),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", 1, "say which graph"),
        ("LOAD <urn:x>", 2, "fetches nothing"),
        ("DROP GRAPH <urn:none>", 3, "does not exist"),
        ("", 0, ""),
    ],
)
def test_what_is_refused_is_one_line(
    file: Path, own_home: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, words: str
):
    """With its exit code; nothing has changed."""
    file.write_text(text)

    assert main(["update", str(file)]) == code
    assert words in capsys.readouterr().err
    assert Releases(own_home).current().number == 1
