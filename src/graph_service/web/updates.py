"""Updates: SPARQL 1.1 Update over HTTP (SPARQL 1.1 Protocol, 2.2). A request is one release, or none."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from graph_service import writing
from graph_service.errors import MalformedValue
from graph_service.formats.json_schema import closed
from graph_service.store.embedded import is_iri
from graph_service.store.protocol import Dataset
from graph_service.web import bodies, writes
from graph_service.web.addresses import origin
from graph_service.web.auth import Writer
from graph_service.web.bodies import FORM, SentBody, UnsupportedMediaType
from graph_service.web.media import JSON
from graph_service.web.routes import about, in_query
from graph_service.web.wanted import MalformedRequest, unknown_parameter
from graph_service.web.writes import DRY_RUN, TIMEOUT, Write

router = APIRouter(tags=["sparql"])

DIRECT = "application/sparql-update"
USING, USING_NAMED = "using-graph-uri", "using-named-graph-uri"
PARAMETERS = ("update", "query", USING, USING_NAMED, DRY_RUN, TIMEOUT)
_IRIS = {"type": "array", "items": {"type": "string", "format": "iri"}}
_DATASET = {
    USING: {"description": "graphs that patterns look at", **_IRIS},
    USING_NAMED: {"description": "named graphs that patterns look at", **_IRIS},
}
_TIMEOUT = {"description": "as in the address", "type": "number", "exclusiveMinimum": 0}
ABOUT = about(
    JSON,
    parameters=(*writes.PARAMETERS, *in_query(_DATASET)),
    answer=writes.WRITTEN,
    body={
        DIRECT: {},
        FORM: closed(
            {"update": {"type": "string", "format": "sparql-update"}, **_DATASET, TIMEOUT: _TIMEOUT},
            optional=[*_DATASET, TIMEOUT],
        ),
    },
    statuses=(200, 204),
)


@router.post("/update", openapi_extra=ABOUT)
def update(request: Request, token: Writer, sent: SentBody) -> Response:
    """An update by POST, in a form or as it is: all of its operations become one release, or none does."""
    media_type = bodies.media_type(request)
    if media_type not in (FORM, DIRECT):
        raise UnsupportedMediaType(media_type, (FORM, DIRECT))
    text = bodies.text(request, sent)
    own = bodies.fields(text) if media_type == FORM else [("update", text)]
    given = [*bodies.query_fields(request), *own]
    if media_type == DIRECT and [name for name, _ in given].count("update") > 1:
        raise MalformedRequest("Give one update: it stands in the body and in the address.")
    update_text = _text(given)
    for name, value in given:
        if name in (USING, USING_NAMED) and not is_iri(value):
            raise MalformedValue(name, given=value, expected="write an absolute IRI")
    dataset = Dataset(
        tuple(value for name, value in given if name == USING),
        tuple(value for name, value in given if name == USING_NAMED),
        request.app.state.settings.default_graph == "union",
    )
    write = Write.of(request, token, dict(given))
    base = "" if dataset.union else f"{origin(request)}/update"  # RFC 3986, 5.1.3; in our own data it is a slip
    return write.answer(write.make(writing.update(update_text, dataset, base), "update over HTTP"))


def _text(given: Sequence[tuple[str, str]]) -> str:
    """The one update among the parameters."""
    names = [name for name, _ in given]
    if unknown := [name for name in names if name not in PARAMETERS]:
        raise unknown_parameter(unknown[0], PARAMETERS)
    if "query" in names:
        raise MalformedRequest("This address takes updates; send a query to /sparql, and not both in one request.")
    if names.count("update") != 1:
        problem = "there are several" if "update" in names else "the form has no field `update`"
        raise MalformedRequest(f"Give one update; {problem}.")
    if "\0" in (text := dict(given)["update"]):
        raise MalformedRequest("The update holds a NUL character.")
    bodies.refuse_deep_query(text)
    return text
