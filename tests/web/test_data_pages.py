"""The pages about the data itself: downloads, vocabulary, shapes, releases, and what the shapes say of other data."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
import rdflib
from rdflib import OWL, RDF, SH, SKOS
from starlette.testclient import TestClient

from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.settings import Settings
from graph_service.terms import LANGUAGES
from graph_service.web.app import create_app
from graph_service.web.vocabulary import CONSTRAINTS, SEVERITIES, TARGETS

PROJECT = Path(__file__).resolve().parents[2]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ELP = "https://w3id.org/elpaccto/ontology#"
ID = "https://w3id.org/elpaccto/id/"
ATOM = {"a": "http://www.w3.org/2005/Atom"}
BAD = f"""@prefix elp: <{ELP}> .
@prefix axis: <{ID}axis/> .

<{ID}mandate/x> a elp:Mandate ;
    elp:holder <{ID}institution/nobody> ;
    elp:axis axis:corruption .
"""
NEW_MANDATE = """
mandate:sn-court-smuggling a elp:Mandate ; elp:holder institution:sn-court ; elp:axis axis:smuggling ;
    elp:basis "Judges smuggling."@en ; elp:evidence evidence:mandate-sn-court-smuggling-brochure .
evidence:mandate-sn-court-smuggling-brochure a elp:Evidence ; elp:source source:brochure ;
    elp:certainty concept:checked .
"""
# what each release changes: nothing yet, a mandate on smuggling, the court's name, the evidence of that mandate
STEPS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text + NEW_MANDATE,
    lambda text: text.replace('"Example Court"@en', '"Sample Court"@en'),
    lambda text: text.replace("elp:certainty concept:checked .\n", "elp:certainty concept:reference .\n"),
)


@pytest.fixture(scope="module")
def ontology() -> rdflib.Graph:
    return rdflib.Graph().parse(PROJECT / "ontology/elpaccto.ttl")


@pytest.fixture(scope="module")
def shapes() -> rdflib.Graph:
    return rdflib.Graph().parse(PROJECT / "ontology/shapes.ttl")


@pytest.fixture(scope="module")
def story(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a home with a release for each step."""
    folder = tmp_path_factory.mktemp("story")
    project = Path(shutil.copytree(second_project, folder / "project"))
    path, publisher = project / "data" / "programme.ttl", Publisher(folder / "home")
    for step in STEPS:
        path.write_text(step(path.read_text()))
        publisher.load_project(project, who="ana")
    settings = Settings(home=folder / "home", project=project)
    with TestClient(create_app(Releases(folder / "home"), settings), follow_redirects=False) as client:
        yield client


def page(client, address: str) -> str:
    answer = client.get(address, headers={"Accept": BROWSER})
    assert answer.status_code == 200
    return answer.text


def test_the_downloads_tell_size_rows_and_checksum(client):
    """The same figures as the JSON, each file with the address of its digest."""
    text = page(client, "/exports")

    for each in client.get("/exports.json").json()["files"]:
        assert f'href="/exports/{each["file"]}"' in text
        assert f'href="/exports/{each["file"]}.sha256"' in text
        if each["graph"] is None:
            assert each["sha256"][:12] in text
            assert re.search(rf"{each['rows']:,} (rows|statements)</td>", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_term_has_an_anchor_and_its_meaning_in_four_languages(client, ontology, language: str):
    """Of every class and property, on the page of each language."""
    text = unescape(page(client, f"/{language}/ontology"))

    for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty):
        for term in ontology.subjects(RDF.type, kind):
            assert text.count(f'id="{term.removeprefix(ELP)}"') == 1
            for meaning in ontology.objects(term, SKOS.definition):
                assert str(meaning) in text


