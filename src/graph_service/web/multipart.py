"""Multipart: the parts of a body that carries several (RFC 7578). Nothing here knows what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

from starlette.requests import Request

from graph_service.web import bodies
from graph_service.web.wanted import MalformedRequest

MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Part:
    """A body, or one part of a multipart one."""

    media_type: str  # lower case, without parameters
    data: bytes
    name: str = ""
    file: str = ""


def parts(request: Request, sent: bytes) -> list[Part]:
    """The parts of a multipart body; any other body is its own only part.

    Raises:
        MalformedRequest: the boundary is not that of the Content-Type, or there is none.
    """
    media_type = bodies.media_type(request)
    if media_type != MULTIPART:
        return [Part(media_type, sent)]
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + sent)
    found = [_part(each) for each in message.iter_parts() if isinstance(each, EmailMessage)]
    if not message.is_multipart() or not found:
        raise MalformedRequest("The multipart body has no parts: is its boundary that of the Content-Type?")
    return found


def _part(message: EmailMessage) -> Part:
    data = message.get_payload(decode=True)
    name = str(message.get_param("name", "", header="content-disposition"))
    media_type = message.get_content_type().lower()
    return Part(media_type, data if isinstance(data, bytes) else b"", name, message.get_filename() or "")
