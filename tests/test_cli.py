"""The command line: same answers as over HTTP, one line per error, exit codes that scripts can rely on."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from graph_service import errors
from graph_service.cli import EXIT_CODES, main

Run = Callable[..., tuple[int, bytes, str]]


@pytest.fixture
def run(
    home: Path, project_dir: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Run:
    """Run a command over the published project; exit code, stdout, stderr."""

    def command(*words: str, home: Path = home, project: Path = project_dir) -> tuple[int, bytes, str]:
        monkeypatch.setenv("GRAPH_SERVICE_HOME", str(home))
        monkeypatch.setenv("GRAPH_SERVICE_PROJECT", str(project))
        try:
            code = main(words)
        except SystemExit as stopped:  # argparse ends wrong use by itself
            code = int(stopped.code or 0)
        out, err = capfdbinary.readouterr()
        return code, out, err.decode()

    return command


def test_a_query_gives_the_same_bytes_as_over_http(run: Run, client: TestClient):
    """One answer, two doors."""
    query = ("institutions/by-axis", "axis=corruption", "country=PE", "as_of=2018")

    code, out, _ = run("query", *query, "--format", "csv")

    address = "/queries/institutions/by-axis.csv?axis=corruption&country=PE&as_of=2018"
    assert code == 0
    assert out == client.get(address).content
    assert out == client.get("/ask.csv?axis=corruption&country=PE&as_of=2018").content


@pytest.mark.parametrize("suffix", ["json", "csv", "ttl", "jsonld", "nt", "rdf", "html", "md"])
def test_a_roadmap_is_printed_in_each_format(run: Run, client: TestClient, suffix: str):
    """The same bytes as over HTTP, but for the page, which needs a server for its links."""
    code, out, _ = run("roadmap", "PE", "--format", suffix, "--as-of", "2026-11-26")

    assert code == 0
    answered = client.get(f"/roadmaps/PE.{suffix}?as_of=2026-11-26").content
    assert out == answered.replace(b"http://testserver", b"")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("roadmap", "PR"), 1, "There is no country 'PR'"),
        (("query", "institutions/by-axes"), 1, "institutions/by-axis"),
        (("query", "institutions/by-axis", "axis=corupcion"), 1, "corruption"),
        (("query", "institutions/by-axis", "axes=corruption"), 1, "Did you mean axis"),
        (("query", "institutions/by-axis", "as_of=yesterday"), 2, "'as_of' cannot be read"),
        (("query", "institutions/by-axis", "corruption"), 2, "as key=value"),
        (("query", "roadmaps/country"), 2, "needs the parameter 'country'"),
        (("export", "--graph", "evnts"), 1, "events"),
        (("rollback", "99"), 1, "There is no release 99"),
        (("validate", "nowhere.ttl"), 1, "nowhere.ttl does not exist"),
        (("load", "nowhere.ttl"), 1, "nowhere.ttl does not exist"),
        (("serve", "--port", "99999"), 3, "choose another with --port"),
        (("check", "--text", "seed"), 2, "key=value"),
        (("import", "/nowhere"), 1, "nowhere"),
        (("dance",), 2, "invalid choice"),
    ],
)
def test_an_error_is_one_line_with_its_exit_code(run: Run, words: tuple[str, ...], code: int, message: str):
    """No traceback; what is wrong and how to mend it."""
    got, out, err = run(*words)

    assert (got, out) == (code, b"")
    assert message in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1 or "usage:" in err


def test_every_error_has_an_exit_code():
    """A new kind of error must choose between no, wrong use and failed."""
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}
    own = {kind for kind in kinds if issubclass(kind, errors.GraphServiceError)} - {errors.GraphServiceError}

    assert own == set(EXIT_CODES)


def test_a_port_in_use_is_told(run: Run):
    """Exit code 3 and the way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run("serve", "--port", str(taken.getsockname()[1]))

    assert code == 3
    assert "already in use" in err


