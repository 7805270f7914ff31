"""Conformance: what the tests of the official suites share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import suites


@pytest.fixture
def verdict(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[None]]:
    """Holds a case to its suite: it passes, or it is a known failure and still fails.

    Called with the case's name, the group it is counted in, and the engine where it is run with several.
    """

    @contextmanager
    def judged(name: str, group: str, engine: str = "") -> Iterator[None]:
        known = suites.known_failures()
        reason = known.get(f"{name} {engine}") or known.get(name) if engine else known.get(name)
        request.node.user_properties.append(("conformance", group))
        try:
            yield
        except AssertionError:
            if not reason:
                raise
            request.node.user_properties.append(("known failure", f"{name} {engine}".strip()))
            pytest.xfail(reason)
        if reason:
            pytest.fail(f"{name} passes now: take it out of {suites.KNOWN.name}")

    return judged
