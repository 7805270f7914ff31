"""What programs read to find the data: VoID, DCAT-AP, service description, questions as a graph, CSVW, JSON Schema."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path

import jsonschema
import pyoxigraph
import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, RDFS, SH, VOID, XSD

from graph_service import describing, formats
from graph_service.errors import SettingError
from graph_service.settings import Settings, read_settings
from graph_service.terms import ELP

PROJECT = Path(__file__).resolve().parents[2]
BASE = "https://w3id.org/elpaccto/"
DATASET = rdflib.URIRef(BASE + "catalog#dataset")
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
SCHEMA = rdflib.Namespace("https://schema.org/")
HERE = "http://testserver"


def read(client, address: str, form: str = "turtle") -> rdflib.Graph:
    graph = rdflib.Graph()
    graph.parse(data=client.get(address).content, format=form)
    return graph


@pytest.fixture(scope="module")
def void(client) -> rdflib.Graph:
    return read(client, "/.well-known/void")


@pytest.fixture(scope="module")
def catalog(client) -> rdflib.Graph:
    return read(client, "/catalog")


@pytest.fixture(scope="module")
def quads(client) -> set[pyoxigraph.Quad]:
    return set(pyoxigraph.parse(client.get("/exports/elpaccto.nq").content, format=pyoxigraph.RdfFormat.N_QUADS))


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.parametrize("address", ["/.well-known/void", "/catalog"])
def test_a_description_says_the_same_in_every_format(client, address: str):
    """Turtle, N-Triples, RDF/XML and JSON-LD hold one graph, without blank nodes."""
    forms = (("ttl", "turtle"), ("nt", "nt"), ("rdf", "xml"), ("jsonld", "json-ld"))
    graphs = [set(read(client, f"{address}.{suffix}", form)) for suffix, form in forms]

    assert all(graph == graphs[0] for graph in graphs)
    assert not any(isinstance(term, rdflib.BNode) for triple in graphs[0] for term in triple)


# VoID


def test_the_parts_of_the_dataset_are_counted(void, quads):
    """Each class and property with its number, as counted here from the dump."""
    triples = {quad.triple for quad in quads}
    by_property: dict[str, int] = {}
    by_class: dict[str, set[str]] = {}
    for triple in triples:
        by_property[triple.predicate.value] = by_property.get(triple.predicate.value, 0) + 1
        if triple.predicate.value == str(RDF.type):
            by_class.setdefault(triple.object.value, set()).add(triple.subject.value)

    told = {
        str(void.value(part, VOID.property)): int(void.value(part, VOID.triples))
        for part in void.objects(DATASET, VOID.propertyPartition)
    }
    classes = {
        str(void.value(part, VOID["class"])): int(void.value(part, VOID.entities))
        for part in void.objects(DATASET, VOID.classPartition)
    }
    assert told == by_property
    assert classes == {name: len(members) for name, members in by_class.items()}
    assert int(void.value(DATASET, VOID.triples)) == len(triples)


def test_a_class_tells_which_properties_its_records_have(void, quads):
    """Down to class and property: how many mandates name their axis."""
    elp = rdflib.Namespace(BASE + "ontology#")
    (part,) = void.subjects(VOID["class"], elp.Mandate)
    counts = {
        void.value(each, VOID.property): int(void.value(each, VOID.triples))
        for each in void.objects(part, VOID.propertyPartition)
    }

    assert counts[elp.axis] == counts[elp.holder] == int(void.value(part, VOID.entities))


def test_every_named_graph_is_a_subset_that_can_be_fetched(client, void, quads):
    """With its own number of statements, and dumps that answer."""
    graphs = {quad.graph_name.value for quad in quads}

    subsets = {str(each) for each in void.objects(DATASET, VOID.subset)}
    assert subsets == graphs
    for graph in subsets:
        count = sum(quad.graph_name.value == graph for quad in quads)
        assert int(void.value(rdflib.URIRef(graph), VOID.triples)) == count
    for dump in [
        *void.objects(DATASET, VOID.dataDump),
        *void.objects(rdflib.URIRef(BASE + "graph/gaps"), VOID.dataDump),
    ]:
        assert client.head(str(dump).removeprefix(HERE)).status_code == 200
    assert void.value(DATASET, VOID.sparqlEndpoint) == rdflib.URIRef(f"{HERE}/sparql")


# DCAT


def test_the_catalog_has_what_data_portals_demand(catalog):
    """Properties of DCAT-AP 3: titles and descriptions in four languages, publisher, period, places."""
    (found,) = catalog.subjects(RDF.type, DCAT.Catalog)
    for thing in (found, DATASET):
        for name in (DCTERMS.title, DCTERMS.description):
            assert {text.language for text in catalog.objects(thing, name)} == {"en", "es", "fr", "pt"}
        publisher = catalog.value(thing, DCTERMS.publisher)
        assert (publisher, RDF.type, FOAF.Agent) in catalog and catalog.value(publisher, FOAF.name)
    assert set(catalog.objects(found, DCAT.dataset)) == {DATASET}
    period = catalog.value(DATASET, DCTERMS.temporal)
    start, end = catalog.value(period, DCAT.startDate), catalog.value(period, DCAT.endDate)
    assert start.datatype == end.datatype == XSD.date and str(start) < str(end)
    places = {str(place) for place in catalog.objects(DATASET, DCTERMS.spatial)}
    assert len(places) == 18
    assert all(place.startswith("http://publications.europa.eu/resource/authority/country/") for place in places)


def test_each_distribution_tells_size_and_checksum_of_its_file(client, catalog):
    """As a client counts them; media type as IANA names it, format as the EU does."""
    distributions = list(catalog.objects(DATASET, DCAT.distribution))

    assert len(distributions) == 8
    for each in distributions:
        address = str(catalog.value(each, DCAT.downloadURL)).removeprefix(HERE)
        content = client.get(address).content
        checksum = catalog.value(each, SPDX.checksum)
        size = catalog.value(each, DCAT.byteSize)
        assert int(size) == len(content) and size.datatype == XSD.nonNegativeInteger
        assert str(catalog.value(checksum, SPDX.checksumValue)) == hashlib.sha256(content).hexdigest()
        assert catalog.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
        assert str(catalog.value(each, DCAT.mediaType)).startswith("https://www.iana.org/assignments/media-types/")
        assert catalog.value(each, DCTERMS.license) and catalog.value(each, DCAT.accessURL)


def test_the_description_of_an_old_release_leads_to_its_files(client):
    """Asked for a release by number, size and checksum are those of the file at the address that is told."""
    for address in ("/catalog?release=1", "/.well-known/void?release=1"):
        graph = read(client, address)
        told = [*graph.objects(None, DCAT.downloadURL), *graph.objects(DATASET, VOID.dataDump)]

        assert told and all(str(each).endswith("?release=1") for each in told)
        assert client.head(str(told[0]).removeprefix(HERE)).status_code == 200


# SPARQL service description


def test_the_service_describes_its_dataset(release):
    """Endpoint, languages, formats; each named graph with its number of statements; the union only where it is one."""
    graph = rdflib.Graph()
    graph.parse(data=formats.turtle(describing.service_description(release, HERE)).decode(), format="turtle")
    service = rdflib.URIRef(f"{HERE}/sparql")

    assert graph.value(service, SD.endpoint) == service
    assert graph.value(service, SD.supportedLanguage) == SD.SPARQL11Query
    dataset = graph.value(service, SD.defaultDataset)
    names = {str(graph.value(each, SD.name)) for each in graph.objects(dataset, SD.namedGraph)}
    assert names == set(release.record.graphs)
    assert (service, SD.feature, SD.UnionDefaultGraph) in graph
    separate = describing.service_description(release, HERE, union=False)
    assert not any(str(value) == str(SD.UnionDefaultGraph) for _, _, value in separate)


# Questions


def test_each_question_is_an_executable_that_runs(client, release):
    """Texts in four languages; the query as it stands runs at the endpoint that it names; prefixes declared."""
    graph = read(client, "/queries.ttl")
    found = {str(each): each for each in graph.subjects(RDF.type, SH.SPARQLExecutable)}

    assert set(found) == {f"{BASE}queries#{query.name}" for query in release.catalogue}
    for query in release.catalogue:
        node = found[f"{BASE}queries#{query.name}"]
        kind = {"SELECT": SH.SPARQLSelectExecutable, "CONSTRUCT": SH.SPARQLConstructExecutable}[query.form]
        text = str(graph.value(node, {"SELECT": SH.select, "CONSTRUCT": SH.construct}[query.form]))
        assert (node, RDF.type, kind) in graph
        assert {word.language: str(word) for word in graph.objects(node, RDFS.label)} == dict(query.summary)
        assert [str(word) for word in graph.objects(node, RDFS.comment)] == [query.summary["en"]]
        assert str(graph.value(node, SCHEMA.target)) == f"{BASE}sparql"
        assert release.query_form(text) == query.form
        declared = {
            str(graph.value(each, SH.prefix)): str(graph.value(each, SH.namespace))
            for each in graph.objects(graph.value(node, SH.prefixes), SH.declare)
        }
        for prefix, space in re.findall(r"PREFIX (\w+): <([^>]+)>", text):
            assert declared[prefix] == space
    text = str(graph.value(found[f"{BASE}queries#axes/all"], SH.select))
    assert client.get("/sparql", params={"query": text, "format": "csv"}).status_code == 200


def test_editors_find_prefixes_examples_and_structure_at_the_endpoint(client, release):
    """What they ask an endpoint for when it is opened: declared prefixes, executables, VoID partitions."""

    def rows(query: str) -> list[dict[str, str]]:
        text = "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX void: <http://rdfs.org/ns/void#> " + query
        answer = client.get("/sparql", params={"query": text}, headers={"Accept": "application/sparql-results+json"})
        return [{k: v["value"] for k, v in row.items()} for row in answer.json()["results"]["bindings"]]

    prefixes = rows("SELECT DISTINCT ?prefix ?space { [] sh:namespace ?space ; sh:prefix ?prefix }")
    shown = rows("SELECT ?sq ?text { ?sq a sh:SPARQLExecutable ; sh:select|sh:ask|sh:construct|sh:describe ?text }")
    parts = rows("SELECT ?class ?property { ?part void:class ?class ; void:propertyPartition/void:property ?property }")

    assert {"prefix": "elp", "space": ELP} in prefixes
    assert len(shown) == len(release.catalogue)
    assert {"class": ELP + "Mandate", "property": ELP + "holder"} in parts
    assert {"class": ELP + "Institution", "property": ELP + "covers"} in parts


# CSV on the Web


@pytest.mark.parametrize("name", ["institutions/by-axis", "coverage/matrix", "events/all"])
def test_a_csv_is_described_column_by_column(client, name: str):
    """The CSV links to its description, which names that very address and the columns in their order."""
    answer = client.get(f"/queries/{name}.csv", params={"axis": "corruption"} if name != "coverage/matrix" else {})
    (address,) = re.findall(r'<([^>]+)>; rel="describedby"; type="application/csvm\+json"', answer.headers["Link"])
    told = client.get(address)
    body = told.json()
    header, *rows = csv.reader(io.StringIO(answer.text))

    assert told.headers["Content-Type"] == "application/csvm+json"
    assert body["url"] == str(answer.url).removeprefix(HERE)
    columns = body["tableSchema"]["columns"]
    assert [each["name"] for each in columns] == header == [each["titles"] for each in columns]
    assert rows
    for row in rows:
        for cell, column in zip(row, columns, strict=True):
            assert not cell or fits(cell, column["datatype"]), (column, cell)


def fits(cell: str, datatype: object) -> bool:
    """Whether a cell has the datatype that its column is said to have."""
    if isinstance(datatype, dict):
        return re.fullmatch(datatype["format"], cell) is not None
    return (
        re.fullmatch({"integer": r"-?\d+", "decimal": r"-?\d+(\.\d+)?", "string": r"(?s).*"}[datatype], cell)
        is not None
    )


def test_what_is_no_table_has_no_columns(client):
    """404 for an unknown question, and for one that answers with a graph."""
    assert client.get("/queries/coverage/matri.csv-metadata.json").status_code == 404
    assert client.get("/queries/roadmaps/graph.csv-metadata.json").status_code == 404
    assert client.get("/queries/coverage/matrix.csv-metadata.json?contry=PE").status_code == 422


# JSON Schema


def test_each_answer_in_json_is_as_the_api_says(client, release):
    """Every tabular question, asked with its examples and without its optional parameters, against its schema."""
    document = client.get("/openapi.json").json()
    asked = 0
    for query in release.catalogue:
        if query.form != "SELECT":
            continue
        media_types = document["paths"][f"/queries/{query.name}"]["get"]["responses"]["200"]["content"]
        schema = {**media_types["application/json"]["schema"], "components": document["components"]}
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        jsonschema.Draft202012Validator.check_schema(schema)
        needed = {each.name: each.example for each in query.parameters if each.required}
        for given in (query.example, needed):
            answer = client.get(f"/queries/{query.name}.json", params=given)
            if answer.status_code == 200:
                validator.validate(answer.json())
                asked += 1
    assert asked > 60


# Addresses


def test_the_base_url_moves_addresses_and_never_iris(home: Path, releases):
    """Behind a proxy: endpoint and downloads at the public address, dataset and graphs named as ever."""
    from starlette.testclient import TestClient

    from graph_service.web.app import create_app

    app = create_app(releases, Settings(home=home, project=PROJECT, base_url="https://data.example.org"))
    with TestClient(app) as client:
        void, catalog = read(client, "/.well-known/void"), read(client, "/catalog")
        page = client.get("/exports.html").text

    assert void.value(DATASET, VOID.sparqlEndpoint) == rdflib.URIRef("https://data.example.org/sparql")
    downloads = {str(each) for each in catalog.objects(None, DCAT.downloadURL)}
    assert all(each.startswith("https://data.example.org/exports/") for each in downloads)
    assert not any(HERE in str(term) for triple in (*void, *catalog) for term in triple)
    assert "https://data.example.org/matrix.csv" in page


@pytest.mark.parametrize("given", ["data.example.org", "https://data.example.org/", "ftp://x", "https://x/graph"])
def test_a_base_url_is_scheme_and_host_alone(given: str):
    """A path or a slash at the end is refused with an example."""
    with pytest.raises(SettingError, match=r"https://data\.example\.org"):
        read_settings({"GRAPH_SERVICE_BASE_URL": given})


def test_a_good_base_url_is_taken():
    assert read_settings({"GRAPH_SERVICE_BASE_URL": "https://data.example.org:8443"}).base_url.endswith(":8443")
