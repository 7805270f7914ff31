"""A client gets the format that it prefers (RFC 9110, 12.5.1)."""

from __future__ import annotations

import pytest

from graph_service.web.media import CSV, HTML, JSON, TTL, NotAcceptable, negotiate

OFFERED = (HTML, JSON, CSV, TTL)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "html"),
        ("*/*", "html"),
        ("application/json", "json"),
        ("text/turtle, application/json;q=0.9", "ttl"),
        ("text/turtle;q=0.2, application/json;q=0.3", "json"),
        ("text/*;q=0.5, application/json;q=0.4", "html"),
        ("text/*, text/html;q=0", "csv"),
        ("*/*;q=0.1, text/csv", "csv"),
        ("text/turtle, */*", "ttl"),
        ("text/*, application/json", "json"),
        ("text/html;q=0, */*;q=0.1", "json"),
        ("TEXT/CSV ; Q=1.0", "csv"),
        ('application/ld+json;profile="a, b", text/csv;q=0.5', "csv"),
        ("text/csv;charset=utf-8", "csv"),
        ("image/png, */*;q=0.01", "html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "html"),
    ],
)
def test_quality_then_closeness_then_our_order_decide(accept: str, expected: str):
    """The highest q wins; at equal q the format that is named more closely; else the one offered first."""
    assert negotiate(accept, OFFERED).name == expected


@pytest.mark.parametrize("accept", ["image/png", "text/html;q=0, application/*;q=0", "text/turtle;q=0"])
def test_what_cannot_be_served_is_refused_with_the_list(accept: str):
    """Nothing acceptable among what is offered: the refusal lists what is."""
    with pytest.raises(NotAcceptable) as caught:
        negotiate(accept, (HTML, JSON))

    assert caught.value.offered == ("text/html", "application/json")


def test_an_unreadable_range_is_passed_over():
    """A range without a slash or with a strange weight does not spoil the others."""
    assert negotiate("nonsense, text/csv;q=high, application/json;q=0.1", OFFERED) is JSON


def test_a_client_that_accepts_nothing_gets_the_list():
    """q=0 on everything leaves nothing to send."""
    with pytest.raises(NotAcceptable):
        negotiate("*/*;q=0", OFFERED)
