"""The rules: what is derived from what is stated, worked out by hand here; two engines must agree each time."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
import rdflib
from rdflib import RDF, XSD
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from graph_service.deriving import derive
from graph_service.release import Release
from graph_service.store.embedded import EmbeddedStore, parse_rdf
from graph_service.terms import (
    DERIVED_GRAPH,
    ELP,
    GRAPH,
    ID,
    PREFIXES,
    Iri,
    Literal,
    Triple,
    graph_iri,
    ntriple,
)

PROJECT = Path(__file__).resolve().parents[2]
RULES = sorted((PROJECT / "ontology/rules").glob("*.rq"))
VOCABULARY = PROJECT / "ontology/elpaccto.ttl"
TURTLE_PREFIXES = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
DAY = "2026-01-01"
A = Iri(RDF.type)

GRID = """
country:PE a elp:Country ; elp:isoAlpha2 "PE" . country:CL a elp:Country ; elp:isoAlpha2 "CL" .
axis:gender a elp:TransversalAxis . axis:corruption a elp:TransversalAxis .
component:police a elp:Component . component:judicial a elp:Component . component:penitentiary a elp:Component .
institution:court a elp:Institution ; elp:country country:PE ; elp:component component:judicial , component:police .
institution:ombudsman a elp:Institution ; elp:country country:PE ; elp:outsideComponents true .
institution:closed a elp:Institution ; elp:country country:CL ; elp:component component:police ;
    elp:until "2019"^^xsd:gYear .
