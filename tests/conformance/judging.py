"""Judging: what a case of a suite comes to, from how two services do in it and from what is written down. Pure."""

from __future__ import annotations

from collections.abc import Callable

from suites import KNOWN, KnownFailure


def judge(
    name: str,
    ours: AssertionError | None,
    bare: Exception | None,
    known: KnownFailure | None,
    alike: Callable[[], bool] = lambda: True,
) -> str | None:
    """The reason for which a failure is let pass; None where the case passes.

    Args:
        ours: how our service fails the case; None where it passes.
        bare: the same of the bare engine's server.
        known: the exception that is written down for the case.
        alike: whether both gave the same wrong answer, where they give one.

    Raises:
        AssertionError: we fail what the bare server passes, whatever is written down; or what is not written down;
            or in another way than the bare server; or we pass what is written down.
    """
    no_worse(name, ours, bare)
    if ours is None:
        assert known is None, f"{name} passes now: take it out of {KNOWN.name}"
        return None
    if known is None:
        raise ours
    assert alike(), f"the bare engine's server answers {name} otherwise: {ours}"
    return known.reason


def no_worse(name: str, ours: AssertionError | None, bare: Exception | None) -> None:
    """AssertionError where we fail a case that the bare engine's server passes."""
    if ours is not None and bare is None:
        raise AssertionError(f"the bare engine's server passes {name}, we do not: {ours}") from ours
