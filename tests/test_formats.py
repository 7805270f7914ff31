"""Formats: views, results and statements as bytes, read back by parsers that are not ours."""

import csv
import io
import json

import pytest
import rdflib
from pyld import jsonld as pyld
from rdflib.compare import isomorphic

from graph_service import formats, views
from graph_service.catalogue import read_query
from graph_service.errors import MalformedValue
from graph_service.release import Result
from graph_service.terms import ELP, PREFIXES, RDF_LANG_STRING, RDF_TYPE, RDFS, XSD, Iri, Literal, record_iri

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # of rdflib's own readers

PERU, CHILE = record_iri("country", "PE"), record_iri("country", "CL")
CORRUPTION, GENDER = record_iri("axis", "corruption"), record_iri("axis", "gender")
CHECKED = record_iri("concept", "checked")
SEED, PAGE = record_iri("source", "seed"), record_iri("source", "page")


def number(text, kind="integer"):
    return Literal(text, datatype=XSD + kind)


def read_csv(data):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def name(iri, language):
    """The names of a small graph."""
    names = {PERU: "Peru", CORRUPTION: "Corruption", GENDER: "Gender", CHECKED: "seen in the source"}
    return names.get(iri, "") if language == "en" else ""


# Tables

QUERY = """#+ summary: {en: Seats, es: Sedes, fr: Sièges, pt: Sedes}
#+ params:
#+   country: {in: elp:Country, example: PE, description: the country}
#+ columns:
#+   record: iri, any record
#+   name: text, its name
#+   count: integer, how many
#+   lat: decimal, degrees north
#+   open: boolean, whether it is open
#+   since: date, from when
#+   source: iri, who says so
#+   source_title: text, its title
#+   source_url: text, its address
SELECT ?__country_iri ?record ?name ?count ?lat ?open ?since ?source ?source_title ?source_url
WHERE { ?record ?name ?count , ?lat , ?open , ?since , ?source , ?source_title , ?source_url , ?__country_iri }
ORDER BY ?__country_iri ?record ?name ?count ?lat ?open ?since ?source ?source_title ?source_url
"""
FULL_ROW = {
    "country": PERU,
    "record": record_iri("institution", "pe-mp"),
    "name": Literal('Ministerio "Público", Lima', "es"),
    "count": number("3"),
    "lat": number("-12.04318", "decimal"),
    "open": Literal("true", datatype=XSD + "boolean"),
    "since": number("2018-06", "gYearMonth"),
    "source": PAGE,
    "source_title": Literal("A page"),
    "source_url": Iri("https://www.example.org/?a=1;b=2"),
}


@pytest.fixture
def result():
    """Two rows of one source, the second with open cells."""
    query = read_query("seats/all", QUERY, file="seats/all.rq")
    poor = {"country": PERU, "record": Iri("http://example.org/x"), "source": PAGE, "name": Literal("=1+1")}
    return Result(query, {"country": "PE"}, query.columns, (FULL_ROW, poor))


def test_csv_has_a_header_crlf_and_codes(result):
    """RFC 4180: quotes doubled, lines end with CR LF; records are slugs, the record of any kind a whole IRI."""
    data = formats.table_csv(result)

    lines = data.decode().split("\r\n")
    assert lines[0] == "country,record,name,count,lat,open,since,source,source_title,source_url"
    assert lines[1] == (
        'PE,https://w3id.org/elpaccto/id/institution/pe-mp,"Ministerio ""Público"", Lima",'
        "3,-12.04318,true,2018-06,page,A page,https://www.example.org/?a=1;b=2"
    )
    assert lines[3] == ""


def test_csv_leaves_open_cells_empty_and_values_exact(result):
    """What a spreadsheet would run as a formula stays as it is: programs read this too."""
    rows = read_csv(formats.table_csv(result))

    assert rows[2] == ["PE", "http://example.org/x", "=1+1", "", "", "", "", "page", "", ""]


