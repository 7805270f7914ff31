"""Whatever a query or a document names, the service asks nobody for it: a server that counts sees no request."""

from __future__ import annotations

import httpx2
import pytest

SH = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> . "
SHAPE = "<http://e/s> a sh:NodeShape ; sh:targetNode <http://e/n> "


def documents(origin: str) -> dict[str, tuple[str, str]]:
    """Documents that name something elsewhere: media type and text."""
    rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"'
    body = '<rdf:Description rdf:about="http://e/n"><e:p>&x;</e:p></rdf:Description>'
    return {
        "remote context": ("application/ld+json", f'{{"@context": "{origin}/context", "@id": "http://e/n", "p": 1}}'),
        "imported context": (
            "application/ld+json",
            f'{{"@context": {{"@version": 1.1, "@import": "{origin}/c"}}, "@id": "http://e/n", "http://e/p": 1}}',
        ),
        "imports": ("text/turtle", f"<http://e/o> <http://www.w3.org/2002/07/owl#imports> <{origin}/imported> ."),
        "entity": (
            "application/rdf+xml",
            f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{origin}/entity">]><rdf:RDF {rdf}>{body}</rdf:RDF>',
        ),
        "external DTD": (
            "application/rdf+xml",
            f'<?xml version="1.0"?><!DOCTYPE r SYSTEM "{origin}/dtd"><rdf:RDF {rdf}></rdf:RDF>',
        ),
        "parameter entity": (
            "application/rdf+xml",
            f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY % x SYSTEM "{origin}/pe"> %x;]><rdf:RDF {rdf}></rdf:RDF>',
        ),
        "stylesheet": (
            "application/rdf+xml",
            f'<?xml version="1.0"?><?xml-stylesheet href="{origin}/x.xsl"?><rdf:RDF {rdf}></rdf:RDF>',
        ),
    }


@pytest.mark.parametrize("name", sorted(documents("")))
@pytest.mark.parametrize("where", ["/validate", "/store?graph=https://w3id.org/elpaccto/graph/x"])
def test_a_document_leads_nowhere(writable, counter, name: str, where: str):
    """Read or refused, never with a fault of ours, and without a request."""
    media_type, text = documents(counter.origin)[name]
    headers = {"Content-Type": media_type, "Authorization": f"Bearer {writable.token}"}
    method = "PUT" if "store" in where else "POST"
    answer = httpx2.request(method, writable.origin + where, content=text, headers=headers, timeout=60)

    assert answer.status_code < 500, answer.text
    assert counter.requests == []


@pytest.mark.parametrize(
    "shapes",
    [
        SH + "<http://e/o> owl:imports <ORIGIN/shapes> . " + SHAPE + ".",
        SH
        + SHAPE
        + '; sh:sparql [ sh:message "x" ; sh:select "SELECT $this { SERVICE <ORIGIN/s> { $this ?p ?o } }" ] .',
        SH
        + SHAPE
        + '; sh:js [ sh:message "x" ; sh:jsLibrary [ sh:jsLibraryURL "ORIGIN/js" ] ; sh:jsFunctionName "f" ] .',
        SH + SHAPE + "; sh:shapesGraph <ORIGIN/graph> .",
    ],
)
def test_shapes_lead_nowhere(origin: str, counter, shapes: str):
    """Imports, SERVICE in a constraint, libraries, graphs of shapes."""
    files = {
        "data": ("d.ttl", "<http://e/n> <http://e/p> 1 ."),
        "shapes": ("s.ttl", shapes.replace("ORIGIN", counter.origin)),
    }
    answer = httpx2.post(f"{origin}/validate", files=files, timeout=60)

    assert answer.status_code < 500, answer.text
    assert counter.requests == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <ORIGIN/s> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <ORIGIN/s> { ?s ?p ?o } }",
        "SELECT * { { SELECT * { SERVICE <ORIGIN/s> { ?s ?p ?o } } } }",
        "SELECT * { VALUES ?e { <ORIGIN/s> } SERVICE ?e { ?s ?p ?o } }",
        "SELECT * { S\\u0045RVICE <ORIGIN/s> { ?s ?p ?o } }",
        "SELECT * { FILTER NOT EXISTS { SERVICE <ORIGIN/s> { ?s ?p ?o } } }",
        "SELECT * FROM <ORIGIN/from> { ?s ?p ?o }",
        "SELECT * FROM NAMED <ORIGIN/from> { GRAPH ?g { ?s ?p ?o } }",
    ],
)
def test_a_query_leads_nowhere(origin: str, counter, query: str):
    """SERVICE however it is written, and graphs that are not here."""
    text = query.replace("ORIGIN", counter.origin)
    answer = httpx2.get(f"{origin}/sparql", params={"query": text}, timeout=60)

    assert answer.status_code in (200, 400, 403), answer.text
    assert counter.requests == []


@pytest.mark.parametrize(
    "update",
    [
        "LOAD <ORIGIN/l>",
        "LOAD SILENT <ORIGIN/l> INTO GRAPH <https://w3id.org/elpaccto/graph/x>",
        "INSERT { GRAPH <https://w3id.org/elpaccto/graph/x> { ?s ?p ?o } } WHERE { SERVICE <ORIGIN/s> { ?s ?p ?o } }",
        "LO\\u0041D <ORIGIN/l>",
    ],
)
def test_an_update_leads_nowhere(writable, counter, update: str):
    """LOAD and SERVICE, silent or not."""
    headers = {"Content-Type": "application/sparql-update", "Authorization": f"Bearer {writable.token}"}
    text = update.replace("ORIGIN", counter.origin)
    answer = httpx2.post(f"{writable.origin}/update", content=text, headers=headers, timeout=60)

    assert answer.status_code < 500, answer.text
    assert counter.requests == []
