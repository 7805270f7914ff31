"""Every kind of page in real Chromium: WCAG 2.2 AA by axe-core, valid HTML, nothing said in the console, nothing asked
of another host, nothing wider than the window.

Each page is seen in English and in one of the other languages, in turn. axe-core, which takes most of the time, looks
at the first page of each kind in both, once at each width, at the others once; of rows that the same lines of a
template write, at the first ones. BROWSER=all sees all of it, in all languages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from driving import HERE, INSTALL, NARROW, SMALLEST, WIDE, Seen, playwright
from serving import serving

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.terms import LANGUAGES
from graph_service.web.app import create_app

PAGES = HERE.parents[1] / "src" / "graph_service" / "web" / "pages"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
CHECKER = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
JAVA = ("-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # a short life: starting quickly matters most
EVERYTHING = os.environ.get("BROWSER") == "all"
WIDTHS = {"1280": WIDE, "390": NARROW}
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
    "preload": False,  # it would fetch style sheets by script, which the policy forbids
}

# template → addresses that show it, in each of its states
KINDS: Mapping[str, tuple[str, ...]] = {
    "home": ("/",),
    "ask": ("/ask", "/ask?axis=corruption&country=PE&as_of=2018", "/ask?axis=gender&country=PE&component=police"),
    "words": ("/ask?q=corrupcion+en+Peru", "/ask?q=xyzzy"),
    "search": ("/search", "/search?q=fiscalia", "/search?q=xyzzy"),
    "matrix": ("/matrix", "/matrix?component=judicial&as_of=2018-06", "/matrix?compared_to=2018"),
    "network": ("/network", "/network?country=PE"),
    "compare": ("/compare", "/compare?countries=PE,EC,CO"),
    "roadmaps": ("/roadmaps",),
    "roadmap": ("/roadmaps/PE", "/roadmaps/BR"),
    "list": ("/countries", "/axes", "/institutions?country=PE", "/institutions?country=PE&kind=ministry", "/events"),
    "record": (
        "/axes/corruption",
        "/institutions/pe-mp",
        "/organisations/ameripol",
        "/events/mission-2017-pe",
        "/doc/mandate/pe-mp-cybercrime",
        "/doc/source/seed-plan-2018",
    ),
    "queries": ("/queries",),
    "query": ("/queries/institutions/by-axis?axis=corruption&country=PE", "/queries/roadmaps/country"),
    "sparql": (
        "/sparql",
        "/sparql?query=SELECT+*+WHERE+{+?s+?p+?o+}+LIMIT+3",
        "/sparql?query=ASK+{}",
        "/sparql?query=CONSTRUCT+WHERE+{+?s+?p+?o+}+LIMIT+3",
        "/sparql?query=SELECT+*+WHERE+{",
    ),
    "releases": ("/releases",),
    "release": ("/releases/1",),
    "difference": ("/releases/0..1",),
    "changes": ("/changes?since=1",),
    "exports": ("/exports",),
    "vocabulary": ("/ontology",),
    "shapes": ("/shapes",),
    "docs": ("/docs",),
    "about": ("/about",),
    "method": ("/method",),
    "accessibility": ("/accessibility",),
    "privacy": ("/privacy",),
    "validate": ("/validate",),
    "problem": ("/nowhere", "/roadmaps/PR", "/ask?contry=PE", "/institutions?release=99"),
    "withdrawn": ("/doc/gap/ml-theft", "/doc/event/inauguration"),
}
WITHDRAWN = """
event:inauguration a elp:WithdrawnRecord ; dcterms:isReplacedBy event:kick-off ;
    dcterms:description "Counted twice."@en , "Contada dos veces."@es .
"""
FIRST = frozenset(addresses[0] for addresses in KINDS.values())
CASES = [(address, number) for number, address in enumerate(a for each in KINDS.values() for a in each)]


SHORTEN = """rows => {
  for (const node of document.querySelectorAll(`body :nth-child(n + ${rows + 1})`)) node.remove();
}"""
ROWS = 12
RUN_AXE = "options => axe.run(document, options).then(found => found.violations)"
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return "";
  const inside = node => { for (let up = node.parentElement; up; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== "visible") return true; return false; };
  return [...document.body.querySelectorAll("*")]
    .filter(node => node.getBoundingClientRect().right > width + 1 && !inside(node))
    .map(node => node.outerHTML.slice(0, 120)).slice(0, 3).join(" ") || "the document";
}"""


@dataclass(frozen=True, slots=True)
class Visit:
    """What was found on a page in one language."""

    html: str
    violations: Mapping[str, list[str]]  # width → what axe-core found
    seen: Seen
    too_wide: str  # what sticks out at 320 px; empty where nothing does


