"""The query files: each says what it needs and answers, runs bound and unbound, and gives equal rows in two engines."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pyoxigraph
import pytest
import rdflib
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from graph_service.catalogue import QueryFile, read_catalogue
from graph_service.dates import parse_period
from graph_service.terms import ELP, ID, LANGUAGES, PREFIXES, XSD_STRING

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = read_catalogue(ROOT / "queries")
NAMES = sorted(CATALOGUE.queries)
SELECTS = [name for name in NAMES if CATALOGUE.get(name).form == "SELECT"]
RELEASE_DATE = "2026-11-26"

Cell: TypeAlias = tuple[str, ...] | None  # ("iri", text) or ("literal", text, language or datatype)
Rows: TypeAlias = list[tuple[Cell, ...]]
Values: TypeAlias = Mapping[str, tuple[str, str]]  # variable → ("iri" | "date" | "literal", text)

# What the views and pages build on: parameters, then columns.
CONTRACT = {
    "institutions/by-axis": "axis country component kind as_of_from as_of_to mandate institution name acronym"
    " components since until in_force basis certainty evidence source source_title source_url",
    "institutions/left-out": "axis country component kind as_of_from as_of_to mandate institution name acronym"
    " components since until in_force replaced_by basis certainty evidence source source_title source_url",
    "coverage/matrix": "component as_of_from as_of_to country axis institutions",
    "roadmaps/country": "country roadmap plan programme iso2 iso3 m49 capital beneficiary visited named_in_seed note",
    "roadmaps/identity": "country identity",
    "roadmaps/events": "country event kind start end start_earliest precision inferred status city held_in for_all"
    " link axes components organisations description note",
    "roadmaps/institutions": "country institution name acronym kind components since until parent replaced_by"
    " history website",
    "roadmaps/mandates": "country as_of_from as_of_to mandate institution name acronym kind axis components since"
    " until in_force basis replaced_by",
    "roadmaps/organisations": "country membership organisation acronym status since until as_of_source note",
    "roadmaps/gaps": "country gap axis description",
    "roadmaps/gap-cells": "country axis component",
    "roadmaps/statements": "country statement scope value description country_said note",
    "roadmaps/evidence": "country record evidence source title publisher url language date quote translation"
    " translation_language certainty supports",
    "records/evidence": "record evidence source title publisher url language date quote translation"
    " translation_language certainty supports",
    "records/outgoing": "record property value",
    "records/incoming": "record subject property",
    "vocabulary/members": "of iri slug code label",
}

# Institutions with a mandate in force, certainly or possibly, counted by hand from the tables of facts:
# cybercrime, corruption, human rights, gender, money laundering.
AXES = ("cybercrime", "corruption", "human-rights", "gender", "money-laundering")
MATRIX = {
    "2018": {
        "AR": (3, 4, 6, 3, 5), "BO": (3, 4, 4, 5, 3), "BR": (2, 5, 8, 2, 4), "CL": (2, 3, 4, 5, 3),
        "CO": (3, 5, 4, 1, 7), "CR": (5, 4, 4, 5, 3), "CU": (3, 5, 3, 1, 3), "EC": (3, 4, 5, 3, 4),
        "GT": (2, 6, 4, 4, 3), "HN": (4, 5, 6, 5, 3), "MX": (4, 4, 4, 2, 4), "NI": (3, 2, 3, 3, 2),
        "PA": (4, 5, 4, 2, 6), "PE": (3, 8, 4, 2, 4), "PY": (6, 4, 5, 3, 5), "SV": (4, 5, 2, 2, 1),
        "UY": (4, 3, 3, 2, 6), "VE": (4, 3, 3, 4, 4),
    },
    "2026": {
        "AR": (5, 4, 6, 2, 7), "BO": (3, 4, 4, 5, 3), "BR": (4, 5, 8, 3, 4), "CL": (4, 3, 5, 5, 3),
        "CO": (4, 5, 4, 2, 7), "CR": (5, 5, 4, 5, 3), "CU": (3, 5, 3, 1, 3), "EC": (3, 6, 4, 3, 4),
        "GT": (2, 6, 4, 4, 3), "HN": (4, 5, 6, 5, 3), "MX": (5, 4, 4, 2, 4), "NI": (3, 3, 3, 3, 3),
        "PA": (4, 5, 4, 2, 6), "PE": (5, 8, 4, 2, 4), "PY": (6, 3, 5, 3, 5), "SV": (5, 5, 2, 2, 1),
        "UY": (6, 3, 3, 2, 7), "VE": (4, 3, 3, 4, 4),
    },
}  # fmt: skip
COMPONENT_TOTALS = {("2018", "judicial"): 131, ("2018", "penitentiary"): 51, ("2026", "judicial"): 135}

# Events held in the country, in which it or one of its institutions took part, or held for all.
ROADMAP_EVENTS = {
    "AR": 52, "BO": 42, "BR": 50, "CL": 53, "CO": 46, "CR": 48, "CU": 23, "EC": 55, "GT": 32, "HN": 30,
    "MX": 40, "NI": 26, "PA": 50, "PE": 49, "PY": 54, "SV": 47, "UY": 46, "VE": 23,
}  # fmt: skip

# The reference engine needs a minute for all roadmaps at once; it compares those of two countries instead.
SLOW_UNBOUND = {"roadmaps/graph"}
EVENT_BLOCKS = 300  # of more than a thousand


@dataclass
class Graph:
    """One graph in both engines; answers are remembered, since several tests look at the same."""

    store: pyoxigraph.Store
    reference: rdflib.Graph
    answers: dict[tuple[str, str, str], Rows] = field(default_factory=dict)

    def ask(self, name: str, values: Values, engine: str = "oxigraph") -> Rows:
        """The rows of a query, or the triples of a CONSTRUCT."""
        key = (name, repr(sorted(values.items())), engine)
        if key not in self.answers:
            text = CATALOGUE.get(name).text
            if engine == "oxigraph":
                self.answers[key] = oxigraph_rows(self.store, text, values)
            else:
                self.answers[key] = rdflib_rows(self.reference, text if values else unordered(text), values)
        return self.answers[key]

    def table(self, name: str, values: Values, engine: str = "oxigraph") -> list[dict[str, str]]:
        """The rows by column name, IRIs shortened to their last part."""
        columns = [column.name for column in CATALOGUE.get(name).columns]
        return [
            {column: short(cell) for column, cell in zip(columns, row, strict=True) if cell}
            for row in self.ask(name, values, engine)
        ]


def oxigraph_rows(store: pyoxigraph.Store, text: str, values: Values) -> Rows:
    made = {
        "iri": pyoxigraph.NamedNode,
        "literal": pyoxigraph.Literal,
        "date": lambda day: pyoxigraph.Literal(day, datatype=pyoxigraph.NamedNode(PREFIXES["xsd"] + "date")),
    }
    bound = {pyoxigraph.Variable(name): made[kind](value) for name, (kind, value) in values.items()}
    found = store.query(text, substitutions=bound, use_default_graph_as_union=True)
    return [tuple(oxigraph_cell(term) for term in row) for row in found]


def oxigraph_cell(term: object) -> Cell:
    if isinstance(term, pyoxigraph.NamedNode):
        return ("iri", term.value)
    return ("literal", term.value, term.language or term.datatype.value) if term is not None else None


def unordered(text: str) -> str:
    """A query without its last ORDER BY, which the reference engine is slow to do, unless the rows depend on it."""
    return text if "\nLIMIT " in text else text.rsplit("\nORDER BY ", 1)[0]


def rdflib_rows(graph: rdflib.Graph, text: str, values: Values) -> Rows:
    made = {
        "iri": rdflib.URIRef,
        "literal": rdflib.Literal,
        "date": lambda day: rdflib.Literal(day, datatype=rdflib.XSD.date),
    }
    bound = {name: made[kind](value) for name, (kind, value) in values.items()}
    found = graph.query(prepared(text), initBindings=bound)
    return [tuple(rdflib_cell(term) for term in row) for row in found]


@cache
def prepared(text: str) -> Query:
    """A query parsed by the reference engine: parsing costs it more than most answers."""
    return prepareQuery(text)


def rdflib_cell(term: object) -> Cell:
    if isinstance(term, rdflib.URIRef):
        return ("iri", str(term))
    if isinstance(term, rdflib.Literal):
        return ("literal", str(term), str(term.language or term.datatype or XSD_STRING))
    return None


def short(cell: Sequence[str]) -> str:
    return re.split("[/#]", cell[1])[-1] if cell[0] == "iri" else cell[1]


def graph_of(*files: Path, turtle: str = "", backwards: bool = False) -> pyoxigraph.Store:
    """Files and text, with what the rules derive from them, each graph under its own name."""
    given = pyoxigraph.Store()
    for path in files:
        name = pyoxigraph.NamedNode(PREFIXES["graph"] + path.stem)
        given.load(path=str(path), format=pyoxigraph.RdfFormat.TURTLE, to_graph=name)
    given.load(input=turtle, format=pyoxigraph.RdfFormat.TURTLE, to_graph=pyoxigraph.NamedNode("urn:text"))
    derived = pyoxigraph.NamedNode(PREFIXES["graph"] + "derived")
    day = pyoxigraph.Literal(RELEASE_DATE, datatype=pyoxigraph.NamedNode(PREFIXES["xsd"] + "date"))
    for rule in sorted((ROOT / "ontology/rules").glob("*.rq")):
        text = rule.read_text(encoding="utf-8")
        bound = {pyoxigraph.Variable("_release_date"): day} if "?_release_date" in text else {}
        found = list(given.query(text, substitutions=bound, use_default_graph_as_union=True))
        given.extend(pyoxigraph.Quad(t.subject, t.predicate, t.object, derived) for t in found)
    if not backwards:
        return given
    turned = pyoxigraph.Store()
    turned.extend(sorted(given, key=str, reverse=True))
    return turned


def both(store: pyoxigraph.Store) -> Graph:
    """The same graph in the reference engine, its graphs merged."""
    triples = "\n".join(f"{quad.subject} {quad.predicate} {quad.object} ." for quad in store)
    return Graph(store, rdflib.Graph(store="SimpleMemory").parse(data=triples, format="nt"))


@pytest.fixture(scope="module", autouse=True)
def literals_as_written() -> Iterator[None]:
    """Keep the reference engine from rewriting literals when it reads them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        yield


