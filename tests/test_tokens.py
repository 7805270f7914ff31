"""Tokens: only digests are kept; a token is good for its scope, up to its end, until it is revoked."""

from __future__ import annotations

import datetime
import json
import stat
from pathlib import Path

import pytest

from graph_service import tokens
from graph_service.cli import main
from graph_service.errors import Forbidden, HomeError, ParameterError, Unauthorised, UnknownTerm
from graph_service.tokens import Tokens


@pytest.fixture
def known(tmp_path: Path) -> Tokens:
    """The tokens of an empty home."""
    return Tokens(tmp_path / "home")


def test_a_token_is_known_again_and_only_its_digest_is_kept(known: Tokens, tmp_path: Path):
    """The file is for its owner alone, and does not hold the token."""
    secret = known.new("ana", "write")
    file = tmp_path / "home" / "tokens.json"

    assert known.check(secret).name == "ana"
    assert len(secret) >= 43  # 256 bits in base64
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_any_token_writing_is_off_and_the_command_is_told(known: Tokens):
    """A token that somebody shows makes no difference then."""
    with pytest.raises(Forbidden, match="graph-service token new --scope write"):
        known.check("anything")


def test_a_missing_or_unknown_token_is_refused(known: Tokens):
    """RFC 6750: no error code where none was sent, invalid_token where it is not known."""
    known.new("ana", "write")

    with pytest.raises(Unauthorised, match="needs a token") as missing:
        known.check(None)
    with pytest.raises(Unauthorised, match="not known") as unknown:
        known.check("mistyped")

    assert missing.value.challenge == 'Bearer realm="graph-service"'
    assert 'error="invalid_token"' in unknown.value.challenge


def test_a_token_ends(known: Tokens, monkeypatch: pytest.MonkeyPatch):
    """Good for the days given, refused afterwards; without days it has no end."""
    short, long = known.new("short", "write", days=2), known.new("long", "write")
    later = tokens._now() + datetime.timedelta(days=2, seconds=1)
    assert known.check(short).name == "short"

    monkeypatch.setattr(tokens, "_now", lambda: later)

    assert known.check(long).name == "long"
    with pytest.raises(Unauthorised, match="ended on"):
        known.check(short)


def test_admin_may_do_what_write_may_and_not_the_reverse(known: Tokens):
    """The two scopes, in order."""
    write, admin = known.new("ana", "write"), known.new("ben", "admin")

    assert known.check(admin, "write").name == "ben"
    with pytest.raises(Forbidden, match="scope write; this takes admin"):
        known.check(write, "admin")


def test_a_revoked_token_is_refused_from_then_on(known: Tokens):
    """The others stay; a name that is not known is told with near ones."""
    secret, other = known.new("ana", "write"), known.new("ben", "write")
    known.revoke("ana")

    with pytest.raises(Unauthorised):
        known.check(secret)
    assert known.check(other).name == "ben"
    with pytest.raises(UnknownTerm, match="Did you mean ben"):
        known.revoke("benn")


@pytest.mark.parametrize(
    ("name", "days", "message"), [("ana", None, "already"), ("a b", None, "letters"), ("b", 0, "1 day")]
)
def test_what_cannot_be_made_is_told(known: Tokens, name: str, days: int | None, message: str):
    """A name that is taken, a name with a space, a token without a day."""
    known.new("ana", "write")

    with pytest.raises(ParameterError, match=message):
        known.new(name, "write", days=days)


def test_a_damaged_file_is_told(known: Tokens, tmp_path: Path):
    """It is not taken for an empty one, which would switch writing off without a word."""
    known.new("ana", "write")
    (tmp_path / "home" / "tokens.json").write_text("[{")

    with pytest.raises(HomeError, match=r"tokens\.json cannot be read"):
        known.check("x")


def test_the_command_prints_the_token_alone_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """`token new` for scripts, `list` without secrets, `revoke`."""
    monkeypatch.setenv("GRAPH_SERVICE_HOME", str(tmp_path))

    assert main(["token", "new", "--scope", "write", "--name", "ana", "--days", "30"]) == 0
    made = capsys.readouterr()
    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert main(["token", "revoke", "ana"]) == 0
    assert main(["token", "revoke", "ana"]) == 1

    secret = made.out.strip()
    assert made.out == f"{secret}\n" and " " not in secret and made.err == ""
    assert listed.startswith("ana\twrite\t") and "ends" in listed and secret not in listed
    assert json.loads((tmp_path / "tokens.json").read_text()) == []
