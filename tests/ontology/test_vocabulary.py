"""The vocabulary: every class, property and concept says what it means in four languages, and is found by its words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from pyld import jsonld
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from graph_service.terms import fold

PROJECT = Path(__file__).resolve().parents[2]
VOCABULARY = PROJECT / "ontology/elpaccto.ttl"
CONCEPTS = PROJECT / "ontology/concepts.ttl"
CONTEXT = PROJECT / "ontology/context.jsonld"
DATA = sorted((PROJECT / "data").glob("**/*.ttl"))

ELP = Namespace("https://w3id.org/elpaccto/ontology#")
ID = Namespace("https://w3id.org/elpaccto/id/")
ONTOLOGY = URIRef("https://w3id.org/elpaccto/ontology")
LANGUAGES = ["en", "es", "fr", "pt"]
NAMES = (RDFS.label, SKOS.prefLabel)
LABELS = (*NAMES, SKOS.altLabel, SKOS.hiddenLabel)
PROPERTY_TYPES = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    return Graph().parse(VOCABULARY)


@pytest.fixture(scope="module")
def concepts() -> Graph:
    return Graph().parse(CONCEPTS)


@pytest.fixture(scope="module")
def context() -> dict[str, Any]:
    return json.loads(CONTEXT.read_text(encoding="utf-8"))["@context"]


# Checks: a graph in, the faults in words out


def terms(graph: Graph) -> list[Node]:
    """Every class and property of our namespace that a graph declares."""
    kinds = (OWL.Class, *PROPERTY_TYPES)
    return sorted({term for kind in kinds for term in graph.subjects(RDF.type, kind) if term in ELP})


def concepts_of(graph: Graph) -> list[Node]:
    """Every concept and every scheme."""
    return sorted({*graph.subjects(SKOS.inScheme), *graph.subjects(RDF.type, SKOS.ConceptScheme)})


def described(graph: Graph) -> list[Node]:
    return sorted({*terms(graph), *concepts_of(graph)})


def texts(graph: Graph, subject: Node, properties: Iterable[Node]) -> list[Literal]:
    return [text for prop in properties for text in graph.objects(subject, prop) if isinstance(text, Literal)]


def untranslated(graph: Graph) -> list[str]:
    """Names and definitions that do not stand in each of the four languages, once."""
    return [
        f"{subject} {what}: {found}"
        for subject in described(graph)
        for what, properties in (("name", NAMES), ("definition", (SKOS.definition,)))
        if (found := sorted(text.language or "" for text in texts(graph, subject, properties))) != LANGUAGES
    ]


def circular(graph: Graph) -> list[str]:
    """Definitions that use the name that they should explain."""
    return [
        f"{subject} {name.language}: {definition}"
        for subject in described(graph)
        for name in texts(graph, subject, NAMES)
        for definition in texts(graph, subject, (SKOS.definition,))
        if name.language == definition.language
        and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", definition.casefold())
    ]


def unfinished(graph: Graph) -> list[str]:
    """Definitions that are not one sentence."""
    return [
        f"{subject}: {definition}"
        for subject in described(graph)
        for definition in texts(graph, subject, (SKOS.definition,))
        if not re.fullmatch(r"[^\W\d_][^.]*\.", definition) or not definition[0].isupper()
    ]


def homeless(graph: Graph) -> list[str]:
    """Terms that do not say which ontology defines them."""
    return [str(term) for term in terms(graph) if graph.value(term, RDFS.isDefinedBy) != ONTOLOGY]


def nameless(graph: Graph) -> list[str]:
    """Statements with a blank node."""
    return [str(triple) for triple in graph if any(isinstance(term, BNode) for term in triple)]


def repeated(graph: Graph) -> list[str]:
    """Labels that stand twice on one record in one language, as whatever kind of label."""
    return [
        f"{subject}: {label}"
        for subject in described(graph)
        for label, times in Counter((text.casefold(), text.language) for text in texts(graph, subject, LABELS)).items()
        if times > 1
    ]


def shared(graph: Graph) -> list[str]:
    """Labels that two concepts of one scheme have in one language, so that a word would not tell which is meant."""
    owners: dict[tuple[Node, str, str | None], set[Node]] = {}
    for concept, scheme in graph.subject_objects(SKOS.inScheme):
        for text in texts(graph, concept, LABELS):
            owners.setdefault((scheme, text.casefold(), text.language), set()).add(concept)
    return [f"{label}: {sorted(found)}" for label, found in owners.items() if len(found) > 1]


def unnumbered(graph: Graph) -> list[str]:
    """Concepts without exactly one notation, or with one that another concept of the scheme has."""
    faults = [str(subject) for subject in concepts_of(graph) if len(list(graph.objects(subject, SKOS.notation))) != 1]
    taken = Counter(
        (scheme, notation)
        for concept, scheme in graph.subject_objects(SKOS.inScheme)
        for notation in graph.objects(concept, SKOS.notation)
    )
    return faults + [str(pair) for pair, times in taken.items() if times > 1]


def unplaced(graph: Graph) -> list[str]:
    """Concepts in no declared scheme, and those that are neither on top of it nor below another one of it."""
    return [
        str(concept)
        for concept in sorted(set(graph.subjects(RDF.type, SKOS.Concept)))
        for scheme in [graph.value(concept, SKOS.inScheme)]
        if scheme is None
        or (scheme, RDF.type, SKOS.ConceptScheme) not in graph
        or ((concept, SKOS.topConceptOf, scheme) in graph)
        == any((above, SKOS.inScheme, scheme) in graph for above in graph.objects(concept, SKOS.broader))
    ]


def undeclared(graph: Graph, declared: Iterable[Node]) -> list[str]:
    """Terms of our namespace that are used and nowhere declared."""
    used = {term for triple in graph for term in triple if isinstance(term, URIRef) and term in ELP}
    return sorted(str(term) for term in used - set(declared))


def iris_of(context: Mapping[str, Any]) -> set[str]:
    """The IRIs for which a context has a word of its own."""
    found = set()
    for word, entry in context.items():
        name = entry.get("@id", entry.get("@reverse", "")) if isinstance(entry, dict) else str(entry)
        prefix, colon, local = name.partition(":")
        if colon and word != prefix and prefix in context:
            found.add(f"{context[prefix]}{local}")
    return found


def wordless(used: Iterable[Node], context: Mapping[str, Any]) -> list[str]:
    """Classes and properties for which the context has no word."""
    return sorted({str(term) for term in used} - iris_of(context) - {str(RDF.type)})


# The files pass the checks

CHECKS: list[Callable[[Graph], list[str]]] = [
    untranslated, circular, unfinished, homeless, nameless, repeated, shared, unnumbered, unplaced,
]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("file", [VOCABULARY, CONCEPTS], ids=lambda file: file.stem)
def test_the_vocabulary_passes_every_check(file, check):
    """Names and definitions in four languages, nothing nameless, no word that could mean two things."""
    assert check(Graph().parse(file)) == []


@pytest.mark.parametrize("file", [VOCABULARY, CONCEPTS], ids=lambda file: file.stem)
def test_two_parsers_read_the_same_statements(file):
    """Neither leans on what only one of them accepts."""
    assert len(Graph().parse(file)) == len(list(pyoxigraph.parse(path=str(file))))


def test_the_ontology_has_a_version_a_licence_and_a_prefix(vocabulary):
    """Whoever reuses it can cite one edition, and knows the terms of use."""
    said = {str(prop): str(value) for prop, value in vocabulary.predicate_objects(ONTOLOGY)}
    version = said[str(OWL.versionInfo)]

    assert said[str(OWL.versionIRI)] == f"{ONTOLOGY}/{version}"
    assert said["http://purl.org/dc/terms/license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert said["http://purl.org/vocab/vann/preferredNamespacePrefix"] == "elp"


def test_every_term_in_use_is_declared(vocabulary, concepts):
    """In the concepts, in the data, and in the vocabulary's own hints and alignments."""
    data = Graph()
    for file in DATA:
        data.parse(file)

    assert undeclared(vocabulary + concepts + data, terms(vocabulary)) == []


