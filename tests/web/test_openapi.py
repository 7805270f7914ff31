"""The API describes itself: every address, every question, its parameters, bodies, answers and problems."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from graph_service.web import protocol
from graph_service.web.problems import STATUS

COMMON = {"lang", "release", "Accept-Datetime"}  # what every address takes
VIEWS = {  # an address that answers in JSON → where it stands in the description
    "/ask.json?axis=corruption&country=PE&as_of=2018": "/ask",
    "/ask.json?axis=gender&country=PE&component=police": "/ask",
    "/matrix.json?as_of=2018-06": "/matrix",
    "/matrix.json?component=judicial": "/matrix",
    "/matrix.json?compared_to=2018": "/matrix",
    "/network.json?country=PE": "/network",
    "/search.json?q=uif": "/search",
    "/compare.json?countries=PE,EC,CO": "/compare",
    "/roadmaps.json": "/roadmaps",
    "/roadmaps/PE.json": "/roadmaps/{country}",
    "/roadmaps/BR.json?as_of=2018&lang=pt": "/roadmaps/{country}",
    "/countries.json": "/countries",
    "/countries/PE.json": "/countries/{slug}",
    "/axes/corruption.json": "/axes/{slug}",
    "/institutions.json?country=PE": "/institutions",
    "/institutions/pe-mp.json": "/institutions/{slug}",
    "/organisations/ameripol.json": "/organisations/{slug}",
    "/events.json": "/events",
    "/events/mission-2017-pe.json": "/events/{slug}",
    "/doc/mandate/pe-mp-cybercrime.json": "/doc/{kind}/{slug}",
    "/doc/source/seed-plan-2018.json": "/doc/{kind}/{slug}",
    "/sources.json?kind=legislation&sort=date&order=desc": "/sources",
    "/sources/seed-plan-2018.json": "/sources/{slug}",
    "/doc/statement/programme-budget-19.json": "/doc/{kind}/{slug}",
    "/doc/concept/stated.json": "/doc/{kind}/{slug}",
    "/queries.json": "/queries",
    "/queries/coverage/matrix.csv-metadata.json": "/queries/{group}/{name}.csv-metadata.json",
    "/sparql?query=SELECT+*+WHERE+{+?s+?p+?o+}+LIMIT+3": "/sparql",
    "/sparql?query=ASK+{}": "/sparql",
    "/sparql/completions.json": "/sparql/completions",
    "/releases.json": "/releases",
    "/releases/1.json": "/releases/{number}",
    "/releases/0..1.json": "/releases/{first}..{last}",
    "/changes.json?since=1": "/changes",
    "/changes.json?since=0&until=1&part=added": "/changes",
    "/timemap.json?uri=/matrix": "/timemap",
    "/exports.json": "/exports",
    "/health/live": "/health/live",
    "/health/ready": "/health/ready",
    "/openapi.json": "/openapi.json",
}


@pytest.fixture(scope="module")
def document(client) -> dict:
    return client.get("/openapi.json").json()


def operations(document) -> list[tuple[str, str, dict]]:
    """Address, method and description of every operation."""
    return [(path, method, each) for path, methods in document["paths"].items() for method, each in methods.items()]


def response(document, path: str, method: str, status: int) -> dict | None:
    """How a response is described; None where it is not."""
    found = document["paths"][path][method]["responses"].get(str(status))
    if found and "$ref" in found:
        return document["components"]["responses"][found["$ref"].rpartition("/")[2]]
    return found


def schema_of(document, path: str, media_type: str = "application/json", method: str = "get", status: int = 200):
    """The JSON Schema of an answer, ready to validate with."""
    schema = response(document, path, method, status)["content"][media_type]["schema"]
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator.check_schema(whole)
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


def test_every_question_is_described_with_summary_parameters_and_example(document, release):
    """From the query file: so it cannot fall behind."""
    for query in release.catalogue:
        operation = document["paths"][f"/queries/{query.name}"]["get"]

        assert operation["summary"] == query.summary["en"]
        given = {each["name"]: each for each in operation["parameters"]}
        assert set(given) == {each.name for each in query.parameters} | COMMON
        for parameter in query.parameters:
            assert given[parameter.name]["required"] == parameter.required
            assert given[parameter.name].get("example", "") == parameter.example
            assert given[parameter.name]["description"]


def test_the_values_of_a_short_list_are_told(document):
    """A client can offer the axes and countries without asking."""
    given = {each["name"]: each for each in document["paths"]["/ask"]["get"]["parameters"]}

    assert "corruption" in given["axis"]["schema"]["enum"]
    assert len(given["country"]["schema"]["enum"]) == 18


def test_every_parameter_of_the_endpoint_is_described(document):
    """Those of the protocol and those of its page; names that only other clients use, and what it refuses, apart."""
    given = {each["name"] for each in document["paths"]["/sparql"]["get"]["parameters"]}

    assert set(protocol.PARAMETERS) - given == {"update", "output", "results", "ac"}
    assert {"example", "find", "view"} <= given


@pytest.mark.parametrize("path", ["/institutions", "/matrix", "/compare", "/network", "/queries/coverage/matrix"])
def test_what_the_formats_of_rdf_hold_is_said(document, path: str):
    """The statements of the records, or the rows of the table."""
    assert "As RDF: the " in document["paths"][path]["get"]["description"]


def test_every_address_that_needs_no_value_answers(client, document):
    """What is documented exists."""
    for path, methods in document["paths"].items():
        if "get" not in methods or "{" in path or path.startswith("/queries/") or path == "/sparql":
            continue
        assert client.get(path).status_code == (303 if path == "/store" else 200), path


def test_every_route_is_documented(client, document):
    """What exists is documented, static files and the general addresses of questions apart."""
    routes = {route.path_format.replace("{suffix}", "") for route in client.app.state.routes}

    assert routes - set(document["paths"]) == {"/static/{file}", "/queries/{group}/{name}"}


def test_operations_have_names_of_their_own(document):
    """No `operationId` stands twice, each operation has a summary, a tag and its responses."""
    named = [each for _, _, each in operations(document)]

    assert len({each["operationId"] for each in named}) == len(named)
    assert document["openapi"].startswith("3.1")
    known = {tag["name"] for tag in document["tags"]}
    for each in named:
        assert each["summary"] and set(each["tags"]) <= known and each["responses"]
        assert len({(one["name"], one["in"]) for one in each["parameters"]}) == len(each["parameters"])


@pytest.mark.parametrize("address", VIEWS)
def test_each_view_in_json_is_as_the_api_says(client, document, address: str):
    """Tables or not: all its members, and no other. `/openapi.json` has a schema for each."""
    answer = client.get(address)
    media_type = answer.headers["Content-Type"].partition(";")[0]

    assert answer.status_code == 200
    schema_of(document, VIEWS[address], media_type).validate(answer.json())


def test_no_answer_in_json_is_without_a_schema(document):
    """Every address that offers JSON says what it is, and is held against it above or with the other questions."""
    offering = set()
    for path, method, operation in operations(document):
        for told in operation["responses"].values():
            for media_type, content in told.get("content", {}).items():
                if media_type.endswith("json"):
                    assert content.get("schema"), (method, path, media_type)
                    offering |= {path} if method == "get" else set()

    questions = {path for path in offering if path.startswith("/queries/") and "{" not in path}
    rdf = {
        "/ontology",
        "/catalog",
        "/.well-known/void",
        "/context.jsonld",
        "/store",
        "/store/{path}",
        "/exports/{file}",
    }
    assert offering - questions - rdf - set(VIEWS.values()) == {"/axes", "/organisations"}  # lists, as the others


def test_a_schema_tells_a_wrong_answer(client, document):
    """A member that is missing, one too many, or one of another type does not pass."""
    answer = client.get("/roadmaps/PE.json").json()
    schema = schema_of(document, "/roadmaps/{country}")
    without = {name: value for name, value in answer.items() if name != "mandates"}

    assert schema.is_valid(answer)
    assert not schema.is_valid(without)
    assert not schema.is_valid({**answer, "more": 1})
    assert not schema.is_valid({**answer, "events": [{**answer["events"][0], "period": "2018"}]})


PROBLEMS = (
    ("/roadmaps/XX", "/roadmaps/{country}", {}, 404),
    ("/axes/gender.xyz", "/axes/{slug}", {}, 404),
    ("/ask?axis=corupcion", "/ask", {}, 422),
    ("/matrix?lang=xx", "/matrix", {}, 422),
    ("/matrix", "/matrix", {"Accept": "image/png"}, 406),
    ("/matrix", "/matrix", {"Accept-Datetime": "yesterday"}, 400),
    ("/matrix?release=99", "/matrix", {}, 404),
    ("/sparql?query=SELECT", "/sparql", {}, 400),
    ("/sparql?query=SELECT*{SERVICE<http://example.org>{}}", "/sparql", {}, 403),
    ("/exports/elpaccto.nt", "/exports/{file}", {"Range": "bytes=999999999-"}, 416),
)


@pytest.mark.parametrize(("address", "path", "headers", "status"), PROBLEMS)
def test_problems_are_described(client, document, address: str, path: str, headers: dict, status: int):
    """Each status that an address answers with stands in the description, its problem details have a schema."""
    answer = client.get(address, headers=headers)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    schema_of(document, path, "application/problem+json", status=status).validate(answer.json())


def test_every_status_that_an_error_has_is_described(document):
    """Those of starting, and faults of ours, apart."""
    described = {status for _, _, each in operations(document) for status in each["responses"]}

    assert {str(status) for status in STATUS.values()} - {"500"} <= described


def test_what_writes_needs_a_bearer_token_and_what_reads_does_not(document):
    """RFC 6750; the header is told by the scheme, not once more as a parameter."""
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, method, operation in operations(document):
        writes = path.startswith(("/update", "/store")) and method != "get"
        assert ("security" in operation) == writes, (method, path)
        assert ("401" in operation["responses"]) == writes
        assert "Authorization" not in {each["name"] for each in operation["parameters"]}


@pytest.mark.parametrize(
    ("path", "method", "media_types"),
    [
        ("/sparql", "post", {"application/sparql-query", "application/x-www-form-urlencoded"}),
        ("/update", "post", {"application/sparql-update", "application/x-www-form-urlencoded"}),
        ("/store", "put", {"text/turtle", "application/n-triples", "application/rdf+xml", "multipart/form-data"}),
        ("/store/{path}", "post", {"application/ld+json", "multipart/form-data"}),
        ("/validate", "post", {"text/turtle", "application/trig", "multipart/form-data"}),
    ],
)
def test_bodies_are_described(document, path: str, method: str, media_types: set[str]):
    """What can be sent, and that it is needed."""
    body = document["paths"][path][method]["requestBody"]

    assert body["required"]
    assert media_types <= set(body["content"])
    assert {"413", "415"} <= set(document["paths"][path][method]["responses"])


def test_headers_and_parameters_of_writing_are_described(document):
    for path, method in (("/update", "post"), ("/store", "put"), ("/store/{path}", "delete")):
        named = {each["name"] for each in document["paths"][path][method]["parameters"]}
        assert {"dry-run", "If-Match", "Prefer", "X-Reason"} <= named


def test_links_lead_to_operations_that_take_what_they_give(document):
    """Every link names an operation and parameters of it."""
    by_name = {each["operationId"]: each for _, _, each in operations(document)}
    links = [
        link
        for _, _, operation in operations(document)
        for told in operation["responses"].values()
        for link in told.get("links", {}).values()
    ]

    assert len(links) > 10
    for link in links:
        taken = {each["name"] for each in by_name[link["operationId"]]["parameters"]}
        assert set(link["parameters"]) <= taken, link


def test_what_is_referred_to_is_there(document):
    """No `$ref` leads nowhere."""
    referred = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(document)))
    there = {f"{kind}/{name}" for kind, named in document["components"].items() for name in named}

    assert referred and referred <= there


def test_the_page_of_the_api_is_made_here(pages, document):
    """Every address stands on /docs, which loads nothing from elsewhere."""
    for path in document["paths"]:
        assert path in pages["/docs"], path


def test_health_tells_the_release(client):
    """Ready with a release; alive in any case."""
    assert client.get("/health/ready").json()["release"] == 1
    assert client.get("/health/live").json() == {"status": "live"}