def test_json_of_a_table_says_what_was_asked_and_types_its_cells(result):
    """The keys of the contract; numbers and booleans typed, open cells null."""
    links = {"csv": "/queries/seats/all.csv"}

    document = json.loads(formats.table_json(result, 7, "2018", links))

    assert list(document) == [
        "query", "release", "as_of", "parameters", "columns", "rows", "count", "sources", "links",
    ]  # fmt: skip
    assert (document["query"], document["release"], document["as_of"]) == ("seats/all", 7, "2018")
    assert document["parameters"] == {"country": "PE"}
    assert document["columns"][3] == {"name": "count", "type": "integer"}
    first, second = document["rows"]
    assert (first["country"], first["count"], first["lat"], first["open"]) == ("PE", 3, -12.04318, True)
    assert first["since"] == "2018-06"
    assert (second["lat"], second["source"]) == (None, "page")
    assert (document["count"], document["links"]) == (2, links)


def test_json_of_a_table_lists_each_source_once(result):
    """With title and address, from the first row that names it."""
    document = json.loads(formats.table_json(result, 7, None, {}))

    assert document["sources"] == [
        {"source": "page", "iri": str(PAGE), "title": "A page", "url": "https://www.example.org/?a=1;b=2"}
    ]


def test_csv_and_json_have_the_same_columns(result):
    """One order, one set of names."""
    document = json.loads(formats.table_json(result, 7, None, {}))

    header = read_csv(formats.table_csv(result))[0]
    assert header == [column["name"] for column in document["columns"]] == list(document["rows"][0])


def test_a_number_that_json_cannot_hold_stays_text(result):
    """No NaN and no guess in JSON."""
    rows = tuple({"count": value} for value in (number("many"), number("NaN", "double"), number("007")))
    odd = Result(result.query, {}, result.columns, rows)

    document = json.loads(formats.table_json(odd, 1, None, {}))

    assert [row["count"] for row in document["rows"]] == ["many", "NaN", 7]


def test_a_code_that_is_not_the_slug_can_be_given(result):
    """Where addresses use another code, tables can too."""
    data = formats.table_csv(result, code=lambda iri: "604" if iri == PERU else formats.slug_of(iri))

    assert read_csv(data)[1][0] == "604"


# Views


def citation(source=PAGE, quote=None):
    words = Literal(quote, "fr") if quote else None
    meant = Literal("thirteen countries", "en") if quote else None
    evidence = record_iri("evidence", f"e-{source.rpartition('/')[2]}")
    return views.Citation(evidence, source, "A page", None, "https://x.org/1", "fr", None, words, meant, CHECKED, ())


def mandate(in_force="certain"):
    return views.Mandate(
        iri=record_iri("mandate", "pe-mp-corruption"),
        institution=record_iri("institution", "pe-mp"),
        name=Literal("Ministerio Público", "es"),
        acronym="MP",
        country=PERU,
        axis=CORRUPTION,
        kind=record_iri("concept", "public-prosecutor"),
        components=(record_iri("component", "judicial"),),
        period=views.Period(Literal("1981", datatype=XSD + "gYear"), None),
        basis=Literal("Prosecutes.", "en"),
        in_force=in_force,
        citations=(citation(SEED, "treize pays"), citation(PAGE)),
    )


@pytest.fixture
def roadmap():
    """A roadmap with one of each thing."""
    period = views.Period(Literal("2018-03", datatype=XSD + "gYearMonth"), None)
    event = views.Event(
        iri=record_iri("event", "launch"), kind=record_iri("concept", "launch"), period=period,
        status=record_iri("concept", "announced"), city="Lima", country=PERU, for_all=False, link="held",
        axes=(CORRUPTION, GENDER), components=(), organisations=(), description=Literal("Opening.", "en"),
        note=None, citations=(citation(PAGE),),
    )  # fmt: skip
    change = views.Change(CORRUPTION, record_iri("institution", "pe-mp"), Literal("MP", "es"), "new", None, ())
    gap = views.Gap(record_iri("gap", "pe-gender"), PERU, GENDER, Literal("Closed.", "en"), (citation(PAGE),))
    statement = views.Statement(
        record_iri("statement", "s"), record_iri("concept", "scope-roadmap"), Literal("Said.", "en"), "18", None, None
    )
    return views.Roadmap(
        country=PERU, roadmap=record_iri("roadmap", "PE"), plan=record_iri("plan", "p"),
        programme=record_iri("programme", "pr"), facts={"iso3": "PER"}, identity=("http://w.org/Q419",),
        events=(event,), institutions=(), mandates=(mandate(),), mandates_then=(mandate("not-yet"),),
        changes=(change,), then="2018", as_of="2026", memberships=(), gaps=(gap,),
        gap_cells=(views.GapCell(PERU, GENDER, record_iri("component", "police")),), statements=(statement,),
        not_published=("requests",), citations=(citation(PAGE),),
        sources=(citation(SEED, "treize pays"), citation(PAGE)),
    )  # fmt: skip


