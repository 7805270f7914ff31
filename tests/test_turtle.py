"""The canonical Turtle of data files: what a person who edits them by hand can rely on."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph
import pytest
import rdflib

from graph_service import turtle
from graph_service.errors import RdfSyntaxError
from graph_service.terms import ID, PREFIXES, RDF_LANG_STRING, RDF_TYPE, XSD, Iri, Literal

PROJECT = Path(__file__).resolve().parent.parent
DATA = sorted((PROJECT / "data").glob("**/*.ttl"))
HEAD = "".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in PREFIXES.items())


def canonical(body: str) -> str:
    """Format a body that uses the usual prefixes, and leave the prefixes away again."""
    return re.sub(r"@prefix .*\n", "", turtle.canonical(HEAD + body, "x.ttl")).strip()


def written(*values: turtle.Term) -> str:
    """Write a record with the given values of one property."""
    facts = frozenset((Iri("http://example.org/p"), value) for value in values)
    return turtle.serialize(turtle.Document({Iri("http://example.org/s"): facts}))


# The files of the repository


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_data_files_are_canonical(path):
    """A data file is written as the formatter writes it, so that a diff shows facts alone."""
    text = path.read_text("utf-8")

    assert turtle.canonical(text, path.name) == text


def test_formatting_keeps_every_statement():
    """An independent parser reads the same graph from the canonical text as we do."""
    for path in DATA[:6]:
        expected = {
            (str(s), str(p), str(o), getattr(o, "language", None))
            for s, p, o in rdflib.Graph().parse(data=path.read_text("utf-8"), format="turtle")
            if not (isinstance(o, rdflib.Literal) and o.datatype)
        }
        found = {
            (s, p, str(o), getattr(o, "language", None))
            for s, p, o in turtle.parse(path.read_text("utf-8"), path.name).triples()
            if not isinstance(o, Literal) or o.language or o.datatype == XSD + "string"
        }

        assert found == expected


# Form


def test_each_fact_stands_on_a_line_of_its_own():
    """A fact more adds one line and touches no other, even at the end of its record."""
    one = canonical('institution:a a elp:Institution ; rdfs:label "A"@en .')
    two = canonical('institution:a a elp:Institution ; rdfs:label "A"@en , "Á"@pt .')

    assert one == 'institution:a a elp:Institution ;\n    rdfs:label "A"@en ;\n    .'
    assert two == 'institution:a a elp:Institution ;\n    rdfs:label "A"@en ;\n    rdfs:label "Á"@pt ;\n    .'


def test_class_and_names_come_first_and_evidence_last():
    """Properties have one order, whatever the order in which they were written."""
    body = """institution:a elp:evidence evidence:x ; elp:zeal 1 ; skos:note "n"@en ; elp:country country:PE ;
              rdfs:label "A"@fr , "A"@en ; skos:prefLabel "A"@es ; a elp:Institution ."""

    properties = re.findall(r"(?:^institution:a|^ {4})\s?(\S+) ", canonical(body), re.MULTILINE)

    assert properties == ["a", "skos:prefLabel", "rdfs:label", "rdfs:label", "elp:country", "elp:zeal", "skos:note",
                          "elp:evidence"]  # fmt: skip


def test_records_stand_after_what_they_belong_to():
    """Evidence stands directly after its record, a mandate after its institution, all else by kind and slug."""
    body = """mandate:b-gender a elp:Mandate ; elp:holder institution:b ; elp:evidence evidence:mandate-b-gender-s .
              evidence:mandate-b-gender-s a elp:Evidence . evidence:institution-b-s a elp:Evidence .
              institution:c a elp:Institution .
              institution:b a elp:Institution ; elp:evidence evidence:institution-b-s .
              country:PE a elp:Country ."""

    assert re.findall(r"^(\w\S+) a", canonical(body), re.MULTILINE) == [
        "country:PE",
        "institution:b",
        "evidence:institution-b-s",
        "mandate:b-gender",
        "evidence:mandate-b-gender-s",
        "institution:c",
    ]


def test_concepts_stand_in_their_scheme_by_their_order():
    """A concept comes after its scheme, and `elp:order` goes before the alphabet."""
    body = """concept:late a skos:Concept ; skos:inScheme concept:kinds ; elp:order 10 .
              concept:z a skos:Concept ; skos:inScheme concept:kinds ; elp:order 9 .
              concept:kinds a skos:ConceptScheme . concept:a-scheme a skos:ConceptScheme ."""

    assert re.findall(r"^(\w\S+) a", canonical(body), re.MULTILINE) == [
        "concept:a-scheme",
        "concept:kinds",
        "concept:z",
        "concept:late",
    ]


def test_only_the_prefixes_in_use_are_declared_in_order():
    """Prefixes that nobody uses go; a prefix of the file's own stays."""
    body = "@prefix wd: <http://www.wikidata.org/entity/> .\ncountry:PE skos:exactMatch wd:Q419 ."

    declared = re.findall(r"@prefix (\w+):", turtle.canonical(HEAD + body, "x.ttl"))

    assert declared == ["country", "skos", "wd"]