def project_files() -> list[Path]:
    data = sorted((ROOT / "data").glob("**/*.ttl"))
    return [*data, ROOT / "ontology/concepts.ttl", ROOT / "ontology/elpaccto.ttl"]


@pytest.fixture(scope="module")
def whole(literals_as_written: None) -> Graph:
    """The whole graph of the project."""
    return both(graph_of(*project_files()))


@pytest.fixture(scope="module")
def part(literals_as_written: None) -> Graph:
    """A part of it, for what the reference engine would take minutes for: two countries' institutions, some events."""
    left_out = {path for path in (ROOT / "data/institutions").glob("*.ttl") if path.stem not in ("ec", "pe")}
    events = ROOT / "data/events.ttl"
    some = "\n\n".join(events.read_text(encoding="utf-8").split("\n\n")[:EVENT_BLOCKS])
    return both(graph_of(*(path for path in project_files() if path not in {events, *left_out}), turtle=some))


@pytest.fixture(scope="module")
def backwards() -> Graph:
    """The whole graph of the project, stored in another order."""
    return Graph(graph_of(*project_files(), backwards=True), rdflib.Graph())


def values_of(query: QueryFile, given: Mapping[str, str], graph: Graph) -> dict[str, tuple[str, str]]:
    """What to bind for values as people write them."""
    bound: dict[str, tuple[str, str]] = {}
    for parameter in query.parameters:
        if not (value := given.get(parameter.name)):
            continue
        if parameter.is_period:
            days = parse_period(value, parameter=parameter.name)
            bound |= {v: ("date", day.isoformat()) for v, day in zip(parameter.variables, days, strict=True)}
        elif parameter.type == "iri":
            bound[parameter.variables[0]] = ("iri", iri_of(parameter.scheme, value, graph))
        else:
            bound[parameter.variables[0]] = ("literal", value)
    return bound


