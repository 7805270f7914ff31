"""About: what the graph is, how it is read, whom the pages serve, and what is kept of their readers. Pages alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service.release import Release
from graph_service.settings import Settings
from graph_service.terms import ELP, PREFIXES, Iri, Literal, choose
from graph_service.web import respond
from graph_service.web.language import later
from graph_service.web.media import HTML
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease

router = APIRouter(tags=["pages"])


@dataclass(frozen=True, slots=True)
class Claim:
    """What is promised of every page, and the test that holds it."""

    words: str
    test: str  # file and name, as pytest takes them


@dataclass(frozen=True, slots=True)
class Certainty:
    """One degree of certainty, as the graph defines it."""

    concept: Iri
    definition: Literal | None


_DEFINITION, _ORDER = PREFIXES["skos"] + "definition", ELP + "order"
_PAGES, _SEEN = "tests/web/test_pages.py", "tests/browser/test_every_page.py"
CLAIMS: Sequence[Claim] = (
    Claim(
        later("An automatic checker (axe-core, rules of WCAG 2.2 A and AA) finds nothing wrong on any kind of page."),
        f"{_SEEN}::test_a_page_breaks_no_rule_of_accessibility",
    ),
    Claim(
        later("Nothing is wider than a window of 320 pixels."),
        f"{_SEEN}::test_nothing_is_wider_than_a_small_window",
    ),
    Claim(
        later("A question can be asked with the keyboard alone."),
        "tests/browser/test_keyboard.py::test_a_question_is_asked",
    ),
    Claim(
        later("Every page has one main heading, a link that skips to the content, and says its language."),
        f"{_PAGES}::test_every_page_has_one_main_heading_and_a_skip_link",
    ),
    Claim(later("Names in another language are marked with it."), f"{_PAGES}::test_names_in_another_language_say_so"),
    Claim(
        later("A sorted list says by which column and in which direction."),
        "tests/web/test_lists.py::test_a_sorted_column_says_its_direction",
    ),
    Claim(
        later("What is drawn of a record's links stands in a table as well."),
        "tests/web/test_record_pages.py::test_every_link_that_is_drawn_stands_in_the_table",
    ),
)


def _overview(release: Release, language: str) -> Mapping[str, Any]:
    return {}


def _method(release: Release, language: str) -> Mapping[str, Any]:
    return {"certainties": certainties(release, language)}


def _accessibility(release: Release, language: str) -> Mapping[str, Any]:
    return {"claims": CLAIMS}


def certainties(release: Release, language: str) -> tuple[Certainty, ...]:
    """The degrees of certainty of a release, the surest first, with their definitions in a language if there are."""
    found = []
    for member in release.members("concept:certainties"):
        said, order = (release.store.objects(member.iri, Iri(name)) for name in (_DEFINITION, _ORDER))
        definition = choose([each for each in said if isinstance(each, Literal)], language)
        found.append((min(map(str, order), default=""), Certainty(member.iri, definition)))
    return tuple(each for _, each in sorted(found, key=lambda each: each[0]))


def _page(name: str, context: Callable[[Release, str], Mapping[str, Any]], summary: str) -> None:
    """Give a page its address."""

    @router.get(f"/{name}{{suffix:suffix}}", openapi_extra=about(HTML, summary=summary))
    def page(request: Request, wanted: Asked, release: CurrentRelease) -> Response:
        settings: Settings = request.app.state.settings
        wanted.parameters(())

        def written() -> str:
            return wanted.page(release, f"{name}.html", contact=settings.contact, **context(release, wanted.language))

        return respond.respond(wanted, release, {HTML: written}, values={"contact": settings.contact})


_page("about", _overview, "What the graph is and is not, and whom to write to")
_page("method", _method, "How to read certainty, gaps and dates")
_page("accessibility", _accessibility, "What is tested of the pages' accessibility")
_page("privacy", _overview, "What is kept of those who read")
