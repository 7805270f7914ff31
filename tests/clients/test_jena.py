"""Apache Jena, the RDF framework in Java: its commands to query, update, parse and validate, and its HTTP clients."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx2
import pyoxigraph
import pytest

from graph_service.release import Release
from graph_service.store.embedded import parse_rdf

HERE = Path(__file__).resolve().parent / "jena"
JARS = HERE / "target" / "dependency"
ELP = "https://w3id.org/elpaccto/ontology#"
PERU = "https://w3id.org/elpaccto/id/country/PE"
GRAPH = "https://w3id.org/elpaccto/graph/jena"
NOTE = '<urn:x-jena> <http://www.w3.org/2000/01/rdf-schema#comment> "a note"@en'
DUMPS = ("ttl", "nt", "nq", "trig", "rdf", "jsonld")
SHACL = "http://www.w3.org/ns/shacl#"
OPTIONS = (
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),  # a short life: starting quickly matters most
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)

Jena = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def jena() -> Jena:
    """Runs a class of Jena's commands, or a program in one source file, with its arguments."""
    java = shutil.which("java") or pytest.skip("Java is not installed")
    if not JARS.exists():
        pytest.skip("Apache Jena is not installed: run tests/clients/install")

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [java, *OPTIONS, "-cp", f"{JARS}/*", name, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=180)

    return run