def test_records_that_belong_to_each_other_do_not_go_round_in_circles():
    """A circle of belonging is written all the same, and stays as it is."""
    text = HEAD + "event:a elp:event event:b . event:b elp:event event:a . event:c elp:event event:c ."
    once = turtle.canonical(text, "x.ttl")

    assert turtle.canonical(once, "x.ttl") == once


# Terms


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        (ID + "country/PE", "country:PE"),
        (ID + "event/mission-2017-pe", "event:mission-2017-pe"),
        (ID + "gap/5", "gap:5"),
        (ID + "source/a.b", f"<{ID}source/a.b>"),
        (ID + "source/a%20b", f"<{ID}source/a%20b>"),
        (ID + "source/a/b", f"<{ID}source/a/b>"),
        (ID + "source/-a", f"<{ID}source/-a>"),
        (ID + "source/", f"<{ID}source/>"),
        ("https://pdichile.cl/institución/x", "<https://pdichile.cl/institución/x>"),
    ],
)
def test_iris_are_shortened_only_where_no_escape_is_needed(iri, expected):
    """What stands behind the colon is letters, digits, hyphens; every other IRI is written whole."""
    text = written(Iri(iri))

    assert f" {expected} ;" in text
    assert {triple[2] for triple in turtle.parse(text, "x.ttl").triples()} == {Iri(iri)}


@pytest.mark.parametrize(
    "value",
    ['say "yes"', "back\\slash", "two\nlines\r\n", "tab\t", "\x00\x0b\x1f\x7f", "'", '"""', "# not a comment ; . [",
     "l’État №\u2028", "\U0001f600", ""],
)  # fmt: skip
@pytest.mark.parametrize("language", [None, "fr"])
def test_literals_survive_the_round_trip(value, language):
    """Any text comes back as it was, through our parser and through the engine's."""
    literal = Literal(value, language, RDF_LANG_STRING if language else XSD + "string")
    text = written(literal)

    (triple,) = turtle.parse(text, "x.ttl").triples()
    (quad,) = pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE)
    assert triple[2] == literal
    assert (quad.object.value, quad.object.language) == (value, language)


@pytest.mark.parametrize(
    ("lexical", "datatype", "expected"),
    [
        ("2018", "gYear", '"2018"^^xsd:gYear'),
        ("2017-07", "gYearMonth", '"2017-07"^^xsd:gYearMonth'),
        ("2017-07-01", "date", '"2017-07-01"^^xsd:date'),
        ("true", "boolean", "true"),
        ("1", "boolean", '"1"^^xsd:boolean'),
        ("3", "integer", "3"),
        ("007", "integer", "007"),
        ("-16.5", "decimal", "-16.5"),
        ("18", "decimal", '"18"^^xsd:decimal'),
        ("1.5e0", "double", '"1.5e0"^^xsd:double'),
    ],
)
def test_typed_values_keep_their_form(lexical, datatype, expected):
    """Dates are as precise as they were given, and numbers keep their digits."""
    text = written(Literal(lexical, None, XSD + datatype))

    assert f" {expected} ;" in text
    assert [triple[2] for triple in turtle.parse(text, "x.ttl").triples()] == [Literal(lexical, None, XSD + datatype)]


