"""The made-up portfolios that growth is measured with."""

from __future__ import annotations

import importlib
import itertools
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from graph_service.staging import validate_files
from graph_service.store import lines
from graph_service.terms import ELP, LANGUAGES, RDF_TYPE, Literal, ntriple, record_key

SIZE = 7000


@pytest.fixture(scope="module")
def made(project_dir: Path) -> ModuleType:
    """The generator."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(project_dir / "benchmarks")
        return importlib.import_module("portfolio")


def test_a_portfolio_conforms_with_the_project(made: ModuleType, project_dir: Path, tmp_path: Path):
    """Not one violation, no statement twice, about as large as asked for."""
    quads = list(lines.parsed("".join(made.portfolio(SIZE)).encode()))
    file = tmp_path / "portfolio.nt"
    file.write_text("".join(ntriple(quad[:3]) for quad in quads))

    report = validate_files([file], project_dir)

    assert report.violations == ()
    assert len({quad[:3] for quad in quads}) == len(quads)
    assert abs(len(quads) - SIZE) < SIZE / 20


def test_a_portfolio_has_all_kinds_of_records_in_four_languages(made: ModuleType):
    """The classes that the roadmap and the matrix are made of, some countries far larger than others."""
    quads = list(lines.parsed("".join(made.portfolio(30_000)).encode()))
    types = Counter(str(value) for _, predicate, value, _ in quads if predicate == RDF_TYPE)
    names = Counter(value.language for _, _, value, _ in quads if isinstance(value, Literal) and value.language)
    held = Counter(str(value) for _, predicate, value, _ in quads if predicate == ELP + "country")

    for name in (
        "Programme", "ActionPlan", "Roadmap", "Country", "Institution", "Mandate", "Event", "Participation",
        "RegionalOrganisation", "CoverageGap", "PlanStatement", "QuoteTranslation", "Source", "Evidence",
    ):  # fmt: skip
        assert types[ELP + name] > 0, name
    assert set(names) == set(LANGUAGES)
    (_, most), *_, (_, least) = held.most_common()
    assert most > 10 * least


def test_a_portfolio_is_the_same_for_the_same_seed_only(made: ModuleType):
    """Whoever measures again measures the same."""
    first, again, other = ("".join(made.portfolio(SIZE, seed)) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_one_country_has_the_same_records_whatever_the_size(made: ModuleType):
    """All that is said of it, and nothing more points to it."""

    def of_constant(size: int) -> set[str]:
        text = "".join(made.portfolio(size))
        return {
            line for line in text.splitlines() if f"/{made.CONSTANT}" in line or f"/{made.CONSTANT.lower()}-" in line
        }

    small, large = of_constant(SIZE), of_constant(10 * SIZE)

    assert small
    assert small == large


def test_a_portfolio_is_written_as_it_is_made(made: ModuleType):
    """The first records of the largest one are there at once."""
    first = list(itertools.islice(made.portfolio(10**9), 5))

    assert all(record_key(str(quad[0])) for text in first for quad in lines.parsed(text.encode()))
