"""The judgement of a case: no excuse covers a case that the bare engine's server passes."""

from __future__ import annotations

import judging
import pyoxigraph
import pytest
import suites
from service import Service

KNOWN = suites.KnownFailure("the engine's", "https://example.org/issues/1")
OURS, BARE = AssertionError("we answer 500"), AssertionError("it answers 500")


def test_a_case_that_we_pass_passes_however_the_bare_server_does():
    """With nothing written down."""
    assert judging.judge("add/add01", None, None, None) is None
    assert judging.judge("add/add01", None, BARE, None) is None


def test_a_known_failure_is_let_pass_with_its_reason_where_the_bare_server_fails_too():
    """And only there."""
    assert judging.judge("add/add01", OURS, BARE, KNOWN) == "the engine's"


@pytest.mark.parametrize("known", [KNOWN, None])
def test_a_case_that_the_bare_server_passes_and_we_fail_fails(known: suites.KnownFailure | None):
    """Written down or not."""
    with pytest.raises(AssertionError, match="the bare engine's server passes add/add01, we do not: we answer 500"):
        judging.judge("add/add01", OURS, None, known)


def test_a_known_failure_with_another_answer_than_the_bare_servers_fails():
    """What is written down is the engine's fault, not any fault."""
    with pytest.raises(AssertionError, match="answers add/add01 otherwise"):
        judging.judge("add/add01", OURS, BARE, KNOWN, alike=lambda: False)


def test_a_failure_that_is_not_written_down_fails():
    """Also where the bare server shares it."""
    with pytest.raises(AssertionError, match="we answer 500"):
        judging.judge("add/add01", OURS, BARE, None)


def test_an_exception_that_starts_to_pass_fails():
    """It must leave the list."""
    with pytest.raises(AssertionError, match="take it out of known_failures"):
        judging.judge("add/add01", None, BARE, KNOWN)


def test_the_bare_server_is_the_engine_that_the_service_embeds(bare: Service):
    """The same release of it, so that the scores tell of the service alone."""
    assert bare.client.get(bare.query).headers["Server"] == f"Oxigraph/{pyoxigraph.__version__}"