mandate:1 a elp:Mandate ; elp:holder institution:court ; elp:axis axis:gender .
mandate:2 a elp:Mandate ; elp:holder institution:ombudsman ; elp:axis axis:corruption .
mandate:3 a elp:Mandate ; elp:holder institution:closed ; elp:axis axis:gender .
"""


# Two engines, one answer


def derived(data: str, day: str = DAY) -> frozenset[Triple]:
    """What the rules derive from some Turtle as of a day; both engines must say the same."""
    stated = frozenset(parse_rdf((TURTLE_PREFIXES + data).encode(), "stated"))
    ours = by_oxigraph(stated, day)
    assert ours == by_rdflib(stated, day)
    return frozenset(triple for triple in ours if not triple[1].startswith(PREFIXES["void"]))


def test_the_structure_of_each_class_is_told():
    """As VoID partitions, named by the terms that make them; the same from both engines."""
    data = "country:PE a elp:Country ; elp:year 1 , 2 . country:CL a elp:Country ; elp:isoAlpha2 'CL' ."
    stated = frozenset(parse_rdf((TURTLE_PREFIXES + data).encode(), "stated"))
    ours = by_oxigraph(stated, DAY)
    told = {(s, p): o for s, p, o in ours}
    found = {
        told[part, iri("void:property")]
        for whole, name, part in ours
        if name == iri("void:propertyPartition") and told[whole, iri("void:class")] == iri("elp:Country")
    }

    assert ours == by_rdflib(stated, DAY)
    assert found == {A, iri("elp:year"), iri("elp:isoAlpha2")}


def by_oxigraph(stated: Iterable[Triple], day: str) -> frozenset[Triple]:
    store = EmbeddedStore.in_memory((*triple, graph_iri("stated")) for triple in stated)
    derive(store, PROJECT, datetime.date.fromisoformat(day))
    return frozenset(quad[:3] for quad in store.quads() if quad[3] == DERIVED_GRAPH)


def by_rdflib(stated: Iterable[Triple], day: str | None) -> frozenset[Triple]:
    graph = rdflib.Graph().parse(data="".join(map(ntriple, stated)), format="nt")
    before = set(graph)
    binding = {"_release_date": rdflib.Literal(day, datatype=XSD.date)} if day else {}
    for rule in RULES:
        for triple in list(graph.query(prepared(rule), initBindings=binding)):
            graph.add(triple)
    new = rdflib.Graph()
    for triple in set(graph) - before:
        new.add(triple)
    return frozenset(parse_rdf(new.serialize(format="nt", encoding="utf-8"), "derived.nt", "nt"))


@cache
def prepared(rule: Path) -> Query:
    """A rule as the reference engine holds it: parsing takes longer than deriving."""
    return prepareQuery(rule.read_text(encoding="utf-8"))


def values(triples: Iterable[Triple], subject: str, predicate: str) -> set[str]:
    """The values of a property, as text; prefixed names in, slugs and lexical forms out."""
    found = {str(o) for s, p, o in triples if (s, p) == (iri(subject), iri(predicate))}
    return {value.removeprefix(ID).partition("/")[2] if value.startswith(ID) else value for value in found}


def subjects(triples: Iterable[Triple], predicate: str, value: str) -> set[str]:
    """The slugs of those that have a value."""
    return {s.removeprefix(ID).partition("/")[2] for s, p, o in triples if (p, o) == (iri(predicate), iri(value))}


def iri(name: str) -> Iri:
    prefix, _, local = name.partition(":")
    return A if name == "a" else Iri(PREFIXES[prefix] + local)


def bounds(triples: Iterable[Triple], subject: str) -> tuple[str, str, str, str]:
    """Earliest and latest start, earliest and latest end; "-" where open."""
    names = ("startEarliest", "startLatest", "endEarliest", "endLatest")
    return tuple(" ".join(sorted(values(triples, subject, f"elp:{name}"))) or "-" for name in names)  # type: ignore[return-value]


# Names and classes


def test_an_official_name_is_a_label_too():
    """So that every query asks for rdfs:label alone; a label already stated is not stated again."""
    found = derived("""
        institution:court skos:prefLabel "Corte Suprema"@es ; rdfs:label "Supreme Court"@en .
        concept:done skos:prefLabel "Done"@en ; rdfs:label "Done"@en .""")

    assert values(found, "institution:court", "rdfs:label") == {"Corte Suprema"}
    assert values(found, "concept:done", "rdfs:label") == set()


def test_an_event_has_the_class_of_its_kind():
    """Of events only: a source of a kind with that name stays a source."""
    found = derived("""
        concept:workshop elp:eventClass elp:Workshop .
        event:quito a elp:Event ; elp:kind concept:workshop .
        source:page a elp:Source ; elp:kind concept:workshop .""")

    assert values(found, "event:quito", "a") == {ELP + "Workshop"}
    assert values(found, "source:page", "a") == set()


@pytest.mark.parametrize(
    ("status", "planned"), [("announced", True), ("planned", True), ("reported", False), ("done", False)]
)
def test_what_was_only_announced_or_planned_is_a_planned_activity(status: str, planned: bool):
    """Whatever its date; what was reported or done is none."""
    found = derived(f'event:e a elp:Event ; elp:status concept:{status} ; elp:start "2017"^^xsd:gYear .')

    assert (ELP + "PlannedActivity" in values(found, "event:e", "a")) is planned


# Dates of every precision


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ('"2018"^^xsd:gYear', "2018-01-01", "2018-12-31"),
        ('"2018-01"^^xsd:gYearMonth', "2018-01-01", "2018-01-31"),
        ('"2018-02"^^xsd:gYearMonth', "2018-02-01", "2018-02-28"),
        ('"2016-02"^^xsd:gYearMonth', "2016-02-01", "2016-02-29"),  # every fourth year
        ('"1900-02"^^xsd:gYearMonth', "1900-02-01", "1900-02-28"),  # but no century
        ('"2000-02"^^xsd:gYearMonth', "2000-02-01", "2000-02-29"),  # but every fourth of these
        ('"2018-03"^^xsd:gYearMonth', "2018-03-01", "2018-03-31"),
        ('"2018-04"^^xsd:gYearMonth', "2018-04-01", "2018-04-30"),
        ('"2018-05"^^xsd:gYearMonth', "2018-05-01", "2018-05-31"),
        ('"2018-06"^^xsd:gYearMonth', "2018-06-01", "2018-06-30"),
        ('"2018-07"^^xsd:gYearMonth', "2018-07-01", "2018-07-31"),
        ('"2018-08"^^xsd:gYearMonth', "2018-08-01", "2018-08-31"),
        ('"2018-09"^^xsd:gYearMonth', "2018-09-01", "2018-09-30"),
        ('"2018-10"^^xsd:gYearMonth', "2018-10-01", "2018-10-31"),
        ('"2018-11"^^xsd:gYearMonth', "2018-11-01", "2018-11-30"),
        ('"2018-12"^^xsd:gYearMonth', "2018-12-01", "2018-12-31"),
        ('"2016-02-29"^^xsd:date', "2016-02-29", "2016-02-29"),
        ('"2017-04-15"^^xsd:date', "2017-04-15", "2017-04-15"),
        ('"2018-13"^^xsd:gYearMonth', "-", "-"),  # what is no date gives no bounds
        ('"18"^^xsd:gYear', "-", "-"),
        ('"2019-02-29"^^xsd:date', "-", "-"),
        ('"2018"', "-", "-"),
    ],
)
def test_a_date_has_a_first_and_a_last_day(date: str, first: str, last: str):
    """The same at the start and at the end of a period."""
    found = derived(f"institution:a elp:since {date} . institution:b elp:until {date} .")

    assert bounds(found, "institution:a") == (first, last, "-", "-")
    assert bounds(found, "institution:b") == ("-", "-", first, last)


def test_bounds_are_dates():
    """As xsd:date they compare with each other and with a day that is asked for."""
    found = derived('membership:m elp:since "2018"^^xsd:gYear .')

    assert (
        iri("membership:m"),
        iri("elp:startLatest"),
        Literal("2018-12-31", datatype=str(XSD.date)),
    ) in found


@pytest.mark.parametrize(
    ("holder", "own", "expected"),
    [
        ("", "", ("-", "-", "-", "-")),
        ('elp:since "2010"^^xsd:gYear', "", ("2010-01-01", "2010-12-31", "-", "-")),
        (
            'elp:since "2010"^^xsd:gYear ; elp:until "2020-01"^^xsd:gYearMonth',
            'elp:since "2014-06"^^xsd:gYearMonth',
            ("2014-06-01", "2014-06-30", "2020-01-01", "2020-01-31"),
        ),
        (
            'elp:since "2014-06"^^xsd:gYearMonth',
            'elp:since "2014"^^xsd:gYear ; elp:until "2019"^^xsd:gYear',
            ("2014-06-01", "2014-12-31", "2019-01-01", "2019-12-31"),
        ),
        (
            'elp:until "2019-03-31"^^xsd:date',
            'elp:until "2019"^^xsd:gYear',
            ("-", "-", "2019-01-01", "2019-03-31"),
        ),
    ],
)
def test_a_mandate_lasts_as_long_as_its_holder_at_most(holder: str, own: str, expected: tuple[str, ...]):
    """Its own dates cut the time of its holder, never lengthen it."""
    found = derived(
        f"mandate:m elp:holder institution:i . {f'institution:i {holder} .' if holder else ''}"
        f"{f'mandate:m {own} .' if own else ''}"
    )

    assert bounds(found, "mandate:m") == expected


def test_an_event_without_an_end_is_placed_at_its_start():
    """A meeting of November 2022 must not turn up in 2024; its end is still not stated."""
    found = derived("""
        event:a elp:start "2022-11"^^xsd:gYearMonth .
        event:b elp:start "2022-11-09"^^xsd:date ; elp:end "2022-12"^^xsd:gYearMonth .
        event:c a elp:Event .""")

    assert bounds(found, "event:a") == ("2022-11-01", "2022-11-30", "2022-11-01", "2022-11-30")
    assert bounds(found, "event:b") == ("2022-11-09", "2022-11-09", "2022-12-01", "2022-12-31")
    assert bounds(found, "event:c") == ("-", "-", "-", "-")


# Who covers what


@pytest.mark.parametrize(
    ("dates", "day", "covers"),
    [
        ("", "1800-01-01", True),  # no start recorded: it counts as existing
        ("", "2026-01-01", True),
        ('elp:since "2018"^^xsd:gYear', "2017-12-31", False),
        ('elp:since "2018"^^xsd:gYear', "2018-01-01", True),  # perhaps: it began at some time in that year
        ('elp:since "2018-07"^^xsd:gYearMonth', "2018-06-30", False),
        ('elp:since "2018-07"^^xsd:gYearMonth', "2018-07-01", True),
        ('elp:since "2018-07-15"^^xsd:date', "2018-07-14", False),
        ('elp:since "2018-07-15"^^xsd:date', "2018-07-15", True),
        ('elp:until "2018"^^xsd:gYear', "2018-12-31", True),
        ('elp:until "2018"^^xsd:gYear', "2019-01-01", False),
        ('elp:until "2020-02"^^xsd:gYearMonth', "2020-02-29", True),
        ('elp:until "2020-02"^^xsd:gYearMonth', "2020-03-01", False),
        ('elp:until "2018-07-15"^^xsd:date', "2018-07-15", True),  # the last day counts
        ('elp:until "2018-07-15"^^xsd:date', "2018-07-16", False),
    ],
)
def test_an_institution_covers_an_axis_while_its_mandate_may_be_in_force(dates: str, day: str, covers: bool):
    """On the release's day; only what is certain to begin later or to have ended is left out."""
    found = derived(
        "mandate:m a elp:Mandate ; elp:holder institution:i ; elp:axis axis:gender ."
        + (f"institution:i {dates} ." if dates else ""),
        day,
    )

    assert values(found, "institution:i", "elp:covers") == ({"gender"} if covers else set())


