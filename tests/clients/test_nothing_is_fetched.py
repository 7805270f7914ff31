"""Whatever a query, a document or an address names, the service asks nobody for it: a server that counts sees nothing.

In all texts ORIGIN stands for the address of that server; whatever is asked there is redirected.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import httpx2
import pytest

TURTLE, TRIG, RDF_XML, JSON_LD = "text/turtle", "application/trig", "application/rdf+xml", "application/ld+json"
GRAPH = "https://w3id.org/elpaccto/graph/x"


def xml(prolog: str = "", attributes: str = "", body: str = "") -> str:
    """RDF/XML with something before its root, in its root and within it."""
    names = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"'
    return f'<?xml version="1.0"?>{prolog}<rdf:RDF {names} {attributes}>{body}</rdf:RDF>'


ENTITY = '<rdf:Description rdf:about="http://e/n"><e:p>&x;</e:p></rdf:Description>'
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
XINCLUDE = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
DATA_VIEW = 'xmlns:v="http://www.w3.org/2003/g/data-view#"'
# what leads elsewhere → media type and text
DOCUMENTS: Mapping[str, tuple[str, str]] = {
    "JSON-LD: remote context": (JSON_LD, '{"@context": "ORIGIN/context", "@id": "http://e/n", "p": 1}'),
    "JSON-LD: one remote context of several": (
        JSON_LD,
        '{"@context": [{"e": "http://e/"}, "ORIGIN/context"], "@id": "http://e/n", "e:p": 1}',
    ),
    "JSON-LD: imported context": (
        JSON_LD,
        '{"@context": {"@version": 1.1, "@import": "ORIGIN/c"}, "@id": "http://e/n", "http://e/p": 1}',
    ),
    "JSON-LD: scoped context": (
        JSON_LD,
        '{"@context": {"@version": 1.1, "p": {"@id": "http://e/p", "@context": "ORIGIN/c"}}, "p": {"q": 1}}',
    ),
    "JSON-LD: context of another scheme": (JSON_LD, '{"@context": "file:///etc/hostname", "http://e/p": 1}'),
    "Turtle: imports": (TURTLE, "<http://e/o> a owl:Ontology ; owl:imports <ORIGIN/imported> ."),
    "Turtle: base and prefix": (TURTLE, "@base <ORIGIN/> . @prefix o: <ORIGIN/o#> . <n> a o:C ; o:p <m> ."),
    "Turtle: names that are redirected": (
        TURTLE,
        "<ORIGIN/a> owl:sameAs <ORIGIN/b> ; rdfs:seeAlso <ORIGIN/c> ; rdfs:isDefinedBy <ORIGIN/d> ."
        " <http://e/n> <http://purl.org/dc/terms/source> <ORIGIN/e> ; a <ORIGIN/f> ; <ORIGIN/g> 1 .",
    ),
    "Turtle: a graph of shapes": (
        TURTLE,
        "<http://e/o> sh:shapesGraph <ORIGIN/s> ; sh:suggestedShapesGraph <ORIGIN/t> .",
    ),
    "TriG: names of graphs": (TRIG, "<ORIGIN/g> { <ORIGIN/a> <ORIGIN/b> <ORIGIN/c> }"),
    "XML: entity": (RDF_XML, xml('<!DOCTYPE r [<!ENTITY x SYSTEM "ORIGIN/entity">]>', body=ENTITY)),
    "XML: public entity": (RDF_XML, xml('<!DOCTYPE r [<!ENTITY x PUBLIC "-//E//E" "ORIGIN/e">]>', body=ENTITY)),
    "XML: parameter entity": (RDF_XML, xml('<!DOCTYPE r [<!ENTITY % x SYSTEM "ORIGIN/pe"> %x;]>')),
    "XML: external DTD": (RDF_XML, xml('<!DOCTYPE r SYSTEM "ORIGIN/dtd">')),
    "XML: public DTD": (RDF_XML, xml('<!DOCTYPE r PUBLIC "-//E//E" "ORIGIN/dtd">')),
    "XML: XSLT": (RDF_XML, xml('<?xml-stylesheet type="text/xsl" href="ORIGIN/x.xsl"?>')),
    "XML: schema": (
        RDF_XML,
        xml(
            attributes=f'{XSI} xsi:schemaLocation="http://e/ ORIGIN/e.xsd" xsi:noNamespaceSchemaLocation="ORIGIN/n.xsd"'
        ),
    ),
    "XML: XInclude": (RDF_XML, xml(attributes=XINCLUDE, body='<xi:include href="ORIGIN/included"/>')),
    "XML: GRDDL": (RDF_XML, xml(attributes=f'{DATA_VIEW} v:transformation="ORIGIN/grddl.xsl"')),
    "XML: base": (
        RDF_XML,
        xml(attributes='xml:base="ORIGIN/"', body='<e:C rdf:about="n"><e:p rdf:resource="m"/></e:C>'),
    ),
}
PREFIXES = (
    "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
    "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
)


def document(name: str, origin: str) -> tuple[str, str]:
    """The media type and the text of a document that names something at an origin."""
    media_type, text = DOCUMENTS[name]
    prefixed = PREFIXES + text if media_type == TURTLE else text
    return media_type, prefixed.replace("ORIGIN", origin)


def untouched(counter) -> bool:
    return (counter.connections, counter.requests) == ([], [])


def test_the_counter_counts(counter):
    """Who asks it, is seen; who follows where it sends them, is seen twice."""
    httpx2.get(f"{counter.origin}/x", follow_redirects=True)

    assert counter.requests == ["GET /x", "GET /x/moved"]
    assert counter.connections


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_to_validate_leads_nowhere(writable, counter, name: str):
    """Read or refused, never with a fault of ours."""
    media_type, text = document(name, counter.origin)
    answer = httpx2.post(f"{writable.origin}/validate", content=text, headers={"Content-Type": media_type}, timeout=60)

    assert answer.status_code < 500, answer.text
    assert untouched(counter)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_to_store_leads_nowhere(writable, counter, name: str):
    """Neither when it is taken, nor when what it says is read again, as RDF and as a page."""
    media_type, text = document(name, counter.origin)
    headers = {"Content-Type": media_type, "Authorization": f"Bearer {writable.token}"}
    where = f"{writable.origin}/store?graph={GRAPH}"
    answer = httpx2.put(where, content=text, headers=headers, timeout=60)
    read = [httpx2.get(where, headers={"Accept": accept}, timeout=60) for accept in (JSON_LD, RDF_XML)]
    page = httpx2.get(f"{writable.origin}/doc/graph/x.html", timeout=60)

    assert all(each.status_code < 500 for each in (answer, *read, page)), answer.text
    assert untouched(counter)


@pytest.mark.parametrize("media_type", ["application/json", JSON_LD])
def test_a_context_in_a_link_header_is_not_followed(writable, counter, media_type: str):
    """JSON with the address of its context in Link (JSON-LD 1.1, 6.1), and whatever else a header may name."""
    link = f'<{counter.origin}/context>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    csvw = f'<{counter.origin}/metadata.json>; rel="describedby"; type="application/csvm+json"'
    headers = {"Content-Type": media_type, "Link": f"{link}, {csvw}", "Content-Location": f"{counter.origin}/n"}
    for where, token in (("/validate", {}), (f"/store?graph={GRAPH}", {"Authorization": f"Bearer {writable.token}"})):
        answer = httpx2.post(writable.origin + where, content='{"p": 1}', headers={**headers, **token}, timeout=60)

        assert answer.status_code < 500, answer.text
    assert untouched(counter)


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "HEAD", "DELETE"])
def test_a_graph_elsewhere_is_only_a_name(writable, counter, method: str):
    """The Graph Store Protocol over a graph whose IRI is an address: it is held here, or not at all."""
    headers = {"Content-Type": TURTLE, "Authorization": f"Bearer {writable.token}"}
    content = b"" if method in ("GET", "HEAD", "DELETE") else b'<urn:x-n> <http://e/p> "x"@en .'
    where = f"{writable.origin}/store?graph={quote(counter.origin + '/graph')}"
    answer = httpx2.request(method, where, content=content, headers=headers, timeout=60)

    assert answer.status_code < 500, answer.text
    assert untouched(counter)


SHAPE = "<http://e/s> a sh:NodeShape ; sh:targetNode <http://e/n> "
SERVICE = "SERVICE <ORIGIN/s> { $this ?p ?o }"


@pytest.mark.parametrize(
    "shapes",
    [
        f"<http://e/o> a owl:Ontology ; owl:imports <ORIGIN/shapes> . {SHAPE}.",
        f"{SHAPE}; sh:shapesGraph <ORIGIN/graph> .",
        f"<http://e/o> sh:entailment <ORIGIN/entailment> . {SHAPE}.",
        f'{SHAPE}; sh:sparql [ sh:message "x" ; sh:select "SELECT $this {{ {SERVICE} }}" ] .',
        f'{SHAPE}; sh:sparql [ sh:message "x" ; sh:select "SELECT $this FROM <ORIGIN/f> {{ $this ?p ?o }}" ] .',
        f'{SHAPE}; sh:sparql [ sh:prefixes <ORIGIN/p> ; sh:select "SELECT $this {{ $this ?p ?o }}" ] .',
        f'<http://e/s> a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; sh:select "SELECT $this {{ {SERVICE} }}" ] .',
        f'{SHAPE}; sh:rule [ a sh:SPARQLRule ; sh:construct "CONSTRUCT {{ $this ?p ?o }} WHERE {{ {SERVICE} }}" ] .',
        f'{SHAPE}; sh:js [ sh:message "x" ; sh:jsFunctionName "f" ; sh:jsLibrary [ sh:jsLibraryURL "ORIGIN/js" ] ] .',
    ],
)
@pytest.mark.parametrize("in_data", [False, True], ids=["shapes", "shapes and data"])
def test_shapes_lead_nowhere(origin: str, counter, shapes: str, in_data: bool):
    """Imports, graphs of shapes, SERVICE in a constraint, a target and a rule, libraries."""
    text = (PREFIXES + shapes).replace("ORIGIN", counter.origin)
    data = "<http://e/n> <http://e/p> 1 ."
    files = {"data": ("d.ttl", f"{text} {data}" if in_data else data), "shapes": ("s.ttl", text)}
    answer = httpx2.post(f"{origin}/validate", files=files, timeout=60)

    assert answer.status_code < 500, answer.text
    assert untouched(counter)


@pytest.mark.parametrize("name", ["JSON-LD: remote context", "XML: entity", "XML: external DTD", "XML: XSLT"])
def test_shapes_in_other_formats_lead_nowhere(origin: str, counter, name: str):
    """One's own shapes are read as carefully as data."""
    media_type, text = document(name, counter.origin)
    shapes = ("s.jsonld" if media_type == JSON_LD else "s.rdf", text, media_type)
    files = {"data": ("d.ttl", "<http://e/n> <http://e/p> 1 ."), "shapes": shapes}
    answer = httpx2.post(f"{origin}/validate", files=files, timeout=60)

    assert answer.status_code < 500, answer.text
    assert untouched(counter)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <ORIGIN/s> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <ORIGIN/s> { ?s ?p ?o } }",
        "SELECT * { { SELECT * { SERVICE <ORIGIN/s> { ?s ?p ?o } } } }",
        "SELECT * { VALUES ?e { <ORIGIN/s> } SERVICE ?e { ?s ?p ?o } }",
        "SELECT * { S\\u0045RVICE <ORIGIN/s> { ?s ?p ?o } }",
        "SELECT * { FILTER NOT EXISTS { SERVICE <ORIGIN/s> { ?s ?p ?o } } }",
        "SELECT * { OPTIONAL { SERVICE SILENT <ORIGIN/s> { ?s ?p ?o } } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <ORIGIN/s> { ?s ?p ?o } }",
        "SELECT * FROM <ORIGIN/from> { ?s ?p ?o }",
        "SELECT * FROM NAMED <ORIGIN/from> { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { GRAPH <ORIGIN/g> { ?s ?p ?o } }",
        "BASE <ORIGIN/> PREFIX o: <ORIGIN/o#> SELECT * { <a> o:b ?c }",
        "DESCRIBE <ORIGIN/described>",
        "SELECT (<ORIGIN/function>(1) AS ?x) {}",
    ],
)
def test_a_query_leads_nowhere(origin: str, counter, query: str):
    """SERVICE however it is written, graphs that are not here, names."""
    text = query.replace("ORIGIN", counter.origin)
    answers = (
        httpx2.get(f"{origin}/sparql", params={"query": text}, timeout=60),
        httpx2.post(f"{origin}/sparql", data={"query": text}, timeout=60),
    )

    assert all(answer.status_code in (200, 400, 403, 422) for answer in answers), answers[0].text
    assert untouched(counter)


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_a_dataset_in_parameters_leads_nowhere(origin: str, counter, name: str):
    """The protocol lets an endpoint fetch such graphs (SPARQL 1.1 Protocol, 2.1.4); this one knows only its own."""
    query = {"query": "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }", name: f"{counter.origin}/graph"}
    answer = httpx2.get(f"{origin}/sparql", params={**query, "format": "json"}, timeout=60)

    assert answer.status_code == 200 and answer.json()["results"]["bindings"] == []
    assert untouched(counter)


