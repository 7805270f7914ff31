"""What all formats share: how records are named, media types, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from graph_service.terms import Iri, record_key

RDF_MEDIA_TYPES: Mapping[str, str] = {  # suffix → registered media type, without parameters
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "nq": "application/n-quads",
    "trig": "application/trig",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
}

Code: TypeAlias = Callable[[Iri], str]  # a record → what stands for it in JSON, CSV and addresses
Label: TypeAlias = Callable[[Iri, str], str]  # a record and a language → its name


def slug_of(iri: Iri) -> str:
    """Return the code or slug of a record, any other IRI in full.

    >>> slug_of(Iri("https://w3id.org/elpaccto/id/country/PE")), slug_of(Iri("http://www.w3.org/ns/org#Membership"))
    ('PE', 'http://www.w3.org/ns/org#Membership')
    """
    key = record_key(iri)
    return key[1] if key else str(iri)


def to_json(value: object) -> bytes:
    """Write JSON (RFC 8259) in UTF-8, indented, ending with a newline."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
