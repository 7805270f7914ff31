"""Resources: from what stands in an address to the IRI that stands in a release, or the word that it was withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from graph_service import asking
from graph_service.errors import MalformedValue, RecordWithdrawn, UnknownTerm, nearest
from graph_service.history import departures
from graph_service.release import Release
from graph_service.releases import Releases
from graph_service.store.embedded import is_iri
from graph_service.terms import GENID, GRAPH, KINDS, Iri, choose, record_iri, record_key
from graph_service.views.lists import Page
from graph_service.views.records import Withdrawal
from graph_service.web.language import later
from graph_service.web.problems import named_in_path
from graph_service.web.wanted import Wanted


class _Name(Convertor[str]):
    """The end of an address, with slashes, so that a suffix can follow."""

    regex = r"[^.]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("name", _Name())


def _followed(request: Request) -> Releases:
    releases: Releases = request.app.state.releases
    return releases


Followed = Annotated[Releases, Depends(_followed)]

PAGE = "page"  # which part of what points to a record
PAGE_PARAMETERS = (
    {
        "name": PAGE,
        "in": "query",
        "description": "which part of what points to it, where that is much",
        "schema": {"type": "integer", "minimum": 1},
    },
)
# where a resource that is no record of ours is described: kind in /doc/ → its namespace
NAMESPACES: Mapping[str, str] = {"graph": GRAPH, "genid": GENID}
CLASSES: Mapping[str, str] = {  # kind of record → its class
    "programme": "elp:Programme",
    "plan": "elp:ActionPlan",
    "roadmap": "elp:Roadmap",
    "country": "elp:Country",
    "institution": "elp:Institution",
    "organisation": "elp:RegionalOrganisation",
    "partner": "elp:Partner",
    "mandate": "elp:Mandate",
    "membership": "org:Membership",
    "event": "elp:Event",
    "participation": "elp:Participation",
    "axis": "elp:TransversalAxis",
    "component": "elp:Component",
    "concept": "skos:Concept",
    "gap": "elp:CoverageGap",
    "statement": "elp:PlanStatement",
    "source": "elp:Source",
    "evidence": "elp:Evidence",
}


@dataclass(frozen=True, slots=True)
class Family:
    """Records that have a list and pages of their own."""

    address: str
    kind: str
    query: str  # of the list
    title: str


FAMILIES = tuple(
    Family(f"/{name}", kind, f"{name}/all", title)
    for name, kind, title in (
        ("countries", "country", later("Countries")),
        ("axes", "axis", later("Axes")),
        ("institutions", "institution", later("Institutions")),
        ("organisations", "organisation", later("Regional organisations")),
        ("events", "event", later("Activities")),
        ("sources", "source", later("Sources")),
    )
)


def page_number(wanted: Wanted) -> int:
    """The number of the part that is asked for; the first where none is.

    Raises:
        MalformedValue: it is no number.
    """
    given = wanted.value(PAGE) or "1"
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise MalformedValue(PAGE, given=given, expected="write the number of a page, such as 2")
    return int(given)


def parts_of(wanted: Wanted, part: Page, suffix: str = "") -> Mapping[str, str]:
    """The other parts of a list: relation (RFC 8288) → address. Empty where it is whole."""
    if part.last == 1:
        return {}
    numbers = {"first": 1, "prev": part.number - 1, "next": part.number + 1, "last": part.last}
    return {
        relation: wanted.address(suffix, page=str(number))
        for relation, number in numbers.items()
        if 1 <= number <= part.last
    }


def iri_of(kind: str, slug: str) -> Iri:
    """The IRI of a resource, from what stands in its address."""
    return Iri(NAMESPACES[kind] + slug) if kind in NAMESPACES else record_iri(kind, slug)


def path_of(parent: str, iri: Iri) -> str:
    kind, slug = record_key(iri) or ("", "")
    return f"{parent}/{kind}/{slug}"


def found(wanted: Wanted, release: Release, followed: Releases, kind: str, slug: str) -> Iri:
    """The IRI of a resource that stands in a release, or that was renamed.

    Raises:
        RecordWithdrawn: it stood in an earlier release, or the data says that it was withdrawn.
        UnknownTerm: no such kind, or no such record; with near names.
    """
    if kind not in KINDS and kind not in NAMESPACES:
        raise UnknownTerm("kind of record", given=kind, near=nearest(kind, KINDS))
    iri = iri_of(kind, slug)
    if not is_iri(iri):
        raise UnknownTerm(kind, given=slug)
    gone = asking.withdrawal(release, iri)
    if gone.renamed if gone else asking.exists(release, iri):
        return iri
    last = departures(followed).last_release(iri, release.number)
    if gone or last:
        raise _withdrawn(wanted, release, followed, gone or Withdrawal(iri, False, (), ()), last)
    if kind not in CLASSES:
        raise UnknownTerm(kind, given=slug)
    with named_in_path():
        return release.find(CLASSES[kind], slug, kind=kind).iri


def renamed(release: Release, iri: Iri) -> Iri | None:
    """The IRI that a record has now; None for one that was not renamed."""
    gone = asking.withdrawal(release, iri)
    return gone.replaced_by[0] if gone and gone.renamed else None


def _withdrawn(
    wanted: Wanted, release: Release, followed: Releases, gone: Withdrawal, last: int | None
) -> RecordWithdrawn:
    reason = choose(gone.reasons, wanted.language)
    return RecordWithdrawn(
        gone.record,
        last_release=last,
        kept=last in followed.kept(),
        withdrawn=followed.record(last + 1).moment.date().isoformat() if last else "",
        replaced_by=gone.replaced_by,
        reason=str(reason) if reason else "",
        statements=asking.statements(release, gone.record, ()),
    )


def moved_permanently(address: str) -> Response:
    """Point to the address that a resource has from now on (301; RFC 9110, 15.4.2); to be asked again each time."""
    return RedirectResponse(address, 301, {"Vary": "Accept", "Cache-Control": "no-cache"})
