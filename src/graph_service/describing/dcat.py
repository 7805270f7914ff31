"""DCAT: the dataset and its files, as data portals want them (DCAT 3, DCAT-AP 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph_service.describing.dataset import DATASET, DESCRIPTION, counts, date, publishers, titles
from graph_service.exporting import LICENCE, Written
from graph_service.formats import RDF_MEDIA_TYPES
from graph_service.release import Release
from graph_service.statements import Said, Triples, expand, integer, texts
from graph_service.terms import BASE, PREFIXES, SKOS, XSD, Iri, Literal, Term

CATALOG = Iri(BASE + "catalog")

_EU = "http://publications.europa.eu/resource/authority/"

_EU_COUNTRY = _EU + "country/"
_EU_THEME = Iri(_EU + "data-theme/JUST")  # justice, legal system and public safety: what the ontology is about
_EU_THEMES = Iri(_EU + "data-theme")
_STABLE = Iri(_EU + "planned-availability/STABLE")
_PROTOCOL = Iri("http://www.w3.org/TR/sparql11-protocol/")

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

_CONTENT = {
    "graph": {
        "en": "The whole graph.",
        "es": "El grafo completo.",
        "fr": "Le graphe entier.",
        "pt": "O grafo completo.",
    },
    "tables": {
        "en": "The facts as tables, one record in each row.",
        "es": "Los hechos en tablas, un registro por fila.",
        "fr": "Les faits en tableaux, une fiche par ligne.",
        "pt": "Os factos em tabelas, um registo por linha.",
    },
}


def catalog(release: Release, base: str, files: Sequence[Written], at: str = "") -> Triples:
    """Describe the dataset as data portals want it, each file with size and checksum (DCAT 3, DCAT-AP 3).

    Args:
        files: the exports of the whole graph.
        at: as for `void`.
    """
    said = Said()
    service = Iri(BASE + "catalog#sparql")
    languages = [Iri(f"{_EU}language/{code}") for code in _EU_LANGUAGES.values()]
    axes = release.members("elp:TransversalAxis")
    keywords = [label for member in axes for label in member.labels]
    common: dict[str, Sequence[Term]] = {
        "dcterms:title": titles(release),
        "dcterms:description": texts(DESCRIPTION),
        "dcterms:publisher": publishers(release),
        "dcterms:license": [Iri(LICENCE)],
        "dcterms:language": languages,
        "dcterms:modified": [date(release)],
        "dcterms:spatial": _places(release),
    }
    said.of(CATALOG, ("dcat:Catalog",), common)
    said.of(
        CATALOG,
        (),
        {
            "dcat:dataset": [DATASET],
            "dcat:service": [service],
            "dcat:themeTaxonomy": [_EU_THEMES],
            "dcterms:issued": [date(release)],
            "foaf:homepage": [Iri(f"{base}/catalog")],
        },
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
            "dcat:theme": [_EU_THEME],
            "dcat:keyword": keywords,
            "dcterms:subject": [member.iri for member in axes],
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
            "dcterms:publisher": publishers(release),
            "dcat:endpointURL": [Iri(f"{base}/sparql")],
            "dcat:endpointDescription": [Iri(f"{base}/sparql"), Iri(f"{base}/openapi.json")],
            "dcat:servesDataset": [DATASET],
            "dcat:theme": [_EU_THEME],
            "dcat:keyword": keywords,
            "dcterms:conformsTo": [_PROTOCOL],
        },
    )
    for member in release.members("elp:Programme"):
        said.of(member.iri, ("foaf:Agent",), {"foaf:name": member.labels})
    for member in axes:
        said.of(member.iri, ("skos:Concept",), {"skos:prefLabel": member.labels})
    said.of(_EU_THEMES, (), {"dcterms:title": [Literal("Data theme", "en")]})
    said.of(_EU_THEME, (), {"skos:prefLabel": [Literal("Justice, legal system and public safety", "en")]})
    _tell_classes(said)
    return said.triples()


_CLASSES: Mapping[str, str] = {  # property → the class that DCAT-AP asks its values to say that they have
    "dcterms:accessRights": "dcterms:RightsStatement",
    "dcterms:accrualPeriodicity": "dcterms:Frequency",
    "dcterms:conformsTo": "dcterms:Standard",
    "dcterms:format": "dcterms:MediaTypeOrExtent",
    "dcterms:language": "dcterms:LinguisticSystem",
    "dcterms:license": "dcterms:LicenseDocument",
    "dcterms:spatial": "dcterms:Location",
    "dcat:endpointDescription": "rdfs:Resource",
    "dcat:endpointURL": "rdfs:Resource",
    "dcat:landingPage": "foaf:Document",
    "dcat:mediaType": "dcterms:MediaType",
    "dcat:packageFormat": "dcterms:MediaType",
    "dcat:theme": "skos:Concept",
    "dcat:themeTaxonomy": "skos:ConceptScheme",
    "dcatap:availability": "skos:Concept",
    "foaf:homepage": "foaf:Document",
    "spdx:algorithm": "spdx:ChecksumAlgorithm",
}


def _tell_classes(said: Said) -> None:
    """Say of each value which class it has, and of a term of an EU authority table which table that is."""
    classes = {expand(name)[0]: kind for name, kind in _CLASSES.items()}
    for _, name, value in said.triples():
        if name in classes and isinstance(value, Iri):
            table = value.removeprefix(_EU).partition("/")[0] if value.startswith(_EU) and value != _EU_THEMES else ""
            said.of(value, (classes[name],), {"skos:inScheme": [Iri(_EU + table)] if table else []})
    said.of(_STABLE, (), {"skos:prefLabel": [Literal("stable", "en")]})


def _describe_file(release: Release, address: str, file: Written, said: Said) -> None:
    suffix, node = file.export.suffix, _distribution(file)
    checksum = Iri(f"{node}-sha256")
    said.of(
        node,
        ("dcat:Distribution",),
        {
            "dcterms:title": [Literal(file.export.name)],
            "dcterms:description": texts(_CONTENT["tables" if suffix in ("csv.zip", "xlsx") else "graph"]),
            "dcatap:availability": [_STABLE],
            "dcterms:license": [Iri(LICENCE)],
            "dcterms:modified": [date(release)],
            "dcterms:format": [Iri(f"{_EU}file-type/{_EU_FILES[suffix]}")],
            "dcat:accessURL": [Iri(address)],
            "dcat:downloadURL": [Iri(address)],
            "dcat:mediaType": [Iri(_IANA + _MEDIA_TYPES[suffix])],
            "dcat:packageFormat": [Iri(_IANA + "application/zip")] if suffix.endswith("zip") else [],
            "dcat:byteSize": [integer(file.size_bytes, "nonNegativeInteger")],
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


def _places(release: Release) -> list[Term]:
    """The countries by their IRIs in the EU authority table, where the graph tells them."""
    same = Iri(SKOS + "exactMatch")
    found: list[Term] = []
    for member in release.members("elp:Country"):
        matches = [value for value in release.store.objects(member.iri, same) if str(value).startswith(_EU_COUNTRY)]
        found += matches or [member.iri]
    return found


def _period(release: Release, said: Said) -> list[Term]:
    """The time that the events span."""
    ends = counts(release, "period")
    if not ends or "first" not in ends[0]:
        return []
    node, row = Iri(BASE + "catalog#period"), ends[0]
    last = [row["last"]] if "last" in row else []
    said.of(node, ("dcterms:PeriodOfTime",), {"dcat:startDate": [row["first"]], "dcat:endDate": last})
    return [node]


def _distribution(file: Written) -> Iri:
    return Iri(f"{BASE}catalog#{file.export.name}")