def test_an_empty_home_says_what_to_run(run: Run, tmp_path: Path):
    """Nothing published is an answer, not a failure."""
    code, _, err = run("query", "countries/all", home=tmp_path)

    assert code == 1
    assert "graph-service load" in err


def test_a_load_tells_what_it_did_and_repeats_nothing(run: Run, small_project: Path, tmp_path: Path):
    """The second load finds nothing to do; releases and rollback follow."""
    code, out, _ = run("load", home=tmp_path / "new", project=small_project)
    _, again, _ = run("load", home=tmp_path / "new", project=small_project)
    _, back, _ = run("rollback", "1", home=tmp_path / "new", project=small_project)
    _, listed, _ = run("releases", home=tmp_path / "new", project=small_project)

    assert code == 0 and out.startswith(b"Release 1: ")
    assert again == b"Nothing to do: release 1 already holds this.\n"
    assert back == b"Release 2 now holds the content of release 1.\n"
    assert [line.split(b"\t")[0] for line in listed.splitlines()] == [b"2", b"1"]


def test_validate_speaks_the_editors_language(run: Run, small_project: Path, tmp_path: Path):
    """What is wrong is told with the mend, in the language asked for; exit code 1."""
    bad = tmp_path / "bad.ttl"
    bad.write_text("<https://w3id.org/elpaccto/id/gap/x> a <https://w3id.org/elpaccto/ontology#CoverageGap> .")

    code, out, _ = run("validate", str(bad), "--language", "es", project=small_project)
    fine, _, _ = run("validate", project=small_project)

    assert (code, fine) == (1, 0)
    assert "Violation: x" in out.decode()
    assert "añada" in out.decode()


def test_check_formats_and_is_then_content(run: Run, small_project: Path):
    """`check` finds the file that is not in canonical form, `--fix` mends it, once."""
    before = run("check", project=small_project)
    fixed = run("check", "--fix", project=small_project)
    after = run("check", "--fix", project=small_project)

    assert before[0] == 1 and b"data/programme.ttl is not in canonical form" in before[1]
    assert b"formatted data/programme.ttl" in fixed[1]
    assert b"formatted" not in after[1]


def test_check_holds_quotes_against_their_text(run: Run, small_project: Path, tmp_path: Path):
    """A quote that is not in its source's text word for word is named."""
    text = tmp_path / "brochure.txt"
    text.write_text("la justice pour tous", encoding="utf-8")

    _, out, _ = run("check", "--text", f"brochure={text}", project=small_project)

    assert "event-kick-off-brochure: the quote is not in the text of brochure" in out.decode()
    assert "programme-justice-brochure: the quote" not in out.decode()


def test_settings_show_value_and_origin(run: Run):
    """Each setting is listed with where it comes from."""
    code, out, _ = run("settings")

    assert code == 0
    assert b"GRAPH_SERVICE_HOME" in out
    assert b"port = 8000\t(default)" in out


def test_the_graph_is_exported_whole_or_by_graph(run: Run, client: TestClient):
    """The same bytes as over HTTP; one graph by the stem of its file."""
    _, whole, _ = run("export", "--format", "nq")
    _, one, _ = run("export", "--format", "nt", "--graph", "pe")

    assert whole == client.get("/exports/elpaccto.nq").content
    assert one.count(b"\n") == whole.count(b"<https://w3id.org/elpaccto/graph/pe> .\n")


def test_the_tables_are_exported_as_over_http(run: Run, client: TestClient):
    """The CSV package and the spreadsheet, byte for byte; of one graph alone there are none."""
    for suffix in ("csv.zip", "xlsx"):
        _, out, _ = run("export", "--format", suffix)
        same = out == client.get(f"/exports/elpaccto.{suffix}").content
        assert same, suffix
    code, _, err = run("export", "--format", "xlsx", "--graph", "pe")
    assert code == 1 and "elpaccto.xlsx" in err