def test_a_term_says_where_it_is_used_and_gives_an_example(client, ontology):
    """Domain, range and example, as the ontology has them."""
    text = unescape(page(client, "/ontology"))
    article = text[text.index('id="axis"') :].partition("</article>")[0]

    assert all(f'href="#{name}"' in article for name in ("CoverageGap", "Event", "Mandate", "TransversalAxis"))
    for example in ontology.objects(None, SKOS.example):
        assert str(example) in text


def test_the_diagram_draws_each_link_of_its_table(client, ontology):
    """One arc for each row; every class that stands there has its name on a line of its own."""
    text = page(client, "/ontology")
    drawing, _, rest = text[text.index('<svg class="arcs"') :].partition("</svg>")
    rows = rest.partition("</table>")[0].count('<tr><th scope="row">')
    schema = rdflib.Namespace("http://schema.org/")
    joined = {
        (source, target)
        for each in ontology.subjects(RDF.type, OWL.ObjectProperty)
        for source in ontology.objects(each, schema.domainIncludes)
        for target in ontology.objects(each, schema.rangeIncludes)
    }

    assert drawing.count('<path class="arc"') == len(joined)
    assert drawing.count('<path class="') == rows
    assert drawing.count("<text ") == drawing.count("<circle ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_shape_is_told_in_plain_words(client, shapes, language: str):
    """Every node shape has its anchor, every rule its message in the language of the page."""
    text = unescape(page(client, f"/{language}/shapes"))

    for shape in shapes.subjects(RDF.type, SH.NodeShape):
        assert f'id="{shape.removeprefix(ELP)}"' in text
        for rule in shapes.objects(shape, SH.property):
            assert text.count(f'id="{rule.removeprefix(ELP)}"') == 1
            for message in shapes.objects(rule, SH.message):
                assert (str(message) in text) or message.language != language


def test_every_constraint_of_the_shapes_has_words(shapes):
    """A constraint, target or severity without words would be passed over in silence."""
    told = {*CONSTRAINTS, *TARGETS, "minCount", "maxCount", "qualifiedMinCount", "qualifiedMaxCount"}
    apart = {"path", "name", "message", "severity", "property", "inversePath", "prefix", "namespace", "declare",
             "prefixes", "select"}  # fmt: skip
    used = {str(term).removeprefix(str(SH)) for term in shapes.predicates() if str(term).startswith(str(SH))}

    assert used - apart <= told
    assert {str(each).removeprefix(str(SH)) for each in shapes.objects(None, SH.severity)} <= set(SEVERITIES)


def test_the_rules_as_a_table_hold_every_rule_of_every_shape(client, shapes):
    """One row each, with its message in four languages where it has one."""
    rows = list(csv.DictReader(io.StringIO(client.get("/shapes.csv").text, newline="")))
    expected = {(str(s), str(o)) for s, o in shapes.subject_objects(SH.property)}

    assert {(row["shape"], row["rule"]) for row in rows if row["shape"] != row["rule"]} == expected
    evidence = next(row for row in rows if row["rule"] == f"{ELP}Assertion-evidence")
    assert evidence["path"] == "elp:evidence" and evidence["at_least"] == "1" and evidence["severity"] == "Violation"
    assert all(evidence[f"message_{code}"] for code in LANGUAGES)


def test_the_releases_say_in_words_what_changed(story: TestClient):
    """Each against the one before it."""
    told = {each["number"]: each["counts"] for each in story.get("/releases.json").json()["releases"]}
    text = page(story, "/releases")

    assert told[2] == {"mandates_added": 1, "mandates_removed": 0, "new": 2, "withdrawn": 0, "names": 0, "values": 0}
    assert told[3]["names"] == 1 and told[3]["values"] == 0
    assert told[4]["values"] >= 1
    assert '<a href="/releases/1..2">1 mandate added, 2 new records</a>' in text
    assert "1 name changed" in text


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("axis=smuggling", [4, 2, 1]),  # the mandate, and later the evidence that it rests on; not the court's name
        ("country=SN", [4, 3, 2, 1]),  # through the court that holds it
        ("country=SN&axis=smuggling", [4, 2, 1]),
        ("", [4, 3, 2, 1]),
    ],
)
def test_a_country_or_an_axis_can_be_followed(story: TestClient, asked: str, numbers: list[int]):
    """Only the releases that changed something of it: as a feed, as a list, as a page."""
    feed = ElementTree.fromstring(story.get(f"/releases.atom?{asked}").content)
    entries = [each.text.rpartition("/")[2] for each in feed.findall("a:entry/a:id", ATOM)]
    told = [each["number"] for each in story.get(f"/releases.json?{asked}").json()["releases"]]
    rows = list(csv.DictReader(io.StringIO(story.get(f"/releases.csv?{asked}").text, newline="")))

    assert [int(each) for each in entries] == told == [int(row["number"]) for row in rows] == numbers
    assert re.findall(r'<th scope="row"><a href="/releases/(\d+)', page(story, f"/releases?{asked}")) == [
        str(number) for number in numbers
    ]