def test_without_a_day_every_mandate_counts():
    """A rule file stays a query that any tool can run."""
    stated = """
        mandate:m a elp:Mandate ; elp:holder institution:i ; elp:axis axis:gender .
        institution:i elp:until "1990"^^xsd:gYear ."""

    found = by_rdflib(frozenset(parse_rdf((TURTLE_PREFIXES + stated).encode(), "stated")), day=None)

    assert values(found, "institution:i", "elp:covers") == {"gender"}


def test_links_are_walked_both_ways():
    """From a country to its bodies, from a body to its mandates, from a participant to its participations."""
    found = derived("""
        institution:i a elp:Institution ; elp:country country:PE . event:e a elp:Event ; elp:country country:PE .
        mandate:m a elp:Mandate ; elp:holder institution:i .
        participation:p a elp:Participation ; elp:event event:e ; elp:participant country:PE .""")

    assert values(found, "country:PE", "elp:hasInstitution") == {"i"}
    assert values(found, "institution:i", "elp:hasMandate") == {"m"}
    assert values(found, "country:PE", "elp:hasParticipation") == {"p"}


def test_evidence_has_the_translation_of_its_words():
    """All evidence that quotes these words of this source, letter by letter and in that language; no other."""
    found = derived("""
        translation:t a elp:QuoteTranslation ; elp:source source:s ; elp:quote "treize pays"@fr .
        evidence:one a elp:Evidence ; elp:source source:s ; elp:quote "treize pays"@fr .
        evidence:two a elp:Evidence ; elp:source source:s ; elp:quote "treize pays"@fr .
        evidence:edited a elp:Evidence ; elp:source source:s ; elp:quote "treize pays "@fr .
        evidence:other-source a elp:Evidence ; elp:source source:r ; elp:quote "treize pays"@fr .
        evidence:no-words a elp:Evidence ; elp:source source:s .""")

    assert subjects(found, "elp:hasTranslation", "translation:t") == {"one", "two"}


