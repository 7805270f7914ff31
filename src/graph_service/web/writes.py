"""Writes: what all requests that change the data share. Preconditions, preferences, and the answer that tells.

If-Match compares the release part of an entity tag (RFC 9110, 13.1.1): what counts is whether the data has changed,
not in which format it was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from graph_service import bounded, formats
from graph_service.bounded import Bounds, Place
from graph_service.errors import GraphServiceError, MalformedValue
from graph_service.formats.json_schema import COUNT, LINKS, array, closed, object_schema
from graph_service.home import ReleaseRecord
from graph_service.mirroring import Mirror
from graph_service.publishing import Expected, Publisher, Written
from graph_service.settings import Settings
from graph_service.staging import Change
from graph_service.terms import Iri
from graph_service.tokens import Token
from graph_service.web import protocol, respond
from graph_service.web.media import JSON
from graph_service.web.metrics import Steps

DRY_RUN, TIMEOUT = "dry-run", "timeout"
REASON_LENGTH = 500
PARAMETERS = (
    {
        "name": DRY_RUN,
        "in": "query",
        "description": "true: tell what would happen, and publish nothing",
        "schema": {"type": "boolean"},
    },
    {
        "name": TIMEOUT,
        "in": "query",
        "description": "seconds after which the write is stopped, where that is sooner than the service would",
        "schema": {"type": "number", "exclusiveMinimum": 0},
    },
    *(
        {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}
        for name, words in (
            ("Authorization", "`Bearer` and a token"),
            ("X-Reason", "why, for the record of the release; UTF-8, percent-encoded where need be"),
            ("If-Match", "the ETag of what was read before: refused with 412 if it has changed since"),
            ("If-None-Match", "`*`: refused with 412 if there is such a graph already"),
            ("Prefer", "`return=representation` gives the record of the release, `return=minimal` no body"),
        )
    ),
)
WRITTEN = closed(  # the JSON that answers a write
    {
        "release": {"type": "integer", "minimum": 1},
        "new": {"description": "whether this request made the release", "type": "boolean"},
        "dry_run": {"type": "boolean"},
        "added": {"description": "quads that are stated", **COUNT},
        "removed": {"description": "quads that were stated", **COUNT},
        "derived": {"description": "quads that follow by rule", **closed({"added": COUNT, "removed": COUNT})},
        "warnings": array({"type": "string"}),
        "links": LINKS,
        "record": object_schema(ReleaseRecord),
    },
    optional=["links", "record"],
)
_TAG = re.compile(r'(?<!W/)"(\d+)(?:-[^"]*)?"')


@dataclass(frozen=True, slots=True)
class Write:
    """One request to change the data."""

    request: Request
    token: Token
    dry_run: bool
    bounds: Bounds

    @classmethod
    def of(cls, request: Request, token: Token, given: Mapping[str, str]) -> Write:
        """Read it; MalformedValue if `dry-run` is neither true nor false, or `timeout` no time."""
        value = given.get(DRY_RUN, "false").lower()
        if value not in ("true", "false"):
            raise MalformedValue(DRY_RUN, given=value, expected="write true or false")
        settings = request.app.state.settings
        timeout_s = protocol.timeout_s(given.get(TIMEOUT, ""), settings.update_timeout_s)
        return cls(request, token, value == "true", Bounds(timeout_s, settings.update_memory_mb))

    def make(self, change: Change, reason: str, graph: Iri | None = None) -> Written:
        """Publish a change, unless the client has not seen the latest of the data or of one graph.

        Raises as `bounded.write`.
        """
        given = unquote(self.request.headers.get("x-reason", "")).strip()
        steps: Steps = self.request.app.state.metrics.writing()
        wanted = partial(
            Publisher.write,
            change=change,
            who=self.token.name,
            reason=" ".join(given.split())[:REASON_LENGTH] or reason,
            expected=expected(self.request.headers, graph),
            dry_run=self.dry_run,
            vocabulary=self.token.allows("admin"),
        )
        written = bounded.write(place(self.request.app.state.settings), wanted, self.bounds, steps)
        steps.end()
        return replace(written, warnings=(*written.warnings, *self._not_seen_yet()))

    def _not_seen_yet(self) -> Iterator[str]:
        """Bring a remote engine to what was published, so that who wrote reads it; say so where that fails."""
        mirror: Mirror | None = self.request.app.state.releases.mirror
        if mirror is None or self.dry_run:
            return
        try:
            mirror.catch_up()
        except GraphServiceError as error:
            held = f"release {mirror.held()}" if mirror.held() else "no release"
            yield f"It is published, and not seen yet: the graph store answers with {held}. {error}"

    def answer(self, written: Written, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Tell the release, how many quads were added and removed, by the author and by rule, and what to know of it.

        A status of 204 has no body; it becomes 200 where there are warnings, or the client prefers a body.
        """
        record = written.record
        told: dict[str, object] = {
            "release": record.number,
            "new": written.new,
            "dry_run": self.dry_run,
            "added": written.added,
            "removed": written.removed,
            "derived": {"added": written.derived_added, "removed": written.derived_removed},
            "warnings": list(written.warnings),
        }
        if written.new and not self.dry_run:
            changes = f"/changes?since={record.number - 1}&until={record.number}"
            told["links"] = {"release": f"/releases/{record.number}", "changes": changes}
        sent = {"ETag": tag(record.number), "Cache-Control": "no-store", **(headers or {})}
        preferred = _preferred(self.request.headers.get("prefer", ""))
        if preferred == "representation":
            told |= {"record": asdict(record)}
        if preferred:
            sent["Preference-Applied"] = f"return={preferred}"
        if self.dry_run:
            del sent["ETag"]
            sent.pop("Location", None)
            return respond.send(formats.to_json(told), JSON.media_type, sent)
        if status == 204 and (written.warnings or preferred == "representation"):
            status = 200
        if status == 204 or (status == 200 and preferred == "minimal"):
            sent["Link"] = f'</releases/{record.number}>; rel="describedby"'
            return Response(status_code=204, headers=sent)
        return respond.send(formats.to_json(told), JSON.media_type, sent, status)


def place(settings: Settings) -> Place:
    """Where writes are published."""
    union, keep = settings.default_graph == "union", settings.keep_releases
    return Place(settings.home, keep=keep, wait_s=settings.writer_wait_s, union=union)


def tag(number: int, rest: str = "data") -> str:
    """An entity tag whose first part is the number of a release."""
    return f'"{number}-{rest}"'


def expected(headers: Mapping[str, str], graph: Iri | None = None) -> Expected | None:
    """Read If-Match and If-None-Match.

    >>> expected({"if-match": '"4-data", W/"5-data"', "if-none-match": "*"})
    Expected(match=frozenset({4}), graph=None, none_match=frozenset())
    """
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if match is None and none_match is None:
        return None
    return Expected(_numbers(match), graph, _numbers(none_match, weak=True))


def _numbers(tags: str | None, *, weak: bool = False) -> frozenset[int] | None:
    """The releases that entity tags name: none for `*`, and a number that no release has where they name none."""
    if tags is None:
        return None
    if tags.strip() == "*":
        return frozenset()
    return frozenset(map(int, _TAG.findall(tags.replace("W/", "") if weak else tags))) or frozenset({-1})


def _preferred(prefer: str) -> str:
    """What is preferred to be returned (RFC 7240, 4.2); the first one counts."""
    found = re.search(r"(?:^|[,;\s])return\s*=\s*\"?(representation|minimal)\b", prefer, re.IGNORECASE)
    return found[1].lower() if found else ""
