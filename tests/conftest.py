"""Fixtures: the real project, published once into a temporary home, and the real app over it."""

from __future__ import annotations

import fcntl
import importlib
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from starlette.testclient import TestClient

from graph_service import turtle
from graph_service.publishing import Publisher
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.terms import PREFIXES

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
SLOW = (  # the files that take longest, longest first
    "browser/test_every_page.py",
    "browser/test_journeys.py",
    "engines/test_contract.py",
    "test_queries.py",
    "conformance/test_query.py",
    "fuzz/test_description.py",
    "ontology/test_shapes.py",
    "clients/test_nothing_is_fetched.py",
    "web/test_linked_data.py",
    "clients/test_comunica.py",
    "web/test_time.py",
    "faults/test_killed_updates.py",
    "faults/test_hostile_queries.py",
    "faults/test_killed_writer.py",
    "clients/test_jena.py",
    "web/test_coverage.py",
    "web/test_graphs.py",
)
OTHER_WORDS = {PREFIXES["skos"] + name for name in ("altLabel", "hiddenLabel")}
MadeOnce = Callable[[str, Callable[[Path], object]], Path]
OWN_CONCEPT = re.compile(r"/id/(axis/|component/|evidence/(axis|component)-)")  # what each programme has of its own

collect_ignore_glob = ["*conftest.py"]  # looked through for examples, files of one name would hide each other


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the official suites are, for tests/conformance."""
    parser.addoption("--suites", metavar="DIR", help="folder of the W3C suites (default: ../shared/conformance)")


def pytest_xdist_auto_num_workers() -> int:
    """One more worker than processors, as a good part of the suite waits: for deadlines, ends and other processes."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud how the official suites went, and what of them was left out."""
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "xfailed", "skipped"):
        for report in terminalreporter.stats.get(outcome, ()):
            if report.when == "teardown" or "conformance/" not in report.nodeid:
                continue
            if outcome == "skipped":
                reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
                counts.setdefault(reason.removeprefix("Skipped: "), Counter())[outcome] += 1
            elif group := dict(report.user_properties).get("conformance"):
                counts.setdefault(group, Counter())["known to fail" if outcome == "xfailed" else outcome] += 1
    if counts:
        terminalreporter.section("official suites")
    for group, found in sorted(counts.items()):
        terminalreporter.line(f"{group}: {', '.join(f'{count} {outcome}' for outcome, count in found.items())}")
    if scores := _scores(terminalreporter):
        terminalreporter.line(scores)


def _scores(terminalreporter: pytest.TerminalReporter) -> str:
    """Our score of the SPARQL suites beside that of the bare engine's own server; empty where neither was run."""
    outcomes = ("passed", "failed", "xfailed")
    reports = [(outcome, report) for outcome in outcomes for report in terminalreporter.stats.get(outcome, ())]
    told = [(outcome, dict(report.user_properties)) for outcome, report in reports]
    scored = [(outcome, properties) for outcome, properties in told if "bare server" in properties]
    ours = sum(outcome == "passed" for outcome, _ in scored)
    by_value = sum("by value" in properties for _, properties in scored)
    bare = sum(properties["bare server"] == "passed" for _, properties in scored)
    if not scored:
        return ""
    return (
        f"SPARQL 1.1: graph-service {ours} of {len(scored)} ({by_value} of them with numbers compared by value), "
        f"Oxigraph server {bare} of {len(scored)}"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left alone with one of them in the end."""
    order = {HERE / name: place for place, name in enumerate(SLOW)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
    if engine := os.environ.get("ENGINE"):
        switch().expect_exceptions(items, engine)


@pytest.fixture(scope="session", autouse=True)
def engine_of_choice() -> Iterator[None]:
    """With `ENGINE=oxigraph` or `ENGINE=fuseki` in the environment, a server of that engine answers in these tests."""
    if not (engine := os.environ.get("ENGINE")):
        yield
        return
    with switch().everything_over(engine):
        yield


def switch() -> ModuleType:
    """What puts the tests over another engine; none of it is read where nobody asks for that."""
    if (folder := str(HERE / "engines")) not in sys.path:
        sys.path.append(folder)
    return importlib.import_module("switch")


@pytest.fixture(scope="session")
def project_dir() -> Path:
    """The project of this repository: ontology/, data/, queries/."""
    return PROJECT


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Makes a file or folder that all workers of a run share: the first to need it makes it, the others wait."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def get(name: str, make: Callable[[Path], object]) -> Path:
        made, making = folder / name, folder / f"{name}.making"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                make(making)
                making.rename(made)
        return made

    return get


@pytest.fixture(scope="session")
def home(made_once: MadeOnce) -> Path:
    """A home folder in which the real project is published as release 1. Not to be written by tests: all share it."""
    return made_once("home", lambda folder: Publisher(folder).load_project(PROJECT, who="tests"))


@pytest.fixture(scope="session")
def releases(home: Path) -> Releases:
    """The releases of that home."""
    return Releases(home)


@pytest.fixture(scope="session")
def release(releases: Releases) -> Release:
    """The published release of the real project."""
    return releases.current()


@pytest.fixture(scope="session")
def second_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another programme's project, written with the same ontology: two countries, two axes. Not to be changed.

    The shared concepts come without other words for them: those are most of all statements, and each write reads all.
    """
    folder = tmp_path_factory.mktemp("second") / "project"
    shutil.copytree(PROJECT / "ontology", folder / "ontology")
    shutil.copytree(PROJECT / "queries", folder / "queries")
    own = turtle.parse((HERE / "second_programme/concepts.ttl").read_text(), "concepts.ttl")
    shared = turtle.parse((PROJECT / "ontology/concepts.ttl").read_text(), "concepts.ttl")
    others = {
        iri: frozenset(fact for fact in facts if fact[0] not in OTHER_WORDS)
        for iri, facts in shared.records.items()
        if not OWN_CONCEPT.search(iri)
    }
    concepts = turtle.Document({**others, **own.records})
    (folder / "ontology/concepts.ttl").write_text(turtle.serialize(concepts))
    (folder / "data").mkdir()
    shutil.copy(HERE / "second_programme/programme.ttl", folder / "data")
    return folder


@pytest.fixture
def small_project(second_project: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may spoil; with few queries, since each load in a new process reads them."""
    copy = Path(shutil.copytree(second_project, tmp_path / "project", ignore=shutil.ignore_patterns("queries")))
    shutil.copytree(second_project / "queries" / "vocabulary", copy / "queries" / "vocabulary")
    return copy


@pytest.fixture(scope="session")
def client(home: Path, releases: Releases) -> Iterator[TestClient]:
    """A client of the real app over the real project; redirects are not followed."""
    from graph_service.web.app import create_app

    app = create_app(releases, Settings(home=home, project=PROJECT))
    with TestClient(app, follow_redirects=False) as made:
        yield made


@pytest.fixture(scope="session")
def second_home(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the other programme is published, with few queries. Not to be written: see `own_home`."""
    folder = tmp_path_factory.mktemp("second-home")
    project = Path(shutil.copytree(second_project, folder / "project", ignore=shutil.ignore_patterns("queries")))
    shutil.copytree(second_project / "queries" / "vocabulary", project / "queries" / "vocabulary")
    Publisher(folder / "home").load_project(project, who="tests")
    return folder / "home"


@pytest.fixture
def own_home(second_home: Path, tmp_path: Path) -> Path:
    """A copy of that home that a test may write."""
    return Path(shutil.copytree(second_home, tmp_path / "own-home", symlinks=True))