def test_an_event_stands_on_the_roadmaps_that_it_concerns():
    """Held there, attended by the country or by one of its bodies, or held for all; else on none."""
    found = derived("""
        roadmap:PE a elp:Roadmap ; elp:country country:PE . roadmap:CL a elp:Roadmap ; elp:country country:CL .
        institution:i a elp:Institution ; elp:country country:PE .
        event:held a elp:Event ; elp:country country:PE ; elp:heldForAll false .
        event:attended a elp:Event ; elp:country country:FR .
        participation:1 a elp:Participation ; elp:event event:attended ; elp:participant country:PE .
        event:body a elp:Event .
        participation:2 a elp:Participation ; elp:event event:body ; elp:participant institution:i .
        event:all a elp:Event ; elp:country country:CL ; elp:heldForAll true .
        event:elsewhere a elp:Event ; elp:country country:FR .""")

    assert subjects(found, "elp:onRoadmap", "roadmap:PE") == {"held", "attended", "body", "all"}
    assert subjects(found, "elp:onRoadmap", "roadmap:CL") == {"all"}


# What is missing


def test_each_cell_without_a_body_in_force_is_a_gap():
    """2 countries × 2 axes × 3 components are 12 cells; the court fills 2, a body outside the components none."""
    found = derived(GRID)

    assert subjects(found, "a", "elp:GapCell") == {
        f"derived-{country}-{axis}-{component}"
        for country in ("PE", "CL")
        for axis in ("gender", "corruption")
        for component in ("police", "judicial", "penitentiary")
    } - {"derived-PE-gender-police", "derived-PE-gender-judicial"}


def test_a_gap_cell_says_where_it_is_and_that_it_is_derived():
    """Nothing else is said of it, for nobody stated it."""
    found = derived(GRID)

    cell = {(p, o) for s, p, o in found if s == iri("gap:derived-CL-gender-police")}
    assert cell == {
        (A, iri("elp:GapCell")),
        (iri("elp:country"), iri("country:CL")),
        (iri("elp:axis"), iri("axis:gender")),
        (iri("elp:component"), iri("component:police")),
        (iri("elp:certainty"), iri("concept:derived")),
    }