def test_json_of_a_view_names_records_by_id_iri_and_label(roadmap):
    """Readable without knowing RDF: slugs, names, dates as text."""
    document = json.loads(formats.view_json(roadmap, 7, {"html": "/roadmaps/PE"}, name))

    assert list(document)[:3] == ["view", "release", "country"]
    assert (document["view"], document["release"]) == ("roadmap", 7)
    assert document["country"] == {"id": "PE", "iri": str(PERU), "label": "Peru"}
    event = document["events"][0]
    assert (event["id"], event["iri"]) == ("launch", str(record_iri("event", "launch")))
    assert event["period"] == {"start": "2018-03", "end": None, "precision": None, "inferred": False}
    assert [axis["label"] for axis in event["axes"]] == ["Corruption", "Gender"]
    assert document["facts"] == {"iso3": "PER"}
    assert document["not_published"] == ["requests"]
    assert document["links"] == {"html": "/roadmaps/PE"}


def test_json_of_a_view_has_each_statement_with_its_sources(roadmap):
    """Citations stand in what they support; the list of sources has the footnote numbers."""
    document = json.loads(formats.view_json(roadmap, 7, {}, name))

    said = document["mandates"][0]["citations"][0]
    assert said["source"] == {"id": "seed", "iri": str(SEED)}
    assert said["quote"] == {"value": "treize pays", "language": "fr"}
    assert said["translation"] == {"value": "thirteen countries", "language": "en"}
    assert [source["translation"] and source["translation"]["value"] for source in document["sources"]] == [
        "thirteen countries", None,
    ]  # fmt: skip
    assert said["certainty"]["label"] == "seen in the source"
    assert [(source["number"], source["source"]["id"]) for source in document["sources"]] == [(1, "seed"), (2, "page")]


def test_json_of_a_coverage_has_counts_by_code_and_totals():
    """Cells by country and axis, all of them."""
    counts = {(PERU, CORRUPTION): 3, (PERU, GENDER): 0}
    coverage = views.Coverage((PERU,), (CORRUPTION, GENDER), counts, None, "2018")

    document = json.loads(formats.view_json(coverage, 7, {}, name))

    assert document["counts"] == {"PE": {"corruption": 3, "gender": 0}}
    assert document["country_totals"] == {"PE": 3}
    assert document["axis_totals"] == {"corruption": 3, "gender": 0}
    assert document["component"] is None


def test_json_of_an_answer_tells_the_question_and_who_is_left_out():
    """In force, left out and the count of unrecorded starts."""
    answer = views.Answer({"axis": "corruption"}, "2018", (mandate(),), (mandate("ended"),), 0, (citation(PAGE),))

    document = json.loads(formats.view_json(answer, 7, {}, name))

    assert document["parameters"] == {"axis": "corruption"}
    assert document["mandates"][0]["name"] == {"value": "Ministerio Público", "language": "es"}
    assert document["left_out"][0]["in_force"] == "ended"
    assert document["start_not_recorded"] == 0


def test_json_of_a_record_names_properties_by_prefix():
    """Terms of the vocabularies are prefixed names with their IRI; the labels keep their language."""
    label = Iri(RDFS + "label")
    record = views.Record(
        PERU, (Iri(ELP + "Country"),), (views.Row(label, (Literal("Perú", "es"), CHILE)),), (), (label,), ()
    )

    document = json.loads(formats.view_json(record, 7, {}, name))

    assert document["types"] == [{"id": "elp:Country", "iri": ELP + "Country"}]
    assert document["rows"][0]["property"] == {"id": "rdfs:label", "iri": RDFS + "label"}
    assert document["rows"][0]["values"] == [
        {"value": "Perú", "language": "es"}, {"id": "CL", "iri": str(CHILE)},
    ]  # fmt: skip