@pytest.mark.parametrize(
    "update",
    [
        "LOAD <ORIGIN/l>",
        f"LOAD SILENT <ORIGIN/l> INTO GRAPH <{GRAPH}>",
        "LO\\u0041D <ORIGIN/l>",
        f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <urn:x-a> <http://e/b> 1 }} }} ; LOAD <ORIGIN/l>",
        f"INSERT {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }} WHERE {{ SERVICE <ORIGIN/s> {{ ?s ?p ?o }} }}",
        f"INSERT {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }} WHERE {{ SERVICE SILENT <ORIGIN/s> {{ ?s ?p ?o }} }}",
        f"INSERT {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }} USING <ORIGIN/u> WHERE {{ ?s ?p ?o }}",
        "WITH <ORIGIN/w> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        f"COPY <ORIGIN/c> TO <{GRAPH}>",
        f"ADD SILENT <ORIGIN/c> TO <{GRAPH}>",
        "CREATE SILENT GRAPH <ORIGIN/c>",
        "DROP SILENT GRAPH <ORIGIN/c>",
    ],
)
def test_an_update_leads_nowhere(writable, counter, update: str):
    """LOAD and SERVICE, silent or not, and graphs with an address."""
    headers = {"Content-Type": "application/sparql-update", "Authorization": f"Bearer {writable.token}"}
    text = update.replace("ORIGIN", counter.origin)
    for parameters in ({}, {"using-graph-uri": f"{counter.origin}/using"}):
        answer = httpx2.post(f"{writable.origin}/update", params=parameters, content=text, headers=headers, timeout=60)

        assert answer.status_code < 500, answer.text
    assert untouched(counter)


@pytest.mark.parametrize(
    "address",
    [
        "/ask?country=ORIGIN/c",
        "/ask?q=ORIGIN/q",
        "/search?q=ORIGIN/q",
        "/timemap?uri=ORIGIN/t",
        "/queries/institutions/by-axis?axis=ORIGIN/a",
        "/id/country/ORIGIN",
        "/sparql?query=ORIGIN/q",
    ],
)
def test_an_address_in_an_address_is_not_visited(origin: str, counter, address: str):
    """Nor one that a header names, as proxies and browsers send them."""
    named = counter.origin.removeprefix("http://")
    headers = {"Host": named, "Referer": counter.origin, "Origin": counter.origin, "X-Forwarded-Host": named}
    answers = [
        httpx2.get(origin + address.replace("ORIGIN", quote(counter.origin, safe="")), headers=each, timeout=60)
        for each in ({}, headers)
    ]

    assert all(answer.status_code < 500 for answer in answers), answers[0].text
    assert untouched(counter)
