"""The API description held against the service: schemathesis calls every address as the description says, and not so.

`FUZZ_EXAMPLES=200 pytest tests/fuzz` runs it in full length, with the cases that cover each keyword of each schema.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

NOTES = "https://w3id.org/elpaccto/graph/notes"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
LINE = f"<https://w3id.org/elpaccto/id/country/SN> <{SEE}> <https://example.org/1> ."
QUADS = f"{LINE[:-2]} <{NOTES}> ."
QUERIES = (
    "SELECT * WHERE { ?s ?p ?o } LIMIT 3",
    "ASK { ?s a <https://w3id.org/elpaccto/ontology#Country> }",
    "CONSTRUCT WHERE { ?s a ?type } LIMIT 3",
    "DESCRIBE <https://w3id.org/elpaccto/id/country/SN>",
    "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?x WHERE { SERVICE <https://example.org/sparql> { ?x ?y ?z } }",
    "SELECT (1/0 AS ?x) ('a'@es AS ?y) (<a> AS ?z) WHERE {}",
    "SELECT ?x WHERE { ?x ?y",
)
UPDATES = (
    f"INSERT DATA {{ GRAPH <{NOTES}> {{ {LINE} }} }}",
    f"DELETE DATA {{ GRAPH <{NOTES}> {{ {LINE} }} }}",
    f"DELETE WHERE {{ GRAPH <{NOTES}> {{ ?s ?p ?o }} }}",
    f"INSERT {{ GRAPH <{NOTES}> {{ ?s <{SEE}> <https://example.org/2> }} }} WHERE {{ ?s a ?nothing . ?s ?s ?s }}",
    f"DROP SILENT GRAPH <{NOTES}>",
    "LOAD <https://example.org/data.ttl>",
    f"INSERT DATA {{ {LINE} }}",
    "INSERT DATA {",
)
RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://example.org/">'
    '<rdf:Description rdf:about="https://example.org/1"><e:p>x</e:p></rdf:Description></rdf:RDF>'
)
JSON_LD = '{"@id": "https://example.org/1", "https://example.org/p": [{"@value": "x", "@language": "es"}]}'
BODIES = {  # media type → bodies that make sense, beside any others
    "application/sparql-query": QUERIES,
    "application/sparql-update": UPDATES,
    "text/turtle": (LINE, "", "@prefix e: <https://example.org/> . e:1 e:p [ e:q 007 ] .", "e:1 e:p"),
    "application/n-triples": (LINE, "_:a <https://example.org/p> _:b ."),
    "application/n-quads": (QUADS,),
    "application/trig": (f"<{NOTES}> {{ {LINE} }}",),
    "application/rdf+xml": (RDF_XML, RDF_XML.replace("<rdf", '<!DOCTYPE r [<!ENTITY x "y">]><rdf', 1)),
    "application/xml": (RDF_XML,),
    "text/xml": (RDF_XML,),
    "application/ld+json": (JSON_LD, '{"@context": "https://example.org/context"}', "[]"),
    "application/json": (JSON_LD,),
}
for media_type, bodies in BODIES.items():
    known = st.sampled_from([body.encode() for body in bodies])
    schemathesis.openapi.media_type(media_type, known | st.binary(max_size=200))
schemathesis.openapi.format("sparql-query", st.sampled_from(QUERIES) | st.text(max_size=50))
schemathesis.openapi.format("sparql-update", st.sampled_from(UPDATES) | st.text(max_size=50))

REFUSED = [400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 416, 422]
CHECKS: dict[str, Any] = {
    # what a schema allows may still name what does not exist, or break a grammar that no schema holds
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", *REFUSED]},
    "negative_data_rejection": {"expected-statuses": REFUSED},
}


@dataclass
class Run:
    """What came of one run: how many requests had which status, what was reached, and what is wrong."""

    statuses: Counter[int] = field(default_factory=Counter)
    reached: dict[str, set[int]] = field(default_factory=dict)  # operation → statuses
    wrong: dict[str, str] = field(default_factory=dict)  # which check of which operation → the first case
    broken: list[str] = field(default_factory=list)  # faults of the run itself


def run(service, examples: int, *, coverage: bool = False, stateful: bool = True, document: dict | None = None) -> Run:
    """Run all checks of schemathesis against an app in this process, with the same examples each time."""
    phase = {"generation": {"max-examples": examples}}
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "generation": {"deterministic": True, "mode": "all", "database": "none"},
            "auth": {"openapi": {"bearer": {"bearer": service.token}}},
            "checks": CHECKS,
            "phases": {
                "examples": phase,
                "coverage": {"enabled": coverage},
                "fuzzing": phase,
                "stateful": {"enabled": stateful, **phase},
            },
        }
    )
    if document is None:
        schema = schemathesis.openapi.from_asgi("/openapi.json", service.app, config=config)
    else:
        schema = schemathesis.openapi.from_dict(document, config=config)
        schema.app = service.app
    found = Run()
    for event in from_schema(schema).execute():
        note(found, event)
    return found


def note(found: Run, event: events.EngineEvent) -> None:
    """Take up what an event tells."""
    if isinstance(event, events.NonFatalError | events.FatalError):
        found.broken.append(str(getattr(event, "info", None) or getattr(event, "exception", event)))
    if not isinstance(event, events.ScenarioFinished):
        return
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            found.statuses[interaction.response.status_code] += 1
    for case_id, node in event.recorder.cases.items():
        if (interaction := event.recorder.interactions.get(case_id)) and interaction.response is not None:
            found.reached.setdefault(node.value.operation.label, set()).add(interaction.response.status_code)
    for name, message in failures(event):
        found.wrong.setdefault(name, message)


def failures(event: events.ScenarioFinished) -> Iterator[tuple[str, str]]:
    """The checks that failed, each with a case that shows it; not those of a time that was asked to be too short."""
    for case_id, checks in event.recorder.checks.items():
        sent = event.recorder.interactions.get(case_id)
        late = sent is not None and sent.response is not None and sent.response.status_code == 504
        if late and "timeout=" in f"{sent.request.uri} {(sent.request.body or b'')!r}":
            continue
        for check in checks:
            if check.status == Status.FAILURE and check.failure_info is not None:
                failure = check.failure_info.failure
                told = f"{failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                yield f"{failure.operation}, {check.name}", told


@pytest.fixture(autouse=True)
def quiet():
    """Faults are told by the checks; the log would tell them once more."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_the_service_answers_as_its_description_says(service, examples: int):
    """No server error, no status, format or member that is not described, for any request; links are followed."""
    found = run(service, examples, coverage=examples > 10)
    print(f"{sum(found.statuses.values())} requests to {len(found.reached)} operations: {dict(found.statuses)}")

    assert not found.broken, found.broken
    assert not found.wrong, "\n\n".join(f"{name}\n{told}" for name, told in sorted(found.wrong.items()))
    assert described(service) - set(found.reached) == {"GET /openapi.json"}  # read at the beginning, not called again
    assert {200, 400, 401, 404, 422} <= set(found.statuses)
    assert {201, 204} & set(found.statuses)


def described(service) -> set[str]:
    """All operations, as schemathesis calls them."""
    paths = schemathesis.openapi.from_asgi("/openapi.json", service.app).raw_schema["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


@pytest.mark.parametrize(
    ("path", "spoil", "check"),
    [
        ("/matrix", lambda answers: answers.pop("200"), "status_code_conformance"),
        ("/matrix", lambda answers: answers["200"]["content"].pop("text/html"), "content_type_conformance"),
        (
            "/health/live",
            lambda answers: answers["200"]["content"]["application/json"]["schema"]["required"].append("more"),
            "response_schema_conformance",
        ),
    ],
)
def test_a_description_that_is_wrong_is_found(service, path: str, spoil, check: str):
    """The checks see what the service does otherwise than it says."""
    document = schemathesis.openapi.from_asgi("/openapi.json", service.app).raw_schema
    spoil(document["paths"][path]["get"]["responses"])
    document["paths"] = {path: document["paths"][path]}

    found = run(service, 2, stateful=False, document=document)

    assert f"GET {path}, {check}" in found.wrong
