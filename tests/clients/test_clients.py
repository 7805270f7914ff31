"""Clients that nobody here wrote, against a real server."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore

COUNTRIES = "SELECT ?c WHERE { ?c a <https://w3id.org/elpaccto/ontology#Country> } ORDER BY ?c"
PERU = "https://w3id.org/elpaccto/id/country/PE"
CONSTRUCT = f"CONSTRUCT WHERE {{ <{PERU}> ?p ?o }}"
# the libraries warn of themselves: of what they will drop one day, and of sockets that they leave open
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def wrapper(origin: str):
    """SPARQLWrapper on the endpoint."""
    library = pytest.importorskip("SPARQLWrapper", reason="SPARQLWrapper is not installed")
    return library, library.SPARQLWrapper(f"{origin}/sparql")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("direct", [False, True])
def test_sparqlwrapper_reads_tables_as_json(wrapper, method: str, direct: bool):
    """By GET, by form and as it is."""
    library, client = wrapper
    client.setQuery(COUNTRIES)
    client.setMethod(method)
    client.setReturnFormat(library.JSON)
    if method == "POST":
        client.setRequestMethod(library.POSTDIRECTLY if direct else library.URLENCODED)

    found = client.queryAndConvert()

    assert len(found["results"]["bindings"]) == 18


@pytest.mark.parametrize("name", ["XML", "CSV", "TSV"])
def test_sparqlwrapper_reads_tables_in_other_formats(wrapper, name: str):
    """Its parameters `format`, `output` and `results` are understood."""
    library, client = wrapper
    client.setQuery(COUNTRIES)
    client.setReturnFormat(getattr(library, name))

    found = client.queryAndConvert()

    assert PERU in (found.toxml() if name == "XML" else found.decode())


@pytest.mark.parametrize("name", ["TURTLE", "RDFXML", "N3", "JSONLD"])
def test_sparqlwrapper_reads_graphs(wrapper, name: str):
    """CONSTRUCT in each format that it knows."""
    library, client = wrapper
    client.setQuery(CONSTRUCT)
    client.setReturnFormat(getattr(library, name))

    found = client.queryAndConvert()

    assert PERU in (found.serialize(format="nt") if isinstance(found, rdflib.Graph) else str(found))


def test_sparqlwrapper_sees_a_syntax_error(wrapper):
    """400 becomes its QueryBadFormed."""
    library, client = wrapper
    client.setQuery("SELECT")
    client.setReturnFormat(library.JSON)

    with pytest.raises(library.SPARQLExceptions.QueryBadFormed):
        client.query()


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_queries_through_its_sparql_store(origin: str, method: str):
    """A graph of rdflib over the endpoint: SELECT, ASK, CONSTRUCT and triple patterns."""
    graph = rdflib.Graph(SPARQLStore(f"{origin}/sparql", method=method))

    assert len(list(graph.query(COUNTRIES))) == 18
    assert graph.query(f"ASK {{ <{PERU}> ?p ?o }}").askAnswer is True
    assert len(graph.query(CONSTRUCT).graph) > 5
    assert (rdflib.URIRef(PERU), rdflib.RDF.type, None) in graph


def test_rdflib_writes_through_its_update_store(writable):
    """An update over its store is a release; the statement is there, and gone after it was removed."""
    store = SPARQLUpdateStore(
        f"{writable.origin}/sparql",
        f"{writable.origin}/update",
        headers={"Authorization": f"Bearer {writable.token}"},
    )
    graph = rdflib.URIRef("https://w3id.org/elpaccto/graph/notes")
    triple = (rdflib.URIRef("urn:x-note"), rdflib.RDFS.comment, rdflib.Literal("a note", lang="en"))
    data = rdflib.Graph(store, identifier=graph)
    ask = f'ASK {{ GRAPH <{graph}> {{ <urn:x-note> ?p "a note"@en }} }}'

    data.add(triple)
    after_adding = store.query(ask).askAnswer
    data.remove(triple)
    after_removing = store.query(ask).askAnswer

    assert (after_adding, after_removing) == (True, False)


def address(origin: str, path: str, **parameters: str) -> str:
    return f"{origin}{path}?{urlencode(parameters)}"


def test_pandas_reads_csv_and_json(origin: str):
    """Addresses go straight into read_csv and read_json."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    table = pandas.read_csv(address(origin, "/sparql", query=COUNTRIES, format="csv"))
    asked = pandas.read_csv(f"{origin}/queries/institutions/by-axis.csv?axis=corruption&country=PE")
    document = pandas.read_json(f"{origin}/queries/institutions/by-axis.json?axis=corruption&country=PE", typ="series")

    assert list(table.columns) == ["c"] and len(table) == 18
    assert len(asked) == len(document["rows"]) > 0
    assert list(asked.columns) == [each["name"] for each in document["columns"]]


def test_curl_reads_packed_answers_and_head(origin: str):
    """`--compressed`, `--head` and If-None-Match."""
    curl = shutil.which("curl") or pytest.skip("curl is not installed")
    where = address(origin, "/sparql", query="SELECT * { ?s ?p ?o } LIMIT 500", format="csv")

    def run(*options: str) -> bytes:
        return subprocess.run([curl, "--silent", "--fail", *options, where], check=True, capture_output=True).stdout

    plain, packed = run(), run("--compressed")
    raw = run("--header", "Accept-Encoding: gzip")
    head = _headers(run("--head", "--header", "Accept-Encoding: gzip"))
    again = run("--header", f"If-None-Match: {head['etag']}", "--write-out", "%{http_code}")

    assert plain == packed and len(raw) < len(plain) / 2
    assert head["content-encoding"] == "gzip" and "Accept-Encoding" in head["vary"]
    assert again == b"304"


def _headers(text: bytes) -> Mapping[str, str]:
    lines = io.TextIOWrapper(io.BytesIO(text), encoding="latin-1").read().splitlines()[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
