"""Auth: who writes. Bearer tokens (RFC 6750); reading is open to all. The only place that knows the header."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from graph_service.errors import Unauthorised
from graph_service.tokens import Token, Tokens


def writer(request: Request) -> Token:
    """The token of a request that writes.

    Raises:
        Unauthorised, Forbidden: see `Tokens.check`.
    """
    header = request.headers.get("authorization")
    scheme, _, token = (header or "").partition(" ")
    tokens = Tokens(request.app.state.settings.home)
    if header is not None and (scheme.lower() != "bearer" or not token.strip()) and tokens.all():
        raise Unauthorised("The header Authorization is not `Bearer` and a token.")
    return tokens.check(token.strip() or None)


Writer = Annotated[Token, Depends(writer)]
