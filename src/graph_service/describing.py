"""Describing: what the service says of itself and of its data, as statements: VoID, DCAT, SPARQL service description,
the questions as SHACL executables; and of a question's CSV, as CSV on the Web metadata. No HTTP.

Every node has an address of its own, so that there are no blank nodes. Names (IRIs) stay where the data is named;
addresses begin with `base`: scheme and host of the service, without a slash at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from graph_service.asking import once_per_release
from graph_service.catalogue import QueryFile
from graph_service.exporting import LICENCE, ONE_GRAPH, STEM, Written, exports
from graph_service.formats import RDF_MEDIA_TYPES
from graph_service.release import Release
from graph_service.terms import (
    BASE,
    DEFAULT_GRAPH,
    ID,
    LANGUAGES,
    PREFIXES,
    RDF_TYPE,
    SKOS,
    XSD,
    Binding,
    Iri,
    Literal,
    Term,
    Triple,
    compact,
)

Triples: TypeAlias = tuple[Triple, ...]

DATASET = Iri(BASE + "catalog#dataset")
CATALOG = Iri(BASE + "catalog")
QUERIES = BASE + "queries"
DUMPED = ("ttl", "nq", "trig", "jsonld", "nt", "rdf")  # the whole graph in RDF

_EU = "http://publications.europa.eu/resource/authority/"
_EU_COUNTRY = _EU + "country/"
_EU_LANGUAGES = {"en": "ENG", "es": "SPA", "fr": "FRA", "pt": "POR"}
_EU_FILES = {
    "ttl": "RDF_TURTLE",
    "nt": "RDF_N_TRIPLES",
    "nq": "RDF_N_QUADS",
    "trig": "RDF_TRIG",
    "rdf": "RDF_XML",
    "jsonld": "JSON_LD",
    "csv.zip": "CSV",
    "xlsx": "XLSX",
}
_IANA = "https://www.iana.org/assignments/media-types/"
_MEDIA_TYPES = {
    **RDF_MEDIA_TYPES,
    "csv.zip": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMATS = "http://www.w3.org/ns/formats/"
_RDF_FORMATS = {
    "ttl": "Turtle",
    "nt": "N-Triples",
    "nq": "N-Quads",
    "trig": "TriG",
    "rdf": "RDF_XML",
    "jsonld": "JSON-LD",
}
_RESULT_FORMATS = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
_SCHEMA = "https://schema.org/"  # the form of its namespace that editors of SPARQL look for
_TITLE = {
    "en": "knowledge graph",
    "es": "grafo de conocimiento",
    "fr": "graphe de connaissances",
    "pt": "grafo de conhecimento",
}
_DESCRIPTION = {
    "en": "Each statement with its sources and how certain it is, in numbered releases.",
    "es": "Cada afirmación con sus fuentes y su certeza, en versiones numeradas.",
    "fr": "Chaque énoncé avec ses sources et sa certitude, en versions numérotées.",
    "pt": "Cada afirmação com as suas fontes e a sua certeza, em versões numeradas.",
}


def void(release: Release, base: str, at: str = "") -> Triples:
    """Describe the dataset by its numbers: classes, properties, named graphs, dumps (VoID).

    Args:
        at: what the addresses of files need to lead to this release and not to the current one.
    """
    document = Iri(BASE + ".well-known/void")
    said = _Said()
    said.of(document, ("void:DatasetDescription",), {"foaf:primaryTopic": [DATASET]})
    said.of(
        DATASET, ("void:Dataset",), {"dcterms:title": _titles(release), "dcterms:description": _texts(_DESCRIPTION)}
    )
    said.of(
        DATASET,
        (),
        {
            "dcterms:license": [Iri(LICENCE)],
            "dcterms:publisher": _publishers(release),
            "dcterms:modified": [_date(release)],
            "foaf:homepage": [Iri(f"{base}/")],
            "void:sparqlEndpoint": [Iri(f"{base}/sparql")],
            "void:uriSpace": [Literal(ID)],
            "void:exampleResource": [member.iri for member in release.members("elp:Country")[:3]],
            "void:vocabulary": sorted({_namespace(str(row["property"])) for row in _counts(release, "properties")}),
            "void:feature": [Iri(_FORMATS + name) for name in _RDF_FORMATS.values()],
            "void:dataDump": [Iri(f"{base}/exports/{STEM}.{suffix}{at}") for suffix in DUMPED],
            "void:subset": list(_named_graphs(release)),
        },
    )
    _void_counts(release, said)
    dumps = {each.graph: each.name.removesuffix(f".{each.suffix}") for each in exports(release) if each.graph}
    for graph, triples in _named_graphs(release).items():
        stem = dumps.get(graph)
        files = [Iri(f"{base}/exports/{stem}.{suffix}{at}") for suffix in ONE_GRAPH] if stem else []
        said.of(graph, ("void:Dataset",), {"void:triples": [_integer(triples)], "void:dataDump": files})
    return said.triples()


def _void_counts(release: Release, said: _Said) -> None:
    size = _counts(release, "size")[0]
    classes, properties = _counts(release, "classes"), _counts(release, "properties")
    said.of(
        DATASET,
        (),
        {
            "void:triples": [size["triples"]],
            "void:distinctSubjects": [size["subjects"]],
            "void:distinctObjects": [size["objects"]],
            "void:entities": [size["subjects"]],
            "void:classes": [_integer(len(classes))],
            "void:properties": [_integer(len(properties))],
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
    for row in _counts(release, "class-properties"):
        whole, part = _part("class", row["class"]), _part("class", row["class"], row["property"])
        said.of(whole, (), {"void:propertyPartition": [part]})
        said.of(part, (), {"void:property": [row["property"]], "void:triples": [row["triples"]]})


def catalog(release: Release, base: str, files: Sequence[Written], at: str = "") -> Triples:
    """Describe the dataset as data portals want it, each file with size and checksum (DCAT 3, DCAT-AP 3).

    Args:
        files: the exports of the whole graph.
        at: as for `void`.
    """
    said = _Said()
    service = Iri(BASE + "catalog#sparql")
    languages = [Iri(f"{_EU}language/{code}") for code in _EU_LANGUAGES.values()]
    common: dict[str, Sequence[Term]] = {
        "dcterms:title": _titles(release),
        "dcterms:description": _texts(_DESCRIPTION),
        "dcterms:publisher": _publishers(release),
        "dcterms:license": [Iri(LICENCE)],
        "dcterms:language": languages,
        "dcterms:modified": [_date(release)],
        "dcterms:spatial": _places(release),
    }
    said.of(CATALOG, ("dcat:Catalog",), common)
    said.of(
        CATALOG,
        (),
        {"dcat:dataset": [DATASET], "dcat:service": [service], "foaf:homepage": [Iri(f"{base}/catalog")]},
    )
    said.of(DATASET, ("dcat:Dataset",), {name: value for name, value in common.items() if name != "dcterms:license"})
    said.of(
        DATASET,
        (),
        {
            "dcterms:identifier": [Literal(str(DATASET))],
            "dcterms:temporal": _period(release, said),
            "dcterms:accrualPeriodicity": [Iri(_EU + "frequency/IRREG")],
            "dcterms:accessRights": [Iri(_EU + "access-right/PUBLIC")],
            "dcat:version": [Literal(str(release.number))],
            "dcat:landingPage": [Iri(f"{base}/exports")],
            "dcat:theme": [member.iri for member in release.members("elp:TransversalAxis")],
            "dcat:distribution": [_distribution(each) for each in files],
        },
    )
    for each in files:
        _describe_file(release, f"{base}/exports/{each.export.name}{at}", each, said)
    said.of(
        service,
        ("dcat:DataService",),
        {
            "dcterms:title": [Literal("SPARQL 1.1", "en")],
            "dcterms:publisher": _publishers(release),
            "dcat:endpointURL": [Iri(f"{base}/sparql")],
            "dcat:endpointDescription": [Iri(f"{base}/sparql"), Iri(f"{base}/openapi.json")],
            "dcat:servesDataset": [DATASET],
        },
    )
    for member in release.members("elp:Programme"):
        said.of(member.iri, ("foaf:Agent",), {"foaf:name": member.labels})
    return said.triples()


def _describe_file(release: Release, address: str, file: Written, said: _Said) -> None:
    suffix, node = file.export.suffix, _distribution(file)
    checksum = Iri(f"{node}-sha256")
    said.of(
        node,
        ("dcat:Distribution",),
        {
            "dcterms:title": [Literal(file.export.name)],
            "dcterms:license": [Iri(LICENCE)],
            "dcterms:modified": [_date(release)],
            "dcterms:format": [Iri(f"{_EU}file-type/{_EU_FILES[suffix]}")],
            "dcat:accessURL": [Iri(address)],
            "dcat:downloadURL": [Iri(address)],
            "dcat:mediaType": [Iri(_IANA + _MEDIA_TYPES[suffix])],
            "dcat:packageFormat": [Iri(_IANA + "application/zip")] if suffix.endswith("zip") else [],
            "dcat:byteSize": [_integer(file.size_bytes, "nonNegativeInteger")],
            "spdx:checksum": [checksum],
        },
    )
    said.of(
        checksum,
        ("spdx:Checksum",),
        {
            "spdx:algorithm": [Iri(PREFIXES["spdx"] + "checksumAlgorithm_sha256")],
            "spdx:checksumValue": [Literal(file.sha256, None, XSD + "hexBinary")],
        },
    )


def service_description(release: Release, base: str, *, union: bool = True) -> Triples:
    """Describe the endpoint: languages, formats, default and named graphs (SPARQL 1.1 Service Description).

    Args:
        union: whether the default graph is the union of the named graphs.
    """
    endpoint, update = Iri(f"{base}/sparql"), Iri(f"{base}/update")
    dataset, default = Iri(f"{endpoint}#dataset"), Iri(f"{endpoint}#default-graph")
    graphs = _named_graphs(release)
    named = {graph: Iri(f"{endpoint}#graph-{quote(graph, safe='')}") for graph in graphs}
    said = _Said()
    said.of(
        endpoint,
        ("sd:Service",),
        {
            "sd:endpoint": [endpoint],
            "sd:supportedLanguage": _terms("sd:SPARQL11Query"),
            "sd:feature": _terms("sd:UnionDefaultGraph") if union else [],
            "sd:resultFormat": [Iri(_FORMATS + name) for name in (*_RESULT_FORMATS, *_RDF_FORMATS.values())],
            "sd:defaultEntailmentRegime": [Iri("http://www.w3.org/ns/entailment/Simple")],
            "sd:defaultDataset": [dataset],
        },
    )
    updates = {"sd:endpoint": [update], "sd:supportedLanguage": _terms("sd:SPARQL11Update")}
    said.of(update, ("sd:Service",), {**updates, "sd:defaultDataset": [dataset]})
    said.of(dataset, ("sd:Dataset",), {"sd:defaultGraph": [default], "sd:namedGraph": list(named.values())})
    size = release.record.quads if union else release.record.graphs.get(DEFAULT_GRAPH, 0)
    said.of(default, ("sd:Graph",), {"void:triples": [_integer(size)]})
    for graph, node in named.items():
        content = Iri(f"{node}-content")
        said.of(node, ("sd:NamedGraph",), {"sd:name": [graph], "sd:graph": [content]})
        said.of(content, ("sd:Graph",), {"void:triples": [_integer(graphs[graph])]})
    return said.triples()


def question_graph(release: Release, base: str) -> Triples:
    """The questions of the catalogue as SHACL executables (SHACL Advanced Features, 5.2), as editors read them."""
    prefixes = Iri(QUERIES + "#prefixes")
    said = _Said()
    said.of(prefixes, ("owl:Ontology",), {"sh:declare": [Iri(f"{QUERIES}#prefix-{prefix}") for prefix in PREFIXES]})
    for prefix, space in PREFIXES.items():
        namespace = Literal(space, None, XSD + "anyURI")
        said.of(Iri(f"{QUERIES}#prefix-{prefix}"), (), {"sh:prefix": [Literal(prefix)], "sh:namespace": [namespace]})
    for query in release.catalogue:
        node = Iri(f"{QUERIES}/{query.name}")
        kind = query.form.title()
        said.of(
            node,
            ("sh:SPARQLExecutable", f"sh:SPARQL{kind}Executable"),
            {
                "rdfs:label": _texts(query.summary),
                "rdfs:comment": _texts(query.summary),
                "sh:prefixes": [prefixes],
                f"sh:{query.form.lower()}": [Literal(_without_header(query.text))],
                _SCHEMA + "target": [Iri(f"{base}/sparql")],
                _SCHEMA + "keywords": [Literal(tag) for tag in query.tags],
            },
        )
    return said.triples()


def csv_metadata(query: QueryFile, address: str) -> Mapping[str, Any]:
    """Describe the columns of a question's CSV (CSV on the Web: Metadata Vocabulary for Tabular Data).

    Args:
        address: of the CSV, from this description.
    """
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": address,
        "dc:title": [{"@value": text, "@language": language} for language, text in query.summary.items()],
        "dc:license": {"@id": LICENCE},
        "dialect": {"header": True, "encoding": "utf-8", "delimiter": ",", "lineTerminators": ["\r\n", "\n"]},
        "tableSchema": {
            "columns": [
                {
                    "name": column.name,
                    "titles": column.name,
                    "dc:description": column.description,
                    "datatype": _CSVW_TYPES.get(column.type, "string"),
                }
                for column in query.columns
            ]
        },
    }


_CSVW_TYPES: Mapping[str, object] = {
    "integer": "integer",
    "decimal": "decimal",
    "boolean": {"base": "boolean", "format": "true|false"},
    "date": {"base": "string", "format": r"-?[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"},  # as precise as the source
}


def _named_graphs(release: Release) -> Mapping[Iri, int]:
    """The named graphs, each with its number of statements."""
    return {Iri(graph): count for graph, count in release.record.graphs.items() if graph != DEFAULT_GRAPH}


class _Said:
    """Statements while they are gathered."""

    def __init__(self) -> None:
        self._triples: set[Triple] = set()

    def of(self, subject: Term, types: Iterable[str], facts: Mapping[str, Iterable[Term]]) -> None:
        """Say of a thing which classes it has, and its values by property."""
        node = Iri(str(subject))
        self._triples |= {(node, Iri(RDF_TYPE), kind) for kind in _terms(*types)}
        for name, values in facts.items():
            self._triples |= {(node, _terms(name)[0], value) for value in values}

    def triples(self) -> Triples:
        """All statements, sorted."""
        return tuple(sorted(self._triples, key=lambda triple: (triple[0], triple[1], repr(triple[2]))))


@once_per_release
def _statistics(release: Release) -> dict[str, tuple[Binding, ...]]:
    return {}


def _counts(release: Release, name: str) -> tuple[Binding, ...]:
    """The rows of a question about the graph itself, asked once in a release's life."""
    known = _statistics(release)
    if name not in known:
        known[name] = release.ask(f"statistics/{name}").rows
    return known[name]