@pytest.mark.parametrize(("day", "gap"), [("2019-12-31", False), ("2020-01-01", True)])
def test_a_gap_opens_when_the_last_body_is_closed(day: str, gap: bool):
    """The police body of Chile is closed at some time in 2019."""
    assert ("derived-CL-gender-police" in subjects(derived(GRID, day), "a", "elp:GapCell")) is gap


def test_the_derived_graph_says_as_of_when_it_holds():
    """It is marked as derived, and bears the release's day."""
    found = derived("", "2026-07-28")

    assert found == {
        (Iri(GRAPH + "derived"), A, iri("prov:Entity")),
        (Iri(GRAPH + "derived"), iri("elp:asOf"), Literal("2026-07-28", datatype=str(XSD.date))),
        (Iri(GRAPH + "derived"), iri("elp:certainty"), iri("concept:derived")),
    }


# The files


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_file_says_what_it_derives(path: Path):
    """A comment first; a number, for the order; one CONSTRUCT without blank nodes, so that names stay the same."""
    text = path.read_text(encoding="utf-8")

    assert re.fullmatch(r"\d\d-[a-z]+(-[a-z]+)*\.rq", path.name)
    assert re.match(r"# [A-Z]", text)
    template = re.search(r"CONSTRUCT \{(.*?)\}\s*WHERE", text, re.DOTALL)
    assert template is not None and "_:" not in template[1] and "[" not in template[1]


def test_nothing_is_derived_that_is_already_stated():
    """A triple stands in one graph alone: what the rules gave, once stated, is not given again."""
    stated = frozenset(parse_rdf((PROJECT / "tests/ontology/examples/good.ttl").read_bytes(), "good.ttl"))
    once = by_oxigraph(stated, DAY)

    assert len(once) > 100
    assert by_oxigraph(stated | once, DAY) == set()


# The real graph


@pytest.fixture(scope="module")
def stated(release: Release) -> frozenset[Triple]:
    return frozenset(quad[:3] for quad in release.store.quads() if quad[3] != DERIVED_GRAPH)


@pytest.fixture(scope="module")
def rules_gave(release: Release) -> frozenset[Triple]:
    return frozenset(quad[:3] for quad in release.store.quads() if quad[3] == DERIVED_GRAPH)


def test_both_engines_derive_the_same_from_the_real_data(release: Release, stated: frozenset[Triple]):
    """Every rule, for the release's own day; with the mandates of every sixth country, as rdflib takes its time."""
    day = release.date.isoformat()
    country_of = {s: o for s, p, o in stated if p == ELP + "country"}
    kept = sorted(set(country_of.values()))[::6]
    dropped = {s for s, p, o in stated if p == ELP + "holder" and country_of.get(o) not in kept}
    fewer = frozenset(triple for triple in stated if triple[0] not in dropped)

    assert len(dropped) > 200
    assert by_oxigraph(fewer, day) == by_rdflib(fewer, day)


def test_exactly_the_terms_marked_as_derived_are_derived(stated: frozenset[Triple], rules_gave: frozenset[Triple]):
    """The ontology marks them; the data states none of them, and the rules give each."""
    vocabulary = frozenset(parse_rdf(VOCABULARY.read_bytes(), VOCABULARY.name))
    marked = {s for s, p, _ in vocabulary if p == ELP + "derivedByRule"}

    assert used(rules_gave) >= marked
    assert used(stated - vocabulary) & marked == set()


def used(triples: Iterable[Triple]) -> set[str]:
    return {str(o) if p == A else str(p) for _, p, o in triples}


def test_every_cell_of_the_real_grid_is_covered_or_a_gap(stated: frozenset[Triple], rules_gave: frozenset[Triple]):
    """Counted without SPARQL: 18 × 5 × 3 cells, each either filled by a body in force or derived as a gap."""
    country_of = {s: o for s, p, o in stated if p == ELP + "country"}
    components = {(s, o) for s, p, o in stated if p == ELP + "component" and s in country_of}
    covers = {(s, o) for s, p, o in rules_gave if p == ELP + "covers"}
    gaps = {s for s, p, o in rules_gave if p == A and o == ELP + "GapCell"}

    filled = {(country_of[body], axis, part) for body, part in components for holder, axis in covers if holder == body}

    assert len(filled) + len(gaps) == 18 * 5 * 3
