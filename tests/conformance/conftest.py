"""Conformance: what the tests of the official suites share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

import judging
import pytest
import service
import suites

Check: TypeAlias = Callable[[service.Service], None]  # runs a case against a service; raises where it fails


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[service.Service]:
    """The real app, with a token that may write."""
    with service.writing(tmp_path_factory.mktemp("writer")) as ours:
        yield ours


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[service.Service]:
    """The bare engine's own server, one process for all cases of a worker."""
    with service.bare(tmp_path_factory.mktemp("bare")) as server:
        yield server


@pytest.fixture
def contest(request: pytest.FixtureRequest, bare: service.Service) -> Callable[..., None]:
    """Runs a case against our service and against the bare engine's server, and judges ours.

    Called with the case, our service, the check, and optionally whether both gave the same wrong answer: a known
    failure is the engine's only if they did.
    """

    def judged(
        case: suites.Case, ours: service.Service, check: Check, alike: Callable[[], bool] = lambda: True
    ) -> None:
        our_failure, bare_failure = failure(check, ours), bare_failure_of(check, bare)
        if case.suite in suites.COMPARED:
            judging.no_worse(case.name, our_failure, bare_failure)
            pytest.skip(f"excluded: {suites.COMPARED[case.suite]}")
        properties = request.node.user_properties
        properties.append(("conformance", f"sparql11 {case.suite}"))
        properties.append(("bare server", "passed" if bare_failure is None else "failed"))
        if our_failure is None and (case.name, "oxigraph") in suites.lexical_differences():
            properties.append(("by value", case.name))
        known = suites.known_failures().get((case.name, "oxigraph"))
        reason = judging.judge(case.name, our_failure, bare_failure, known, alike)
        if reason is not None:
            pytest.xfail(reason)

    return judged


def failure(check: Check, ours: service.Service) -> AssertionError | None:
    """How our service fails a case; an error in the check itself stays one."""
    try:
        check(ours)
    except AssertionError as error:
        return error
    return None


def bare_failure_of(check: Check, bare: service.Service) -> Exception | None:
    """How the bare server fails a case; an answer that the check cannot read is one way of it."""
    try:
        check(bare)
    except Exception as error:
        return error
    return None


@pytest.fixture
def verdict(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[None]]:
    """Holds a case to its suite: it passes, or it is a known failure of the engine and still fails."""

    @contextmanager
    def judged(case: suites.Case, engine: str) -> Iterator[None]:
        known = suites.known_failures().get((case.name, engine))
        properties = request.node.user_properties
        properties.append(("conformance", f"shacl {case.suite.partition('/')[0]}, {engine}"))
        try:
            yield
        except AssertionError:
            if known is None:
                raise
            pytest.xfail(known.reason)
        if known is not None:
            pytest.fail(f"{case.name} passes now with {engine}: take it out of {suites.KNOWN.name}")

    return judged
