"""A service of its own for the fuzz tests: another programme's graph, which may be written, and a token for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.tokens import Tokens
from graph_service.web.app import create_app


@dataclass(frozen=True)
class Service:
    """The app, and a token that may write."""

    app: FastAPI
    token: str


@pytest.fixture(scope="session")
def examples() -> int:
    """How many examples each address gets: few in each run of the tests, FUZZ_EXAMPLES=200 for all."""
    return int(os.environ.get("FUZZ_EXAMPLES", "2"))


@pytest.fixture(scope="session")
def service(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with all queries and little data, so that a write is quick."""
    home = tmp_path_factory.mktemp("fuzz") / "home"
    Publisher(home).load_project(second_project, who="tests")
    token = Tokens(home).new("fuzz", "write")
    return Service(create_app(Releases(home), Settings(home=home, project=second_project)), token)
