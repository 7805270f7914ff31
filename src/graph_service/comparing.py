"""Comparing: two dates of the matrix, and countries side by side. A release in, a view out; no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graph_service import asking, views
from graph_service.asking import BY_AXIS
from graph_service.dates import parse_period
from graph_service.errors import ParameterError
from graph_service.release import Release
from graph_service.views import Comparison, Coverage, Profile
from graph_service.views.parts import gaps_of
from graph_service.views.sources import citations

COMPONENTS, PROFILE = "coverage/components", "countries/profile"
MEMBERSHIPS, GAPS = "roadmaps/organisations", "roadmaps/gaps"
QUERIES = (PROFILE, COMPONENTS, MEMBERSHIPS, GAPS)  # what the columns of countries side by side are made of
COMPARED = range(2, 7)  # how many countries stand side by side


def coverage(release: Release, values: Mapping[str, str], compared_to: str = "") -> Coverage:
    """Institutions per country and axis, with what changed since another date where one is given.

    Raises:
        MalformedValue: the date cannot be read.
    """
    if not compared_to:
        return asking.coverage(release, values)
    parse_period(compared_to, parameter="compared_to")
    then = {**values, "as_of": compared_to}
    return views.difference(
        asking.coverage(release, values),
        asking.coverage(release, then),
        release.ask(BY_AXIS, values).rows,
        release.ask(BY_AXIS, then).rows,
    )


def comparison(release: Release, codes: Sequence[str], as_of: str) -> Comparison:
    """Two to six countries side by side, by axis and component, with the gaps that sources tell of.

    Raises:
        UnknownTerm: one of them is not known.
        ParameterError: too few, too many, or one twice.
    """
    members = [release.find("elp:Country", code, kind="country", parameter="countries") for code in codes]
    slugs = [member.slug for member in members]
    if len(slugs) not in COMPARED or len(set(slugs)) < len(slugs):
        problem = f"Give {COMPARED[0]} to {COMPARED[-1]} different countries, for example countries=PE,EC."
        raise ParameterError(problem, parameter="countries")
    return views.comparison((_profile(release, slug, as_of) for slug in slugs), as_of=as_of)


def plan_years(release: Release) -> tuple[str, ...]:
    """The years that the action plans are for: dates that one wants to compare with."""
    years = (asking.plan_year(release, str(plan.iri)) for plan in release.members("elp:ActionPlan"))
    return tuple(sorted({year for year in years if year}))


def _profile(release: Release, slug: str, as_of: str) -> Profile:
    country = {"country": slug}
    evidence = release.ask("roadmaps/evidence", country).rows
    figures = views.profile(
        release.ask(PROFILE, {**country, "as_of": as_of}).rows,
        release.ask(MEMBERSHIPS, country).rows,
        evidence,
    )
    return replace(
        figures,
        cells=views.component_cells(release.ask(COMPONENTS, {**country, "as_of": as_of}).rows),
        told_gaps=gaps_of(release.ask(GAPS, country).rows, citations(evidence)),
    )