def test_json_of_a_list_has_the_cells_of_its_table():
    """Rows by column, counted."""
    listing = views.Listing(("iri", "country", "count"), ({"iri": PERU, "country": PERU, "count": number("2")},))

    document = json.loads(formats.view_json(listing, 7, {}, name))

    assert document["rows"] == [{"iri": str(PERU), "country": "PE", "count": 2}]
    assert document["count"] == 1


def test_csv_of_a_roadmap_is_one_table_with_sections(roadmap):
    """One row per thing; several slugs of a cell are joined by a space."""
    table = read_csv(formats.view_csv(roadmap, name))

    header, rows = table[0], [dict(zip(table[0], row, strict=True)) for row in table[1:]]
    assert header == [
        "section", "record", "name", "kind", "axis", "component", "start", "end", "status", "status_then",
        "text", "certainty", "source", "url", "quote", "quote_translation",
    ]  # fmt: skip
    assert [row["section"] for row in rows] == [
        "country", "fact", "identity", "event", "mandate", "change", "gap", "gap-cell", "statement",
        "not-published", "source", "source",
    ]  # fmt: skip
    by_section = {row["section"]: row for row in rows}
    assert by_section["event"]["axis"] == "corruption gender"
    assert (by_section["event"]["start"], by_section["event"]["status"]) == ("2018-03", "announced")
    assert (by_section["mandate"]["status"], by_section["mandate"]["status_then"]) == ("certain", "not-yet")
    assert (by_section["mandate"]["source"], by_section["mandate"]["quote"]) == ("seed page", "treize pays")
    assert [row["quote_translation"] for row in rows if row["section"] in ("mandate", "source")] == [
        "thirteen countries", "thirteen countries", "",
    ]  # fmt: skip
    assert by_section["gap-cell"]["certainty"] == "derived"


def test_csv_of_a_coverage_has_one_row_per_cell():
    """Long form: the columns do not depend on the number of axes."""
    coverage = views.Coverage((PERU,), (CORRUPTION, GENDER), {(PERU, CORRUPTION): 3, (PERU, GENDER): 0}, None, "2018")

    rows = read_csv(formats.view_csv(coverage, name))

    assert rows == [["country", "axis", "institutions"], ["PE", "corruption", "3"], ["PE", "gender", "0"]]


def test_csv_of_a_record_tells_values_links_gaps_and_evidence_apart():
    """One row per value, with its language; where sources disagree, one per value and source."""
    label = Iri(RDFS + "label")
    record = views.Record(
        iri=PERU,
        types=(Iri(ELP + "Country"),),
        rows=(views.Row(label, (Literal("Perú", "es"),)),),
        incoming=(views.Incoming(record_iri("gap", "pe-gender"), Iri(ELP + "country")),),
        missing=(Iri(ELP + "m49"),),
        citations=(citation(SEED, "treize pays"),),
        readings=(
            views.Reading("13 countries", Literal("Thirteen.", "en"), record_iri("statement", "a"), (citation(SEED),)),
            views.Reading("14 countries", Literal("More.", "en"), record_iri("statement", "b"), (citation(PAGE),)),
        ),
    )

    rows = read_csv(formats.view_csv(record, name))

    assert rows[1:] == [
        ["statement", "rdf:type", "elp:Country", "", "", "", "", "", ""],
        ["statement", "rdfs:label", "Perú", "es", "", "", "", "", ""],
        ["incoming", "elp:country", "https://w3id.org/elpaccto/id/gap/pe-gender", "", "", "", "", "", ""],
        ["not-recorded", "elp:m49", "", "", "", "", "", "", ""],
        ["evidence", "", "", "", "checked", "seed", "https://x.org/1", "treize pays", "thirteen countries"],
        ["disagreement", "elp:value", "13 countries", "", "checked", "seed", "https://x.org/1", "", ""],
        ["disagreement", "elp:value", "14 countries", "", "checked", "page", "https://x.org/1", "", ""],
    ]