def test_an_event_kind_names_its_class_of_events(vocabulary, concepts):
    """Each kind has one class, no two the same, each below elp:Event."""
    kinds = list(concepts.subjects(SKOS.inScheme, ID["concept/event-kinds"]))
    classes = [concepts.value(kind, ELP.eventClass) for kind in kinds]

    assert len(set(classes)) == len(kinds) == 10
    assert all((found, RDFS.subClassOf, ELP.Event) in vocabulary for found in classes)


def test_what_rules_derive_is_marked(vocabulary):
    """The bounds of time, the short cuts and the gap cells are known as computed."""
    marked = {str(term).removeprefix(ELP) for term in vocabulary.subjects(ELP.derivedByRule, Literal(True))}

    assert {"covers", "startEarliest", "startLatest", "endEarliest", "endLatest", "hasMandate", "GapCell"} <= marked
    assert not {"holder", "axis", "since", "Institution"} & marked


def test_an_inferred_date_is_marked_so_and_stands_below_the_plain_one(concepts):
    """The marks are those of the words: "inferred" in the notation, or not."""
    scheme = ID["concept/date-precisions"]
    for precision in concepts.subjects(SKOS.inScheme, scheme):
        inferred = "inferred" in str(concepts.value(precision, SKOS.notation))
        assert concepts.value(precision, ELP.inferred) == Literal(inferred), precision