@pytest.fixture(scope="session")
def files(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Jena's parsers are given: the dumps, a roadmap in two formats, the shapes."""
    folder = tmp_path_factory.mktemp("files")
    paths = [f"exports/elpaccto.{suffix}" for suffix in DUMPS]
    for path in (*paths, "roadmaps/PE.ttl", "roadmaps/PE.jsonld", "shapes.ttl"):
        answer = httpx2.get(f"{origin}/{path}", timeout=120).raise_for_status()
        (folder / path.rpartition("/")[2]).write_bytes(answer.content)
    return folder


@pytest.mark.parametrize("options", [(), ("--post",)])
def test_rsparql_selects(jena: Jena, origin: str, options: tuple[str, ...]):
    """By GET and by POST."""
    query = f"SELECT ?c WHERE {{ ?c a <{ELP}Country> }} ORDER BY ?c"
    done = jena("arq.rsparql", f"--service={origin}/sparql", "--results=JSON", *options, query)

    assert done.returncode == 0, done.stderr
    bindings = json.loads(done.stdout)["results"]["bindings"]
    assert len(bindings) == 18 and {"c": {"type": "uri", "value": PERU}} in bindings


def test_rsparql_asks(jena: Jena, origin: str):
    """A truth."""
    done = jena("arq.rsparql", f"--service={origin}/sparql", f"ASK {{ <{PERU}> a <{ELP}Country> }}")

    assert done.stdout.strip() == "Ask => Yes", done.stderr


@pytest.mark.parametrize("query", [f"CONSTRUCT WHERE {{ <{PERU}> ?p ?o }}", f"DESCRIBE <{PERU}>"])
def test_rsparql_constructs(jena: Jena, origin: str, query: str):
    """Statements: as many as others get."""
    done = jena("arq.rsparql", f"--service={origin}/sparql", "--results=N-TRIPLES", query)
    own = httpx2.get(f"{origin}/sparql", params={"query": query, "format": "nt"}, timeout=60)

    assert done.returncode == 0, done.stderr
    assert set(parse_rdf(done.stdout.encode(), "nt")) == set(parse_rdf(own.content, "nt"))
    assert PERU in done.stdout


def test_rsparql_tells_of_a_refusal(jena: Jena, origin: str):
    """A query that would have another server asked."""
    query = "SELECT * { SERVICE <http://127.0.0.1:9/s> { ?s ?p ?o } }"
    done = jena("arq.rsparql", f"--service={origin}/sparql", query)

    assert done.returncode != 0
    assert "403" in done.stderr


def test_rupdate_without_a_token_is_refused(jena: Jena, writable, tmp_path: Path):
    """The command has no option for headers: it is told to authenticate, and nothing changes."""
    file = tmp_path / "change.ru"
    file.write_text(f"INSERT DATA {{ GRAPH <{GRAPH}-x> {{ {NOTE} }} }}", "utf-8")
    done = jena("arq.rupdate", f"--service={writable.origin}/update", f"--update={file}")

    assert done.returncode != 0
    assert "401" in done.stderr
    assert httpx2.get(f"{writable.origin}/store", params={"graph": f"{GRAPH}-x"}).status_code == 404


def test_writing_through_jena_with_a_token(jena: Jena, writable, tmp_path: Path):
    """An update, then a graph put whole and read back, then dropped: each is a release."""
    (tmp_path / "change.ru").write_text(f"INSERT DATA {{ GRAPH <{GRAPH}> {{ {NOTE} }} }}", "utf-8")
    (tmp_path / "graph.ttl").write_text(NOTE.replace("a note", "another note") + " .", "utf-8")

    def write(what: str) -> tuple[str, int, str]:
        done = jena(str(HERE / "Write.java"), writable.origin, writable.token, GRAPH, what)
        assert done.returncode == 0, done.stderr
        held = httpx2.get(f"{writable.origin}/store", params={"graph": GRAPH}, headers={"Accept": "text/turtle"})
        return done.stdout.strip(), held.status_code, held.text

    updated = write(str(tmp_path / "change.ru"))
    put = write(str(tmp_path / "graph.ttl"))
    dropped = write("-")

    assert updated[1] == 200 and '"a note"@en' in updated[2]
    assert put[:2] == ("the same", 200) and '"another note"@en' in put[2] and '"a note"@en' not in put[2]
    assert dropped[1] == 404


def test_riot_reads_every_dump(jena: Jena, files: Path, release: Release):
    """Without a warning, and with as many statements in each format as the release has."""
    names = [f"elpaccto.{suffix}" for suffix in DUMPS]
    done = jena("riotcmd.riot", "--count", *(str(files / name) for name in names))

    assert done.returncode == 0 and not re.search("WARN|ERROR", done.stderr), done.stderr
    counted = re.findall(r"(elpaccto\.\w+) *: (?:Triples|Quads) = ([\d,]+)", done.stderr)
    assert {name: int(count.replace(",", "")) for name, count in counted} == dict.fromkeys(names, release.record.quads)


def test_riot_validates_every_file(jena: Jena, files: Path):
    """IRIs, literals against their datatypes, language tags: no warning."""
    done = jena("riotcmd.riot", "--validate", *(str(path) for path in sorted(files.iterdir())))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("wrong", ['<http://e/a> <http://e/b> "x"^^<http://www.w3.org/2001/XMLSchema#integer> .', "<a"])
def test_riot_would_tell(jena: Jena, tmp_path: Path, wrong: str):
    """The check itself: a literal that its datatype has not, and what is not Turtle."""
    (tmp_path / "wrong.ttl").write_text(wrong, "utf-8")
    done = jena("riotcmd.riot", "--validate", str(tmp_path / "wrong.ttl"))

    assert done.returncode != 0 and done.stderr


def test_a_roadmap_is_the_same_graph_in_turtle_and_json_ld(jena: Jena, files: Path):
    """Jena compares them."""
    done = jena("arq.rdfdiff", str(files / "PE.ttl"), str(files / "PE.jsonld"), "TTL", "JSON-LD")

    assert done.returncode == 0, done.stdout[:2000] + done.stderr


def test_a_third_shacl_engine_agrees(jena: Jena, files: Path, release: Release):
    """Jena's SHACL finds no violation, and as many warnings and notices as the gate wrote into the release."""
    shapes, data = files / "shapes.ttl", files / "elpaccto.ttl"
    done = jena("shacl.shacl", "validate", f"--shapes={shapes}", f"--data={data}")

    assert done.returncode == 0, done.stderr
    report = pyoxigraph.parse(done.stdout.encode(), format=pyoxigraph.RdfFormat.TURTLE)
    found = Counter(str(each.object.value).removeprefix(SHACL) for each in report if _is_severity(each))
    assert {**dict.fromkeys(release.record.report, 0), **found} == release.record.report
    assert sum(found.values()) > 0


def _is_severity(triple: pyoxigraph.Quad) -> bool:
    return bool(triple.predicate.value == f"{SHACL}resultSeverity")