# Comments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# only a comment", "# only a comment\n"),
        ("# a\n\n# b\n<x:a> <x:b> 1 .", "# a\n\n# b\n<x:a> <x:b> 1 ;\n    .\n"),
        ("# a\n<x:a> <x:b> 1 .", "# a\n<x:a> <x:b> 1 ;\n    .\n"),
        ("# a\n\n# b\n\n<x:a> <x:b> 1 .", "# a\n# b\n\n<x:a> <x:b> 1 ;\n    .\n"),
        (
            "<x:a> <x:b> 1 ; # in\n <x:c> 2 . # behind\n# end",
            "# in\n# behind\n<x:a> <x:b> 1 ;\n    <x:c> 2 ;\n    .\n\n# end\n",
        ),
        ("<x:b> <x:b> 1 .\n# of a\n<x:a> <x:b> 1 .", "# of a\n<x:a> <x:b> 1 ;\n    .\n\n<x:b> <x:b> 1 ;\n    .\n"),
        (
            "<x:a> <x:b> '#no' , \"\"\"\n# no\"\"\" , <x:#no> .",
            '<x:a> <x:b> "\\n# no" ;\n    <x:b> "#no" ;\n    <x:b> <x:#no> ;\n    .\n',
        ),
        ("# h\n@prefix e: <x:> .\n# e\ne:a e:b 1 .", "# h\n@prefix e: <x:> .\n\n# e\ne:a e:b 1 ;\n    .\n"),
        (
            "PREFIX e: <x:> # p\nBASE <http://y/>\n# c\n<a> e:b 1 .",
            "# p\n@prefix e: <x:> .\n\n# c\n<http://y/a> e:b 1 ;\n    .\n",
        ),
        ("@prefix e: <x:> .\n# why\ne:a\\,b e:b 1 .", "@prefix e: <x:> .\n\n# why\n<x:a,b> e:b 1 ;\n    .\n"),
    ],
)  # fmt: skip
def test_comments_stay_with_their_record(text, expected):
    """No comment is lost: those that head the file stay on top, the others go where their record goes."""
    once = turtle.canonical(text, "x.ttl")

    assert once == expected
    assert turtle.canonical(once, "x.ttl") == once


def test_an_empty_text_stays_empty():
    """A file without statements has nothing to declare."""
    assert turtle.canonical(HEAD, "x.ttl") == ""


# Errors


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("<x:a> <x:b> 1\n<x:c> <x:d> 2 .", "data/x.ttl:2:1", "dot is expected"),
        ("<x:a> <x:b> elp:c .", "data/x.ttl:1:13", "prefix elp: has not been declared"),
        ('<x:a> <x:b> "open .', "data/x.ttl:1:", "closing quote"),
        ("<x:a> <x:b> 1", "data/x.ttl:1:14", "dot is expected"),
        ("<x:a> <x:b> <no iri> .", "data/x.ttl:1:", "IRI"),
        ("<x:a> <x:b> '[' ,\n  [ <x:c> 1 ] .", "data/x.ttl:2:3", "blank node"),
        ("<x:a> <x:b> 1 .\n_:a <x:b> 1 .", "data/x.ttl:2:1", "blank node"),
        ("<x:a> <x:b> (1) .", "data/x.ttl:1:13", "list"),
    ],
)
def test_a_syntax_error_tells_file_line_column_and_what_was_expected(text, place, words):
    """The message leads to the place and names the mend."""
    with pytest.raises(RdfSyntaxError) as raised:
        turtle.parse(text, "data/x.ttl")

    assert str(raised.value).startswith(place)
    assert words in str(raised.value)


def test_no_term_of_the_engine_leaks_out():
    """Callers get plain terms, which compare by value."""
    (triple,) = turtle.parse("<x:a> a <x:B> .", "x.ttl").triples()

    assert triple == (Iri("x:a"), Iri(RDF_TYPE), Iri("x:B"))
    assert {type(term) for term in triple} == {Iri}
