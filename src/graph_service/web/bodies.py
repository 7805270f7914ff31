"""Bodies: what clients send, read up to a limit, unpacked, as text. Nothing here knows what it means."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from graph_service.errors import GraphServiceError
from graph_service.store.tokens import tokens
from graph_service.web.wanted import MalformedRequest

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
MAX_NESTING = 256  # brackets within brackets; parsers go into each, and some thousands exhaust the stack of the process
MAX_PARTS = 2000  # operators and patterns of a query: each is a step deeper for those who read its tree
_PARTS = frozenset(("+", "-", "*", "/", "|", "&", "!", "=", "<", ">", ".", ";"))
_OPENING = "([{!"
_PART_WORDS = frozenset(("UNION", "MINUS", "OPTIONAL", "FILTER", "BIND"))
_UTF_8 = ("", "utf-8", "utf8", "us-ascii")
_JSON_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class UnsupportedMediaType(GraphServiceError):
    """The body has a media type that is not read here; `taken` lists those that are (RFC 9110, 15.5.16)."""

    slug, title = "unsupported-media-type", "Unsupported media type"

    def __init__(self, given: str, taken: Sequence[str]) -> None:
        super().__init__(f"The body is {given or 'without a Content-Type'}; this address reads {' or '.join(taken)}.")
        self.taken = tuple(taken)


class BodyTooLarge(GraphServiceError):
    """The body is larger than the setting `max_body_bytes` allows."""

    slug, title = "body-too-large", "The request is too large"

    def __init__(self, max_body_bytes: int) -> None:
        super().__init__(f"The body may have up to {max_body_bytes} bytes (setting max_body_bytes).")


async def read(request: Request) -> bytes:
    """The body of a request, unpacked where it came as gzip (RFC 9110, 8.4).

    Raises:
        BodyTooLarge: packed or unpacked, it is larger than the settings allow.
        UnsupportedMediaType: it is packed in another way.
        MalformedRequest: it is not what its Content-Encoding says.
    """
    limit: int = request.app.state.settings.max_body_bytes
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > limit:
            raise BodyTooLarge(limit)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return bytes(found)
    if encoding not in ("gzip", "x-gzip"):
        raise UnsupportedMediaType(f"packed as {encoding}", ("gzip", "no Content-Encoding at all"))
    return _unpacked(bytes(found), limit)


SentBody = Annotated[bytes, Depends(read)]


def media_type(request: Request) -> str:
    """The media type of the body, in lower case, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def text(request: Request, sent: bytes) -> str:
    """The body as text.

    Raises:
        UnsupportedMediaType: its charset is not UTF-8.
        MalformedRequest: it is not UTF-8.
    """
    for parameter in request.headers.get("content-type", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in _UTF_8:
            raise UnsupportedMediaType(f"in charset {value.strip()}", ("UTF-8",))
    try:
        return sent.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8 (byte {error.start}).") from None


def fields(query: str) -> Sequence[tuple[str, str]]:
    """The fields of a form or of a query string, in the order given.

    Raises:
        MalformedRequest: an escape is not UTF-8, or there are too many fields.
    """
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise MalformedRequest("A parameter is not UTF-8 once its escapes are read.") from None
    except ValueError:
        raise MalformedRequest(f"There are more than {MAX_FIELDS} parameters.") from None


def query_fields(request: Request) -> Sequence[tuple[str, str]]:
    """The parameters in the address of a request. Raises as `fields`."""
    return fields(request.scope["query_string"].decode("latin-1"))


def refuse_deep_query(query: str) -> None:
    """Refuse a query or update whose brackets, or negations, stand too deep in one another.

    Raises:
        MalformedRequest: deeper than MAX_NESTING.

    >>> refuse_deep_query("ASK { FILTER('(((((')}")
    """
    if sum(query.count(mark) for mark in _OPENING) > MAX_NESTING:  # seldom, so that few are read for it
        _refuse_deep(word for kind, word, _ in tokens(query) if kind == "other")


def refuse_long_query(query: str) -> None:
    """Refuse a query of more operators and patterns than an engine can hold on its stack; lists may be as long as any.

    Raises:
        MalformedRequest: it has more than MAX_PARTS.

    >>> refuse_long_query("SELECT * { VALUES ?x { 1 2 3 } FILTER(?x IN (1, 2, 3)) }")
    """
    if len(query) > MAX_PARTS and sum(_is_part(kind, word) for kind, word, _ in tokens(query)) > MAX_PARTS:
        raise MalformedRequest(
            f"The query has more than {MAX_PARTS} operators and patterns: ask in parts, or give long lists in VALUES."
        )


def refuse_deep_json(document: bytes) -> None:
    """Refuse a JSON document whose objects and arrays stand too deep in one another. Raises as `refuse_deep_query`."""
    _refuse_deep(found[0].decode() for found in _JSON_BRACKET.finditer(document) if found[0][:1] != b'"')


def _is_part(kind: str, word: str) -> bool:
    if kind == "number":
        return word[0] in "+-"  # `1+1` is read as two numbers
    return word in _PARTS if kind == "other" else kind == "word" and word.upper() in _PART_WORDS


def _refuse_deep(marks: Iterable[str]) -> None:
    depth = negations = 0
    for mark in marks:
        negations = negations + 1 if mark == "!" else 0
        depth = depth + 1 if mark in "([{" else max(depth - 1, 0) if mark in ")]}" else depth
        if depth + negations > MAX_NESTING:
            raise MalformedRequest(f"Brackets stand more than {MAX_NESTING} deep in one another.")


def _unpacked(packed: bytes, limit: int) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(packed, limit + 1)
    except zlib.error:
        raise MalformedRequest("The body is not gzip, as its Content-Encoding says.") from None
    if len(found) > limit:
        raise BodyTooLarge(limit)
    if not unpacking.eof:
        raise MalformedRequest("The body ends before its gzip does.")
    return found