ASKED = {
    "component/police": ["police", "policía", "policiers", "polícias", "agentes de policía"],
    "component/judicial": ["justice", "justicia", "justiça", "cooperación judicial", "entraide judiciaire"],
    "component/penitentiary": ["prisons", "cárceles", "sistema prisional", "prisões", "détenus", "carceles"],
    "axis/cybercrime": ["cibercrimen", "ciberdelincuencia", "delitos informáticos", "cyber", "crimes cibernéticos"],
    "axis/corruption": ["corrupción", "corrupcion", "anti-corruption", "pots-de-vin", "combate à corrupção"],
    "axis/human-rights": ["DDHH", "derechos humanos", "droits de l'homme", "human rights", "direitos humanos"],
    "axis/gender": ["mujeres", "women", "violence against women", "gênero", "égalité femmes-hommes"],
    "axis/money-laundering": ["blanchiment", "lavado", "AML", "lavagem de dinheiro", "blanqueo de capitales"],
    "concept/public-prosecutor": ["prosecutors", "fiscalías", "fiscales", "procureurs", "promotores", "parquet"],
    "concept/prosecution-unit": ["fiscalías especializadas", "specialised prosecutors", "specialized prosecutors"],
    "concept/financial-intelligence-unit": ["UIF", "FIU", "CRF", "COAF", "unidad de análisis financiero"],
    "concept/judiciary": ["judges", "jueces", "tribunaux", "juízes", "corte suprema", "courts"],
    "concept/supreme-audit-institution": ["contraloría", "cour des comptes", "tribunal de contas", "auditors"],
    "concept/human-rights-institution": ["ombudsman", "defensoría del pueblo", "defensoria", "provedor de justiça"],
    "concept/cyber-agency": ["CSIRT", "CERT"],
    "concept/ministry": ["ministerios", "ministères", "ministérios", "ministers"],
    "concept/workshop": ["talleres", "ateliers", "oficinas", "seminars"],
    "concept/study-visit": ["pasantías", "study tours", "visites d'étude"],
    "concept/planned": ["previstos", "scheduled", "prévues"],
    "concept/fatf-style-regional-body": ["GAFI", "FATF"],
}


@pytest.mark.parametrize(("concept", "word"), [(name, word) for name, words in ASKED.items() for word in words])
def test_the_words_in_which_people_ask_lead_to_one_concept(concepts, concept, word):
    """Nouns, plurals, people and acronyms, with or without accents and capitals."""
    found = {
        subject
        for prop in LABELS
        for subject, label in concepts.subject_objects(prop)
        if fold(str(label)) == fold(word)
    }

    assert found == {ID[concept]}


