"""Tokens: who may write. High-entropy random texts, of which only SHA-256 digests are kept, in one file of the home.

The digest needs no salt and no slow function: a token is 256 random bits, which nobody can guess from a list.
"""

from __future__ import annotations

import datetime
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from graph_service.errors import Forbidden, HomeError, ParameterError, Unauthorised, UnknownTerm, nearest

SCOPES = ("write", "admin")  # admin may do all that write may, and change what words mean
SWITCH_ON = "Writing is off, as there is no token: make one with `graph-service token new --scope write --name NAME`."
_NAME = re.compile(r"[\w.@-]{1,64}")


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token; the token itself is not."""

    name: str
    scope: str
    created: str  # ISO 8601, UTC
    ends: str | None  # ISO 8601, UTC; None: it has no end
    sha256: str

    @property
    def ended(self) -> bool:
        """Whether its last moment has passed."""
        return self.ends is not None and datetime.datetime.fromisoformat(self.ends) <= _now()

    def allows(self, scope: str) -> bool:
        """Whether it may do what a scope may."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


class Tokens:
    """The tokens of a home folder."""

    def __init__(self, home: Path) -> None:
        self._home, self._path = home, home / "tokens.json"

    def new(self, name: str, scope: str, *, days: int | None = None) -> str:
        """Make a token and return it, for the only time.

        Args:
            name: who will use it; the releases written with it bear this name.
            days: how long it is good for; for ever when left out.

        Raises:
            ParameterError: the name is taken or has other characters than letters, digits and `. _ @ -`.
            HomeError.
        """
        if not _NAME.fullmatch(name):
            raise ParameterError(
                f"The name {name!r} cannot be used: write up to 64 letters, digits or . _ @ -", parameter="name"
            )
        if days is not None and not 1 <= days <= 36500:
            raise ParameterError("A token is good for 1 day up to 36500.", parameter="days")
        secret = secrets.token_urlsafe(32)
        ends = None if days is None else (_now() + datetime.timedelta(days=days)).isoformat(timespec="seconds")
        with self._locked():
            known = self.all()
            if name in [token.name for token in known]:
                raise ParameterError(f"There is a token named {name!r} already: revoke it first.", parameter="name")
            made = Token(name, scope, _now().isoformat(timespec="seconds"), ends, _digest(secret))
            self._save((*known, made))
        return secret

    def all(self) -> tuple[Token, ...]:
        """All tokens, also those that have ended, in the order made."""
        try:
            return tuple(Token(**entry) for entry in json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError) as error:
            raise HomeError(f"The file {self._path} cannot be read ({error}): restore it, or remove it.") from None

    def revoke(self, name: str) -> None:
        """Forget a token; it is refused from now on. UnknownTerm if there is none of that name."""
        with self._locked():
            known = self.all()
            if name not in [token.name for token in known]:
                raise UnknownTerm("token", given=name, near=nearest(name, [token.name for token in known]))
            self._save(tuple(token for token in known if token.name != name))

    def check(self, given: str | None, scope: str = "write") -> Token:
        """The token that somebody shows, if it is known, still good and of that scope.

        Raises:
            Forbidden: writing is off, or the scope is too small.
            Unauthorised: no token is given, or it is unknown or has ended.
        """
        known = self.all()
        if not known:
            raise Forbidden(SWITCH_ON)
        if given is None:
            raise Unauthorised("Writing needs a token: send the header `Authorization: Bearer …`.")
        digest = _digest(given)
        matching = [token for token in known if hmac.compare_digest(token.sha256, digest)]  # all, whatever is found
        if not matching:
            raise Unauthorised("This token is not known: it is mistyped or was revoked.", reason="invalid_token")
        token = matching[0]
        if token.ended:
            raise Unauthorised(f"The token {token.name} ended on {(token.ends or '')[:10]}.", reason="invalid_token")
        if not token.allows(scope):
            raise Forbidden(f"The token {token.name} has the scope {token.scope}; this takes {scope}.")
        return token

    def _save(self, tokens: tuple[Token, ...]) -> None:
        """Write the file whole or not at all, for its owner alone to read."""
        fresh = self._path.with_name("tokens.json.new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump([asdict(token) for token in tokens], file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time change the file."""
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._home / "tokens.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise HomeError(
                f"The folder {self._home} cannot be written ({os.strerror(error.errno or 0)}): "
                "give yourself the right, or set GRAPH_SERVICE_HOME."
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