@pytest.mark.parametrize("kind", ["answer", "listing"])
def test_views_that_are_a_query_have_no_table_of_their_own(kind):
    """Their CSV is that of the query, byte for byte."""
    view = views.Answer({}, "2018", (), (), 0) if kind == "answer" else views.Listing((), ())

    with pytest.raises(TypeError, match="table_csv"):
        formats.view_csv(view, name)


# RDF

ROADMAP = record_iri("roadmap", "PE")
MANDATE, EVIDENCE = record_iri("mandate", "pe-mp-corruption"), record_iri("evidence", "m-1")
PROSECUTOR, LAUNCH = record_iri("institution", "pe-mp"), record_iri("event", "launch")
TYPE, LABEL = Iri(RDF_TYPE), Iri(RDFS + "label")


def elp(local):
    return Iri(ELP + local)


def words(text, language):
    return Literal(text, language, RDF_LANG_STRING)


TRIPLES = [
    (ROADMAP, TYPE, elp("Roadmap")),
    (ROADMAP, elp("country"), PERU),
    (PERU, TYPE, elp("Country")),
    (PERU, TYPE, Iri(PREFIXES["schema"] + "Country")),
    (PERU, LABEL, words("Peru", "en")),
    (PERU, LABEL, words("Pérou", "fr")),
    (PERU, elp("isoAlpha2"), Literal("PE")),
    (PERU, elp("m49"), Literal("604")),
    (PERU, elp("visited"), number("true", "boolean")),
    (PERU, Iri(PREFIXES["geo"] + "lat"), number("-12.04318", "decimal")),
    (PERU, Iri(PREFIXES["skos"] + "exactMatch"), Iri("http://www.wikidata.org/entity/Q419")),
    (PERU, elp("hasInstitution"), PROSECUTOR),
    (PROSECUTOR, TYPE, elp("Institution")),
    (PROSECUTOR, LABEL, words('Ministerio "Público"\nLima \\ Perú\t', "es")),
    (PROSECUTOR, elp("country"), PERU),
    (PROSECUTOR, elp("since"), number("1981", "gYear")),
    (PROSECUTOR, elp("evidence"), EVIDENCE),
    (MANDATE, TYPE, elp("Mandate")),
    (MANDATE, elp("holder"), PROSECUTOR),
    (MANDATE, elp("axis"), CORRUPTION),
    (MANDATE, elp("evidence"), EVIDENCE),
    (EVIDENCE, elp("source"), SEED),
    (EVIDENCE, elp("quote"), words("treize pays", "fr")),
    (EVIDENCE, elp("supports"), elp("since")),
    (SEED, Iri(PREFIXES["dcterms"] + "title"), Literal("Seed")),
    (SEED, Iri(PREFIXES["dcterms"] + "date"), number("2017-12", "gYearMonth")),
    (LAUNCH, TYPE, elp("Event")),
    (LAUNCH, elp("onRoadmap"), ROADMAP),
    (LAUNCH, elp("start"), number("2018-03-01", "date")),
    (LAUNCH, elp("order"), number("5")),
    (CHILE, LABEL, words("Chile", "en")),
    (CHILE, elp("neighbour"), CHILE),
]
CONTEXT = {
    "@version": 1.1,
    "elp": ELP,
    "rdfs": str(RDFS),
    "xsd": str(XSD),
    "dcterms": PREFIXES["dcterms"],
    "id": "@id",
    "type": "@type",
    "Roadmap": "elp:Roadmap",
    "label": {"@id": "rdfs:label", "@container": "@language"},
    "country": {"@id": "elp:country", "@type": "@id"},
    "institutions": {"@id": "elp:hasInstitution", "@type": "@id", "@container": "@set"},
    "mandates": {"@reverse": "elp:holder", "@type": "@id", "@container": "@set"},
    "events": {"@reverse": "elp:onRoadmap", "@type": "@id", "@container": "@set"},
    "evidence": {"@id": "elp:evidence", "@type": "@id"},
    "source": {"@id": "elp:source", "@type": "@id"},
    "since": {"@id": "elp:since", "@type": "xsd:gYear"},
    "visited": {"@id": "elp:visited", "@type": "xsd:boolean"},
    "order": {"@id": "elp:order", "@type": "xsd:integer"},
}