# The context of the JSON-LD exports


def test_the_context_has_a_word_for_every_term(vocabulary, context):
    """Each class and property of the ontology has a short name in JSON."""
    assert wordless(terms(vocabulary), context) == []


def test_the_context_has_a_word_for_all_that_the_data_uses(concepts, context):
    """Also for properties and classes of other vocabularies; schema:Country keeps its prefix, beside elp:Country."""
    used: set[Node] = set()
    for graph in (concepts, *(Graph().parse(file) for file in DATA)):
        used |= {*graph.predicates(), *graph.objects(None, RDF.type)}

    assert wordless(used - {URIRef("http://schema.org/Country")}, context) == []


def test_the_context_stands_alone(context):
    """A reader fetches nothing else: no other context is named, and every prefix used is declared."""
    text = json.dumps(context)

    assert "@import" not in text
    assert not any(isinstance(entry, str) and entry.endswith(".jsonld") for entry in context.values())
    assert {name.partition(":")[0] for name in re.findall(r'"(\w+:\w+)"', text)} <= context.keys()


SAMPLES = [VOCABULARY, *(file for file in DATA if file.stem in ("countries", "programme", "gaps", "pe"))]


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # rdflib's own parser
@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_compacting_and_expanding_loses_nothing(file, context):
    """Languages, datatypes and dates of every precision come back; read by pyld and by rdflib."""
    graph = Graph().parse(file)
    document = compacted(graph, context)

    expanded = jsonld.to_rdf(document, {"format": "application/n-quads"})
    assert sorted(expanded.splitlines()) == sorted(nquads(graph).splitlines())
    assert set(Graph().parse(data=json.dumps(document), format="json-ld")) == set(graph)


def test_a_record_reads_without_knowing_rdf(context):
    """Short names, languages as keys, the official name apart from its translations."""
    graph = Graph().parse(data=INSTITUTION, format="turtle")
    document = compacted(graph, context)

    assert document["type"] == "Institution"
    assert document["officialName"] == {"es": "Ministerio Público"}
    assert document["label"] == {"en": "Public Ministry", "fr": "Ministère public"}
    assert document["acronym"] == "MP"
    assert document["country"] == f"{ID}country/PE"
    assert document["mandates"] == [f"{ID}mandate/pe-mp-corruption"]
    assert document["since"] == {"type": "xsd:gYear", "@value": "1981"}


INSTITUTION = """
@prefix elp: <https://w3id.org/elpaccto/ontology#> . @prefix id: <https://w3id.org/elpaccto/id/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/elpaccto/id/institution/pe-mp> a elp:Institution ;
    skos:prefLabel "Ministerio Público"@es ; rdfs:label "Public Ministry"@en , "Ministère public"@fr ;
    elp:acronym "MP" ; elp:country <https://w3id.org/elpaccto/id/country/PE> ; elp:since "1981"^^xsd:gYear ;
    elp:hasMandate <https://w3id.org/elpaccto/id/mandate/pe-mp-corruption> .
"""


def nquads(graph: Graph) -> str:
    """Canonical N-Quads: without blank nodes that is one line per statement."""
    quads = [pyoxigraph.Triple(*triple) for triple in _terms(graph)]
    return pyoxigraph.serialize(quads, format=pyoxigraph.RdfFormat.N_TRIPLES).decode()


def _terms(graph: Graph) -> Iterator[tuple[Any, Any, Any]]:
    for quad in pyoxigraph.parse(graph.serialize(format="nt", encoding="utf-8"), pyoxigraph.RdfFormat.N_TRIPLES):
        yield quad.subject, quad.predicate, quad.object


def compacted(graph: Graph, context: Mapping[str, Any]) -> dict[str, Any]:
    nodes = jsonld.from_rdf(nquads(graph), {"format": "application/n-quads"})
    return jsonld.compact(nodes, {"@context": context})


