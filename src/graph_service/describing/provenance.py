"""PROV: how a release came to be."""

from __future__ import annotations

from graph_service.home import ReleaseRecord
from graph_service.statements import Said, Triples, integer
from graph_service.terms import XSD, Iri, Literal, record_iri


def provenance(record: ReleaseRecord) -> Triples:
    """What PROV-O and VoID say of a release: when, by whom, why, with what, from which one, how much changed.

    Its own parts are named by fragments of its IRI: `#publication` (the activity), `#agent`, `#software`,
    `#added` and `#removed` (the statements that came and went).
    """
    release = record_iri("release", str(record.number))
    agent, software, activity = (Iri(f"{release}#{part}") for part in ("agent", "software", "publication"))
    added, removed = Iri(f"{release}#added"), Iri(f"{release}#removed")
    moment = Literal(record.moment.isoformat(), datatype=XSD + "dateTime")
    base = [record_iri("release", str(record.base))] if record.base else []
    said = Said()
    said.of(
        release,
        ("prov:Entity", "void:Dataset"),
        {
            "rdfs:label": [Literal(f"Release {record.number}", "en")],
            "dcterms:description": [Literal(record.reason)],
            "dcterms:identifier": [Literal(record.digest)],
            "prov:generatedAtTime": [moment],
            "prov:wasAttributedTo": [agent],
            "prov:wasGeneratedBy": [activity],
            "prov:wasDerivedFrom": base,
            "void:triples": [integer(record.quads)],
        },
    )
    said.of(
        activity,
        ("prov:Activity",),
        {"prov:endedAtTime": [moment], "prov:wasAssociatedWith": [agent, software], "prov:used": base},
    )
    said.of(agent, ("prov:Agent",), {"rdfs:label": [Literal(record.who)]})
    said.of(software, ("prov:SoftwareAgent",), {"rdfs:label": [Literal(f"graph-service {record.software}")]})
    for part, relation, size in (
        (added, "wasGeneratedBy", record.added),
        (removed, "wasInvalidatedBy", record.removed),
    ):
        said.of(part, ("void:Dataset",), {f"prov:{relation}": [activity], "void:triples": [integer(size)]})
    return said.triples()