def parsed(data, form):
    return rdflib.Graph().parse(data=data, format=form)


def expected():
    """The statements as rdflib reads them from N-Triples written by hand rules, one term at a time."""
    graph = rdflib.Graph()
    for subject, predicate, value in TRIPLES:
        if isinstance(value, Iri):
            term = rdflib.URIRef(value)
        elif value.language:
            term = rdflib.Literal(value.value, lang=value.language)
        else:
            plain = value.datatype == XSD + "string"
            term = rdflib.Literal(value.value, datatype=None if plain else rdflib.URIRef(value.datatype))
        graph.add((rdflib.URIRef(subject), rdflib.URIRef(predicate), term))
    return graph


WRITERS = {
    "turtle": lambda triples: formats.turtle(triples),
    "nt": lambda triples: formats.graph_bytes(triples, "nt", {}),
    "xml": lambda triples: formats.graph_bytes(triples, "rdf", {}),
    "json-ld": lambda triples: formats.jsonld(triples, CONTEXT, ROADMAP),
}


@pytest.mark.parametrize("form", WRITERS)
def test_statements_survive_every_format(form):
    """Languages, datatypes, quotes and line ends come back as they were, read by rdflib."""
    assert isomorphic(parsed(WRITERS[form](TRIPLES), form), expected())


@pytest.mark.parametrize("form", WRITERS)
def test_the_same_statements_give_the_same_bytes(form):
    """Whatever their order, and however often they are said."""
    assert WRITERS[form](TRIPLES) == WRITERS[form]([*reversed(TRIPLES), TRIPLES[0]])


def test_turtle_has_one_block_per_record_and_only_the_prefixes_it_uses():
    """People read it, and a diff shows facts."""
    text = formats.turtle(TRIPLES).decode()

    assert text.count("country:PE a ") == 1
    assert "@prefix void:" not in text
    assert "@prefix elp: <https://w3id.org/elpaccto/ontology#> ." in text


def test_ntriples_are_sorted_lines():
    """One statement per line, in byte order, as the specification escapes them."""
    lines = formats.graph_bytes(TRIPLES, "nt", {}).decode().splitlines()

    assert lines == sorted(lines)
    assert len(lines) == len(TRIPLES)
    assert any('"Ministerio \\"Público\\"\\nLima \\\\ Perú\\t"@es' in line for line in lines)


def test_xml_names_foreign_properties_too():
    """Namespaces without a prefix of ours get one; line ends of any kind come back."""
    triples = [
        (PERU, Iri("http://b.example/ns/x"), Literal("a\r\nb\r<&>\"'")),
        (PERU, Iri("http://a.example/ns#x.y-1"), Iri("http://example.org/?a=1&b=2")),
    ]

    graph = parsed(formats.graph_bytes(triples, "rdf", {}), "xml")

    assert {str(value) for value in graph.objects()} == {"a\r\nb\r<&>\"'", "http://example.org/?a=1&b=2"}
    assert {str(name) for name in graph.predicates()} == {"http://b.example/ns/x", "http://a.example/ns#x.y-1"}


def test_jsonld_read_by_pyld_is_the_turtle():
    """An independent processor finds the same statements, with languages and datatypes."""
    document = json.loads(formats.jsonld(TRIPLES, CONTEXT, ROADMAP))

    quads = pyld.to_rdf(document, {"format": "application/n-quads", "documentLoader": refuse})

    assert parsed(quads, "nt").isomorphic(parsed(formats.turtle(TRIPLES), "turtle"))
    assert sorted(quads.splitlines()) == formats.graph_bytes(TRIPLES, "nt", {}).decode().splitlines()


def refuse(url, options):
    raise AssertionError(f"fetched {url}")