# Each check can fail

PREFIXES = """
@prefix : <https://w3id.org/elpaccto/ontology#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix c: <https://w3id.org/elpaccto/id/concept/> .
"""
SOUND = """
:Boat a owl:Class ; rdfs:isDefinedBy <https://w3id.org/elpaccto/ontology> ;
    rdfs:label "boat"@en , "barco"@es , "bateau"@fr , "barco"@pt ;
    skos:definition "Vessel on water."@en , "Nave."@es , "Navire."@fr , "Navio."@pt .
c:boats a skos:ConceptScheme ; skos:notation "boats" ;
    skos:prefLabel "Boats"@en , "Barcos"@es , "Bateaux"@fr , "Barcos"@pt ;
    skos:definition "Vessels."@en , "Naves."@es , "Navires."@fr , "Navios."@pt .
c:raft a skos:Concept ; skos:notation "raft" ; skos:inScheme c:boats ; skos:topConceptOf c:boats ;
    skos:prefLabel "Raft"@en , "Balsa"@es , "Radeau"@fr , "Jangada"@pt ; skos:altLabel "float"@en ;
    skos:definition "Logs."@en , "Troncos."@es , "Rondins."@fr , "Toros."@pt .
"""
BROKEN = [
    (untranslated, '"bateau"@fr , ', ""),
    (untranslated, '"Nave."@es , ', '"Nave."@es , "Buque."@es , '),
    (circular, "Vessel on water.", "A boat on water."),
    (unfinished, "Vessel on water.", "Vessel on water"),
    (unfinished, "Vessel on water.", "Vessel. On water."),
    (homeless, "rdfs:isDefinedBy <https://w3id.org/elpaccto/ontology> ;", ""),
    (nameless, ":Boat a owl:Class ;", ":Boat a owl:Class ; rdfs:subClassOf [] ;"),
    (repeated, '"float"@en', '"raft"@en'),
    (unnumbered, 'skos:notation "raft" ;', ""),
    (unnumbered, 'skos:notation "raft" ;', 'skos:notation "raft" , "log" ;'),
    (unplaced, "skos:inScheme c:boats ;", ""),
    (unplaced, "skos:inScheme c:boats ;", "skos:inScheme c:ships ;"),
    (unplaced, "skos:topConceptOf c:boats ;", ""),
]


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_vocabulary_has_no_fault(check):
    """The small example from which the broken ones are made."""
    assert check(Graph().parse(data=PREFIXES + SOUND, format="turtle")) == []


@pytest.mark.parametrize(("check", "old", "new"), BROKEN)
def test_each_check_finds_its_fault_and_no_other_check_does(check, old, new):
    """One thing broken gives one check that fails."""
    assert SOUND.count(old) == 1
    graph = Graph().parse(data=PREFIXES + SOUND.replace(old, new), format="turtle")

    assert [found for found in CHECKS if found(graph)] == [check]


def test_a_label_of_two_concepts_is_found():
    """A second concept with the first one's alternative label, in the same scheme."""
    second = SOUND[SOUND.index("c:raft") :].replace("c:raft", "c:pontoon").replace("Raft", "Pontoon")
    graph = Graph().parse(data=PREFIXES + SOUND + second, format="turtle")

    assert any("float" in fault for fault in shared(graph))


def test_an_undeclared_term_is_found():
    """Used as a property, as a class or as a value."""
    graph = Graph().parse(data=PREFIXES + "c:x a :Raft ; :sails :Boat , c:y .", format="turtle")

    assert undeclared(graph, [ELP.Boat]) == [str(ELP.Raft), str(ELP.sails)]


def test_a_term_without_a_word_is_found():
    """Prefixes alone are no words, and a word for the other direction is one."""
    context = {"elp": str(ELP), "boat": "elp:Boat", "crew": {"@reverse": "elp:sails"}, "id": "@id"}

    assert wordless([ELP.Boat, ELP.sails, ELP.sinks], context) == [str(ELP.sinks)]