def test_a_feed_of_a_topic_tells_its_own_address_and_the_page_leads_to_it(story: TestClient):
    """So that a reader subscribes to what is shown."""
    feed = ElementTree.fromstring(story.get("/releases.atom?axis=smuggling").content)
    address = feed.find("a:link[@rel='self']", ATOM).get("href")

    assert address.endswith("/releases.atom?axis=smuggling")
    assert 'type="application/atom+xml" title="Releases" href="/releases.atom?axis=smuggling"' in page(
        story, "/releases?axis=smuggling"
    )


def test_an_unknown_country_to_follow_is_refused_with_near_names(client):
    """As everywhere."""
    answer = client.get("/releases.atom?country=PR", headers={"Accept": "application/json"})

    assert answer.status_code == 422
    assert "PE" in answer.json()["detail"]


def test_the_report_of_pasted_data_names_the_place_and_keeps_the_text(client):
    """Each finding with its line; the text stands in the field again."""
    answer = client.post("/validate.html", files={"data": (None, BAD)}, headers={"Accept": BROWSER})
    text = unescape(answer.text)

    assert answer.status_code == 200
    assert re.search(r'<p class="place">line 5: elp:holder <https', text)
    assert re.search(r'<p class="place">line 4: <https://w3id.org/elpaccto/id/mandate/x> a elp:Mandate', text)
    assert "Stops a release" in text
    assert BAD in text[text.index("<textarea") :].replace("\r\n", "\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_in_the_language_of_the_page(client, shapes, language: str):
    """The messages of the shapes, without being asked for apart."""
    answer = client.post(f"/{language}/validate.html", files={"data": (None, BAD)}, headers={"Accept": BROWSER})
    messages = {m.language: str(m) for m in shapes.objects(rdflib.URIRef(f"{ELP}Assertion-evidence"), SH.message)}

    assert messages[language] in unescape(answer.text)
    assert 'href="/' + language + '/shapes#Assertion-evidence"' in answer.text


def test_data_that_is_no_rdf_is_shown_with_the_bad_line_and_is_not_lost(client):
    """400, and the form again with the text in it."""
    bad = "@prefix ex: <http://example.org/> .\nex:a ex:b <<< .\n"
    answer = client.post("/validate.html", files={"data": (None, bad)}, headers={"Accept": BROWSER})
    text = unescape(answer.text)

    assert answer.status_code == 400
    assert re.search(r'<p class="place">line 2: ex:a ex:b <<< \.</p>', text)
    assert "Expected is RDF" in text
    assert bad in text[text.index("<textarea") :]


def test_markup_in_the_data_stays_text(client):
    """Neither the field nor the report runs what was pasted."""
    bad = "</textarea><script>alert(1)</script>"
    answer = client.post("/validate.html", files={"data": (None, bad)}, headers={"Accept": BROWSER})

    assert answer.status_code == 400
    assert "<script" not in answer.text