@pytest.fixture(scope="module")
def withdrawing(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another programme's project in its second release: one record went without a word, of another it is told."""
    folder = tmp_path_factory.mktemp("withdrawing")
    project = Path(shutil.copytree(second_project, folder / "project"))
    Publisher(folder / "home").load_project(project, who="tests")
    data = project / "data" / "programme.ttl"
    data.write_text(data.read_text(encoding="utf-8").partition("gap:ml-theft a ")[0] + WITHDRAWN, encoding="utf-8")
    Publisher(folder / "home").load_project(project, who="tests")
    with serving(create_app(Releases(folder / "home"), Settings(home=folder / "home", project=project))) as origin:
        yield origin


Visits = Callable[[str, str, tuple[str, ...]], Visit]


@pytest.fixture(scope="module")
def visits(chromium: playwright.Browser, origin: str, withdrawing: str) -> Iterator[Visits]:
    """Open a page once per language, at each width, and remember what was found."""
    found: dict[tuple[str, str], Visit] = {}
    axe = AXE.read_text(encoding="utf-8") if AXE.is_file() else ""
    context = chromium.new_context(viewport=WIDE)
    context.set_default_timeout(120_000)  # some pages are long, and the machine may have other work

    def visit(address: str, language: str, widths: tuple[str, ...]) -> Visit:
        if (address, language) not in found:
            base = withdrawing if address in KINDS["withdrawn"] else origin
            found[address, language] = _visit(context, base, address, language, widths, axe)
        return found[address, language]

    yield visit
    context.close()


def _visit(
    context: playwright.BrowserContext, origin: str, address: str, language: str, widths: tuple[str, ...], axe: str
) -> Visit:
    page, seen = context.new_page(), Seen()
    seen.watch(page, origin)
    prefix = "" if language == LANGUAGES[0] else f"/{language}"
    answer = page.goto(origin + prefix + address)
    assert answer is not None and answer.status < 500, address
    html = answer.text()
    said = Seen(list(seen.console), list(seen.elsewhere))  # before axe-core looks around
    violations = {}
    page.set_viewport_size(SMALLEST)
    too_wide = page.evaluate(TOO_WIDE)
    if axe and widths:
        page.evaluate(axe)
        if not EVERYTHING:
            page.evaluate(SHORTEN, ROWS)
    for width in widths:
        page.set_viewport_size(WIDTHS[width])
        violations[width] = [_told(each) for each in page.evaluate(RUN_AXE, AXE_OPTIONS)] if axe else []
    page.close()
    return Visit(html, violations, said, too_wide)


def _told(violation: Mapping[str, object]) -> str:
    """A violation as one line: the rule, and the first places where it is broken."""
    places = [f"{'/'.join(map(str, node['target']))}: {node['failureSummary']}" for node in violation["nodes"]]
    return f"{violation['id']} at {len(places)}: " + " | ".join(places[:3])


def languages_of(number: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """In which languages the page of a number is seen, and at which widths axe-core looks at it."""
    own, *others = LANGUAGES
    if EVERYTHING:
        return tuple((each, tuple(WIDTHS)) for each in LANGUAGES)
    other = others[number % len(others)]
    if CASES[number][0] in FIRST:
        return ((own, ("1280",)), (other, ("390",)))
    return ((own, (("1280", "390")[number % 2],)), (other, ()))


@pytest.fixture(params=CASES, ids=lambda case: case[0])
def seen_pages(request: pytest.FixtureRequest, visits: Visits) -> dict[str, Visit]:
    """A page in the languages in which it is to be seen."""
    address, number = request.param
    return {language: visits(address, language, widths) for language, widths in languages_of(number)}


def test_every_template_is_among_the_kinds():
    """A new page is held to all of this from its first day."""
    templates = {path.stem for path in PAGES.glob("*.html") if 'extends "base.html"' in path.read_text("utf-8")}

    assert templates == set(KINDS)


def test_a_page_breaks_no_rule_of_accessibility(seen_pages: dict[str, Visit]):
    """WCAG 2.2, levels A and AA, as far as axe-core can tell."""
    if not AXE.is_file():
        pytest.skip(f"axe-core is not installed: {INSTALL}")
    found = {
        f"{language} {width}": told
        for language, visit in seen_pages.items()
        for width, told in visit.violations.items()
        if told
    }

    assert found == {}


def test_a_page_says_nothing_in_the_console_and_asks_no_other_host(seen_pages: dict[str, Visit]):
    """Its policy refuses none of its own styles, scripts and pictures; the page itself may have been refused."""
    for visit in seen_pages.values():
        assert [text for text in visit.seen.console if not text.startswith("Failed to load resource")] == []
        assert visit.seen.elsewhere == []


def test_nothing_is_wider_than_a_small_window(seen_pages: dict[str, Visit]):
    """At 320 px (WCAG 1.4.10): what is wide by nature scrolls in its own box."""
    assert {language: visit.too_wide for language, visit in seen_pages.items() if visit.too_wide} == {}


def test_the_html_is_valid(visits: Visits, tmp_path: Path):
    """By the Nu Html Checker; all pages in one run, since it takes its time to start."""
    java = shutil.which("java")
    if java is None or not CHECKER.is_file():
        pytest.skip(f"there is no Java, or the Nu Html Checker is not installed: {INSTALL}")
    written = {}
    for address, number in CASES:
        for language, widths in languages_of(number):
            file = tmp_path / f"{number}-{language}.html"
            file.write_text(visits(address, language, widths).html, encoding="utf-8")
            written[file.name] = f"{language} {address}"
    done = subprocess.run(
        [java, *JAVA, "-jar", str(CHECKER), "--errors-only", "--format", "gnu", *map(str, tmp_path.glob("*.html"))],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    found = re.sub(r'"?file:\S*/([^/"\s]+\.html)"?', lambda match: written[match[1]], done.stderr)

    assert found == ""
    assert done.returncode == 0
