"""VoID: the dataset by its numbers."""

from __future__ import annotations

from urllib.parse import quote

from graph_service.describing.dataset import (
    DATASET,
    DESCRIPTION,
    FORMATS,
    RDF_FORMATS,
    counts,
    date,
    named_graphs,
    publishers,
    titles,
)
from graph_service.exporting import LICENCE, ONE_GRAPH, STEM, exports
from graph_service.release import Release
from graph_service.statements import Said, Triples, integer, texts
from graph_service.terms import BASE, ID, Iri, Literal, Term


def void(release: Release, base: str, at: str = "") -> Triples:
    """Describe the dataset by its numbers: classes, properties, named graphs, dumps (VoID).

    Args:
        at: what the addresses of files need to lead to this release and not to the current one.
    """
    document = Iri(BASE + ".well-known/void")
    said = Said()
    said.of(document, ("void:DatasetDescription",), {"foaf:primaryTopic": [DATASET]})
    said.of(DATASET, ("void:Dataset",), {"dcterms:title": titles(release), "dcterms:description": texts(DESCRIPTION)})
    said.of(
        DATASET,
        (),
        {
            "dcterms:license": [Iri(LICENCE)],
            "dcterms:publisher": publishers(release),
            "dcterms:modified": [date(release)],
            "foaf:homepage": [Iri(f"{base}/")],
            "void:sparqlEndpoint": [Iri(f"{base}/sparql")],
            "void:uriSpace": [Literal(ID)],
            "void:exampleResource": [member.iri for member in release.members("elp:Country")[:3]],
            "void:vocabulary": sorted({_namespace(str(row["property"])) for row in counts(release, "properties")}),
            "void:feature": [Iri(FORMATS + name) for name in RDF_FORMATS.values()],
            "void:dataDump": [Iri(f"{base}/exports/{STEM}.{suffix}{at}") for suffix in DUMPED],
            "void:subset": list(named_graphs(release)),
        },
    )
    _void_counts(release, said)
    dumps = {each.graph: each.name.removesuffix(f".{each.suffix}") for each in exports(release) if each.graph}
    for graph, triples in named_graphs(release).items():
        stem = dumps.get(graph)
        files = [Iri(f"{base}/exports/{stem}.{suffix}{at}") for suffix in ONE_GRAPH] if stem else []
        said.of(graph, ("void:Dataset",), {"void:triples": [integer(triples)], "void:dataDump": files})
    return said.triples()


def _void_counts(release: Release, said: Said) -> None:
    size = counts(release, "size")[0]
    classes, properties = counts(release, "classes"), counts(release, "properties")
    said.of(
        DATASET,
        (),
        {
            "void:triples": [size["triples"]],
            "void:distinctSubjects": [size["subjects"]],
            "void:distinctObjects": [size["objects"]],
            "void:entities": [size["subjects"]],
            "void:classes": [integer(len(classes))],
            "void:properties": [integer(len(properties))],
            "void:classPartition": [_part("class", row["class"]) for row in classes],
            "void:propertyPartition": [_part("property", row["property"]) for row in properties],
        },
    )
    for row in classes:
        said.of(_part("class", row["class"]), (), {"void:class": [row["class"]], "void:entities": [row["records"]]})
    for row in properties:
        counted = {"void:triples": [row["triples"]], "void:distinctSubjects": [row["subjects"]]}
        of = {"void:property": [row["property"]], "void:distinctObjects": [row["objects"]]}
        said.of(_part("property", row["property"]), (), {**counted, **of})
    for row in counts(release, "class-properties"):
        whole, part = _part("class", row["class"]), _part("class", row["class"], row["property"])
        said.of(whole, (), {"void:propertyPartition": [part]})
        said.of(part, (), {"void:property": [row["property"]], "void:triples": [row["triples"]]})


def _part(kind: str, *of: Term) -> Iri:
    """Name a part of the dataset by the terms that make it, as the rules do that put these parts into the graph."""
    names = "-".join(quote(str(term), safe="") for term in of)
    return Iri(f"{BASE}.well-known/void#{kind}-{names}")


def _namespace(iri: str) -> Iri:
    return Iri(iri[: max(iri.rfind("#"), iri.rfind("/")) + 1])


DUMPED = ("ttl", "nq", "trig", "jsonld", "nt", "rdf")  # the whole graph in RDF