def test_jsonld_begins_with_the_root_and_nests_each_record_once():
    """The roadmap, in it the country, in it its institutions and their mandates; again only by IRI."""
    whole = json.loads(formats.jsonld([triple for triple in TRIPLES if triple[0] != CHILE], CONTEXT, ROADMAP))

    assert list(whole)[:3] == ["@context", "id", "type"]
    assert (whole["id"], whole["type"]) == (str(ROADMAP), "Roadmap")
    country = whole["country"]
    assert country["label"] == {"en": "Peru", "fr": "Pérou"}
    assert country["visited"] is True
    prosecutor = country["institutions"][0]
    assert prosecutor["country"] == str(PERU)
    assert prosecutor["evidence"]["source"]["dcterms:title"] == "Seed"
    assert prosecutor["mandates"][0]["evidence"] == str(EVIDENCE)
    assert "elp:holder" not in prosecutor["mandates"][0]
    assert whole["events"][0]["order"] == 5


def test_jsonld_keeps_what_the_root_does_not_reach():
    """Nothing is lost: other records follow in the graph."""
    document = json.loads(formats.jsonld(TRIPLES, CONTEXT, ROADMAP))

    assert [node["id"] for node in document["@graph"]] == [str(ROADMAP), str(CHILE)]


def test_jsonld_without_a_root_puts_all_records_side_by_side():
    """As many nodes as subjects, none nested."""
    document = json.loads(formats.jsonld(TRIPLES, CONTEXT))

    assert len(document["@graph"]) == len({subject for subject, _, _ in TRIPLES})
    assert isomorphic(parsed(json.dumps(document), "json-ld"), expected())


def test_jsonld_carries_its_context_and_never_fetches_one():
    """No reader has to go elsewhere; a context that would is refused."""
    document = json.loads(formats.jsonld(TRIPLES, {"@context": CONTEXT}, ROADMAP))

    assert document["@context"] == CONTEXT
    with pytest.raises(ValueError, match="not whole"):
        formats.jsonld(TRIPLES, {"@context": "https://example.org/context.jsonld"}, ROADMAP)


def test_no_statement_gives_an_empty_document_in_every_format():
    """Nothing is still well-formed."""
    for form, write in WRITERS.items():
        assert len(parsed(write([]), form)) == 0


@pytest.mark.parametrize("suffix", ["ttl", "trig", "nt", "nq", "rdf", "jsonld"])
def test_a_suffix_names_an_rdf_format(suffix):
    """One door for the commands and the web; the context may be the bytes of its file."""
    form = {"ttl": "turtle", "nq": "nquads", "rdf": "xml", "jsonld": "json-ld"}.get(suffix, suffix)
    context = json.dumps({"@context": CONTEXT}).encode()

    found = rdflib.Dataset(default_union=True).parse(data=formats.graph_bytes(TRIPLES, suffix, context), format=form)

    assert len(found) == len(TRIPLES)


def test_a_suffix_that_is_no_format_is_refused_with_those_that_are(result):
    """Tables and graphs name their own formats."""
    with pytest.raises(MalformedValue, match="csv or json"):
        formats.table_bytes(result, "ttl", 1)
    with pytest.raises(MalformedValue, match="written as ttl, nt"):
        formats.graph_bytes(TRIPLES, "csv", {})


def test_a_roadmap_as_jsonld_is_its_turtle(release):
    """The real graph with the real context, read by rdflib and by pyld: the same statements."""
    country = release.members("elp:Country")[0].slug
    triples = release.construct("roadmaps/graph", {"country": country})
    context = json.loads(release.file("ontology/context.jsonld"))

    document = json.loads(formats.jsonld(triples, context, record_iri("roadmap", country)))

    quads = pyld.to_rdf(document, {"format": "application/n-quads", "documentLoader": refuse})
    assert sorted(quads.splitlines()) == formats.graph_bytes(triples, "nt", {}).decode().splitlines()
    in_turtle = set(parsed(formats.turtle(triples), "turtle"))
    assert set(parsed(json.dumps(document), "json-ld")) == in_turtle
    assert len(in_turtle) == len(triples) > 1000