def iri_of(scheme: str | None, value: str, graph: Graph) -> str:
    if scheme is None:
        prefix, colon, local = value.partition(":")
        return PREFIXES[prefix] + local if colon else ID + value
    rows = graph.ask("vocabulary/members", {"_of_iri": ("iri", scheme)})
    found = {row[1][1] for row in rows if row[1] and row[2] and row[2][1] == value}
    assert len(found) == 1, f"{value} is not one of {scheme}"
    return found.pop()


def example_of(name: str, graph: Graph) -> dict[str, tuple[str, str]]:
    query = CATALOGUE.get(name)
    return values_of(query, query.example, graph)


def body_of(query: QueryFile) -> str:
    return "\n".join(line for line in query.text.splitlines() if not line.startswith("#+"))


def test_there_are_enough_questions_and_the_main_ones_keep_their_columns():
    """Views and pages rely on names and columns of the main queries."""
    found = {name: " ".join(column.name for column in CATALOGUE.get(name).columns) for name in CONTRACT}

    assert len(CATALOGUE) >= 36
    assert found == CONTRACT


@pytest.mark.parametrize("name", NAMES)
def test_the_header_is_complete(name):
    """A summary in each of the four languages, no two alike; each parameter has words and an example."""
    query = CATALOGUE.get(name)

    assert sorted(query.summary) == sorted(LANGUAGES)
    assert len(set(query.summary.values())) == len(LANGUAGES)
    assert query.tags
    assert all(parameter.description and parameter.example for parameter in query.parameters)
    assert all(parameter.scheme or parameter.type != "iri" or parameter.name in ("of", "record", "class")
               for parameter in query.parameters)  # fmt: skip
    assert all(len(line) <= 110 for line in query.text.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_the_variables_and_come_first(name):
    """Every parameter variable is declared, and the columns begin with the parameters in their order."""
    query = CATALOGUE.get(name)
    used = set(re.findall(r"\?(__?[a-z][a-z0-9_]*_(?:iri|integer|date|literal|en|es|fr|pt))\b", body_of(query)))
    declared = [variable for parameter in query.parameters for variable in parameter.variables]

    assert used == set(declared)
    assert query.form != "SELECT" or list(query.variables)[: len(declared)] == declared


@pytest.mark.parametrize("name", NAMES)
def test_it_is_plain_sparql_for_another_parser(name):
    """The reference engine parses the file as it stands."""
    assert prepared(CATALOGUE.get(name).text)


@pytest.mark.parametrize("name", NAMES)
def test_it_names_nothing_of_one_programme(name, whole):
    """The same file serves another programme: no country, axis, body or programme stands in it."""
    body = body_of(CATALOGUE.get(name))
    words = " ".join(re.findall(r"[\w'’.-]+", body.casefold()))

    assert not re.search(rf"{re.escape(ID)}(?!concept/>)", body)
    assert [own for own in names_of_one_programme(whole) if f" {own} " in f" {words} "] == []


def names_of_one_programme(graph: Graph) -> set[str]:
    own = ("Country", "TransversalAxis", "Component", "Institution", "RegionalOrganisation", "Programme", "Partner")
    members = (row for kind in own for row in graph.ask("vocabulary/members", {"_of_iri": ("iri", ELP + kind)}))
    names = {cell[1].casefold() for row in members for cell in (row[2], row[4]) if cell}
    return {name for name in names if len(name) > 2}


@pytest.mark.parametrize("name", NAMES)
def test_its_example_gives_rows(name, whole):
    """What the documentation shows is not empty."""
    assert whole.ask(name, example_of(name, whole))


@pytest.mark.parametrize("engine_case", ["example", "unbound"])
@pytest.mark.parametrize("name", NAMES)
def test_two_engines_give_equal_rows(name, engine_case, whole, part):
    """Order aside: bound over the whole graph, unbound over a part of it that has an answer."""
    if engine_case == "unbound" and name in SLOW_UNBOUND:
        pytest.skip("too slow for the reference engine")
    graph, values = (whole, example_of(name, whole)) if engine_case == "example" else (part, {})
    if not graph.ask(name, values):
        graph = whole

    ours, theirs = graph.ask(name, values), graph.ask(name, values, "rdflib")

    if CATALOGUE.get(name).form == "CONSTRUCT":
        assert set(ours) == set(theirs)
    else:
        assert Counter(ours) == Counter(theirs)


@pytest.mark.parametrize("engine_case", ["example", "unbound"])
@pytest.mark.parametrize("name", SELECTS)
def test_its_order_has_no_ties_and_does_not_depend_on_storage(name, engine_case, whole, backwards):
    """No two rows have equal sort keys, and a graph stored in another order gives the same rows in that order."""
    query = CATALOGUE.get(name)
    values = example_of(name, whole) if engine_case == "example" else {}
    rows = whole.ask(name, values)
    keys = Counter(sort_keys(query, rows))

    assert [key for key, count in keys.items() if count > 1] == []
    assert backwards.ask(name, values) == rows


def sort_keys(query: QueryFile, rows: Iterable[tuple[Cell, ...]]) -> Iterator[tuple[str, ...]]:
    """What ORDER BY compares, without languages and datatypes unless it asks for the language."""
    order = query.text[query.text.rindex("\nORDER BY ") :]
    named = [v for v in re.findall(r"\?(\w+)", order) if v in query.variables]
    places = [list(query.variables).index(variable) for variable in dict.fromkeys(named)]
    languages = "LANG(" in order
    for row in rows:
        yield tuple("" if row[p] is None else str(row[p] if languages else row[p][1]) for p in places)


def test_a_question_bound_is_the_same_question_unbound_and_filtered(whole):
    """A parameter that the pattern binds selects rows: none are lost and none added."""
    everything = whole.table("institutions/by-axis", {})
    query = CATALOGUE.get("institutions/by-axis")
    asked = whole.table("institutions/by-axis", values_of(query, {"axis": "gender", "country": "CR"}, whole))

    assert asked == [row for row in everything if row["axis"] == "gender" and row["country"] == "CR"]


@pytest.mark.parametrize("engine", ["oxigraph", "rdflib"])
@pytest.mark.parametrize("year", MATRIX)
def test_the_matrix_has_the_figures_of_the_tables(year, engine, whole):
    """All 90 cells of country × axis are right, for the plan's year and for today."""
    values = values_of(CATALOGUE.get("coverage/matrix"), {"as_of": year}, whole)
    rows = whole.table("coverage/matrix", values, engine)
    cells = {(row["country"], row["axis"]): int(row["institutions"]) for row in rows}

    assert len(rows) == 90
    assert cells == {(c, a): n for c, counts in MATRIX[year].items() for a, n in zip(AXES, counts, strict=True)}


@pytest.mark.parametrize("year", MATRIX)
def test_the_answer_lists_what_the_matrix_counts(year, whole):
    """institutions/by-axis names as many institutions per country and axis as the matrix says."""
    values = values_of(CATALOGUE.get("institutions/by-axis"), {"as_of": year}, whole)
    found = defaultdict(set)
    for row in whole.table("institutions/by-axis", values):
        found[row["country"], AXES.index(row["axis"])].add(row["institution"])
    counted = {c: tuple(len(found[c, a]) for a in range(len(AXES))) for c in MATRIX[year]}

    assert counted == MATRIX[year]


@pytest.mark.parametrize(("year", "component"), COMPONENT_TOTALS)
def test_the_matrix_of_one_component_counts_its_institutions_alone(year, component, whole):
    """Asked for a component, all cells stay, only its institutions count, and the grid of components agrees."""
    values = values_of(CATALOGUE.get("coverage/matrix"), {"as_of": year, "component": component}, whole)
    counts = [int(row["institutions"]) for row in whole.table("coverage/matrix", values)]
    grid = [int(row["institutions"]) for row in whole.table("coverage/components", values)]

    assert len(counts) == 90
    assert sum(counts) == COMPONENT_TOTALS[year, component]
    assert grid == counts


@pytest.mark.parametrize("country", ROADMAP_EVENTS)
def test_a_roadmap_has_every_event_of_its_country_once(country, whole):
    """Events held there, with its participation, with one of its institutions, or for all."""
    values = values_of(CATALOGUE.get("roadmaps/events"), {"country": country}, whole)
    events = [row["event"] for row in whole.table("roadmaps/events", values)]

    assert len(events) == len(set(events)) == ROADMAP_EVENTS[country]


def test_a_roadmap_as_rdf_holds_all_that_its_tables_show(whole):
    """Every record, evidence and source that the roadmap's queries name is in its graph, in both engines."""
    values = values_of(CATALOGUE.get("roadmaps/graph"), {"country": "VE"}, whole)
    triples = whole.ask("roadmaps/graph", values)
    subjects = {triple[0] for triple in triples}
    columns = [column.name for column in CATALOGUE.get("roadmaps/evidence").columns]
    shown = [dict(zip(columns, row, strict=True)) for row in whole.ask("roadmaps/evidence", values)]

    assert {row[name] for row in shown for name in ("record", "evidence", "source")} <= subjects
    assert set(triples) == set(whole.ask("roadmaps/graph", values, "rdflib"))


def test_changes_between_two_years_explain_the_difference_of_the_matrix(whole):
    """Cell by cell: mandates in force earlier, plus the new ones, minus the ended ones, are those in force later."""
    values = values_of(CATALOGUE.get("institutions/changes"), {"before": "2018", "after": "2026"}, whole)
    rows = whole.table("institutions/changes", values)
    moved: Counter[tuple[str, str]] = Counter()
    for country, axis, _, what in {(row["country"], row["axis"], row["mandate"], row["what"]) for row in rows}:
        moved[country, axis] += 1 if what == "new" else -1
    expected = {
        (country, axis): MATRIX["2026"][country][place] - MATRIX["2018"][country][place]
        for country in MATRIX["2018"]
        for place, axis in enumerate(AXES)
    }

    assert {cell: moved[cell] for cell in expected} == expected


# Dates of every precision on both sides: when a body began and ended, the time asked about, and the answer,
# worked out by hand: C certain, P possible, N not yet, E ended.
WORDS = {"C": "certain", "P": "possible", "N": "not-yet", "E": "ended"}
BODIES = {
    "since-day": ("2018-06-15", ""),
    "since-month": ("2018-06", ""),
    "since-year": ("2018", ""),
    "until-day": ("", "2020-02-29"),
    "until-month": ("", "2020-02"),
    "until-year": ("", "2020"),
    "both": ("2018-12", "2020"),
    "open": ("", ""),
}
EXPECTED = {
    "since-day": "2017:N 2018:C 2018-05:N 2018-06:C 2018-07:C 2018-06-14:N 2018-06-15:C 2018-06-16:C",
    "since-month": "2017:N 2018:C 2018-05:N 2018-06:C 2018-05-31:N 2018-06-01:P 2018-06-29:P 2018-06-30:C",
    "since-year": "2017:N 2018:C 2018-01:P 2018-11:P 2018-12:C 2017-12-31:N 2018-01-01:P 2018-12-30:P 2018-12-31:C",
    "until-day": "2019:C 2020:C 2021:E 2020-02:C 2020-03:E 2020-02-28:C 2020-02-29:C 2020-03-01:E",
    "until-month": "2020:C 2021:E 2020-01:C 2020-02:C 2020-03:E 2020-02-01:C 2020-02-02:P 2020-02-29:P 2020-03-01:E",
    "until-year": "2020:C 2021:E 2020-01:C 2020-02:P 2021-01:E 2020-01-01:C 2020-01-02:P 2020-12-31:P 2021-01-01:E",
    "both": "2018:C 2019:C 2020:C 2021:E 2018-11:N 2018-12:C 2018-12-30:P 2018-12-31:C 2019-06-15:C 2020-02:P",
    "open": "1900:C 2018:C 2018-06:C 2100-12-31:C",
}
DATE_CASES = [(body, *case.split(":")) for body, cases in EXPECTED.items() for case in cases.split()]


def written(date: str) -> str:
    kind = {4: "gYear", 7: "gYearMonth", 10: "date"}[len(date)]
    return f'"{date}"^^xsd:{kind}'


def body_turtle(body: str, since: str, until: str) -> str:
    dates = "".join(f" {name} {written(date)} ;" for name, date in (("elp:since", since), ("elp:until", until)) if date)
    return f"""
        institution:{body} a elp:Institution ; skos:prefLabel "{body}"@es ;{dates}
            elp:country country:XX ; elp:kind concept:other .
        mandate:{body} a elp:Mandate ; elp:holder institution:{body} ; elp:axis axis:one ;
            elp:evidence evidence:{body} .
        evidence:{body} a elp:Evidence ; elp:source source:page ; elp:certainty concept:checked .
    """


@pytest.fixture(scope="module")
def small(literals_as_written: None) -> Graph:
    """One country, one axis, and a body for each precision of its beginning and end."""
    prefixes = "\n".join(f"@prefix {name}: <{iri}> ." for name, iri in PREFIXES.items())
    frame = """
        country:XX a elp:Country ; elp:isoAlpha2 "XX" .
        axis:one a elp:TransversalAxis ; elp:order 1 .
        source:page a elp:Source ; dcterms:title "Page" .
    """
    bodies = "".join(body_turtle(body, *dates) for body, dates in BODIES.items())
    return both(graph_of(turtle=prefixes + frame + bodies))


@pytest.mark.parametrize("engine", ["oxigraph", "rdflib"])
@pytest.mark.parametrize(("body", "as_of", "expected"), DATE_CASES)
def test_dates_of_every_precision_are_compared_soundly(body, as_of, expected, engine, small):
    """Year, month and day on both sides: certain, possible, not yet, ended; the queries agree."""
    days = parse_period(as_of, parameter="as_of")
    period = {f"__as_of_{end}_date": ("date", day.isoformat()) for end, day in zip(("from", "to"), days, strict=True)}
    country = {"_country_iri": ("iri", PREFIXES["country"] + "XX")}

    mandates = small.table("roadmaps/mandates", {**period, **country}, engine)
    inside = small.table("institutions/by-axis", period, engine)
    outside = small.table("institutions/left-out", period, engine)
    counted = small.table("coverage/matrix", period, engine)

    stated = {row["mandate"]: row["in_force"] for row in mandates}
    assert stated[body] == WORDS[expected]
    assert {row["mandate"]: row["in_force"] for row in inside + outside} == stated
    assert {row["in_force"] for row in inside} <= {"certain", "possible"}
    assert [row["institutions"] for row in counted] == [str(len(inside))]


def frame(mandates: str) -> str:
    """One country and two axes, with mandates in Turtle."""
    prefixes = "\n".join(f"@prefix {name}: <{iri}> ." for name, iri in PREFIXES.items())
    return f"""{prefixes}
        country:XX a elp:Country .
        axis:one a elp:TransversalAxis ; elp:order 1 . axis:two a elp:TransversalAxis ; elp:order 2 .
        source:page a elp:Source ; dcterms:title "Page" .
        evidence:all a elp:Evidence ; elp:source source:page ; elp:certainty concept:checked .
        {mandates}
    """


def mandates_at_random(chance: random.Random) -> str:
    """Institutions with up to four mandates that overlap, follow each other or leave a pause, of every precision."""
    text = ""
    for body in range(12):
        text += f'institution:b{body} a elp:Institution ; skos:prefLabel "{body}"@es ; elp:country country:XX ;'
        text += " elp:kind concept:other .\n"
        for turn in range(chance.randint(1, 4)):
            days = sorted(date_at_random(chance) for _ in range(2))
            dates = [day[: chance.choice((0, 4, 7, 10, 10))] for day in days]
            said = [
                f"elp:{name} {written(date)} ;" for name, date in zip(("since", "until"), dates, strict=True) if date
            ]
            axis = chance.choice(("one", "one", "two"))
            text += f"""mandate:b{body}-{turn} a elp:Mandate ; elp:holder institution:b{body} ; elp:axis axis:{axis} ;
                {" ".join(said)} elp:evidence evidence:all .\n"""
    return text


def date_at_random(chance: random.Random) -> str:
    return f"{chance.randint(2010, 2014)}-{chance.choice(('01', '02', '12'))}-{chance.choice(('01', '02', '28'))}"


@pytest.mark.parametrize("seed", range(6))
def test_steps_count_what_the_mandates_say(seed):
    """At any time, also before all mandates and after them, and however one body's mandates lie to each other."""
    chance = random.Random(seed)
    graph = Graph(graph_of(turtle=frame(mandates_at_random(chance))), rdflib.Graph())
    times = ["", "1900", "2100", *(date_at_random(chance)[: chance.choice((4, 7, 10, 10))] for _ in range(40))]
    for as_of in times:
        values = values_of(CATALOGUE.get("coverage/matrix"), {"as_of": as_of}, graph)
        listed = {(row["axis"], row["institution"]) for row in graph.table("institutions/by-axis", values)}
        counted = {row["axis"]: int(row["institutions"]) for row in graph.table("coverage/matrix", values)}

        assert counted == {axis: sum(each == axis for each, _ in listed) for axis in ("one", "two")}, as_of