def _terms(*names: str) -> list[Iri]:
    """Expand prefixed names."""
    split = [name.partition(":") for name in names]
    return [
        Iri(PREFIXES[prefix] + local if prefix in PREFIXES else prefix + colon + local)
        for prefix, colon, local in split
    ]


def _titles(release: Release) -> list[Term]:
    """The programme's name and what this is, by language."""
    programmes = release.members("elp:Programme")
    names = {label.language: label.value for label in programmes[0].labels} if programmes else {}
    return [Literal(f"{names[lang]}: {_TITLE[lang]}" if lang in names else _TITLE[lang], lang) for lang in LANGUAGES]


def _texts(texts: Mapping[str, str]) -> list[Term]:
    return [Literal(text, language) for language, text in texts.items()]


def _publishers(release: Release) -> list[Term]:
    return [member.iri for member in release.members("elp:Programme")]


def _places(release: Release) -> list[Term]:
    """The countries by their IRIs in the EU authority table, where the graph tells them."""
    same = Iri(SKOS + "exactMatch")
    found: list[Term] = []
    for member in release.members("elp:Country"):
        matches = [value for value in release.store.objects(member.iri, same) if str(value).startswith(_EU_COUNTRY)]
        found += matches or [member.iri]
    return found


def _period(release: Release, said: _Said) -> list[Term]:
    """The time that the events span."""
    ends = _counts(release, "period")
    if not ends or "first" not in ends[0]:
        return []
    node, row = Iri(BASE + "catalog#period"), ends[0]
    last = [row["last"]] if "last" in row else []
    said.of(node, ("dcterms:PeriodOfTime",), {"dcat:startDate": [row["first"]], "dcat:endDate": last})
    return [node]


def _distribution(file: Written) -> Iri:
    return Iri(f"{BASE}catalog#{file.export.name}")


def _part(kind: str, *of: Term) -> Iri:
    """Name a part of the dataset by the terms that make it."""
    names = "-".join(re.sub(r"[^A-Za-z0-9]+", "-", compact(str(term))) for term in of)
    return Iri(f"{BASE}.well-known/void#{kind}-{names}")


def _namespace(iri: str) -> Iri:
    return Iri(iri[: max(iri.rfind("#"), iri.rfind("/")) + 1])


def _date(release: Release) -> Literal:
    return Literal(release.date.isoformat(), None, XSD + "date")


def _integer(number: int, datatype: str = "integer") -> Literal:
    return Literal(str(number), None, XSD + datatype)


def _without_header(text: str) -> str:
    """A query without the comments that tell its parameters."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("#+")) + "\n"
