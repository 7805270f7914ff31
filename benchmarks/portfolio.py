"""Portfolio: made-up cooperation programmes of any size in our ontology, as N-Quads, the same for the same seed.

    python benchmarks/portfolio.py 1000000 portfolio.nq        # so many triples, within five in a hundred
    graph-service load portfolio.nq                            # beside the project, with which it conforms

Programmes, countries, institutions, mandates, events, participations, memberships, gaps, plan statements, translated
quotes, evidence and sources in four languages. How much a country has, who takes part how often, what is cited: all
follows Zipf's law. It is written as it is made: nothing is kept, a link to another record computes its name.

Nothing in it is a fact: countries have codes that ISO 3166 leaves to its users, names are numbers, sources stand at
example.org, there are no persons. However large it is, the countries are the same forty, and one of them, XA, always
has the same records: what is asked of it has an answer of one size, so that only growth can make it slower.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
import sys
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

CONSTANT = "XA"
CODES = (*(f"X{last}" for last in "BCDEFGHIJLMNOPQRSTUVWXYZ"), *(f"Q{last}" for last in "MNOPQRSTUVWXYZ"), "ZZ")
FIXED = 4900  # triples of the countries, organisations and plans, and of what the constant country has
SHARES = {"institutions": 0.38, "events": 0.54, "sources": 0.08}  # of the triples that grow
TRIPLES = {"institutions": 31.2, "events": 45.8, "sources": 7.0}  # with one of them: all that hangs on it too
YEARS = range(2010, 2025)
LANGUAGES = ("en", "es", "fr", "pt")
ORGANISATIONS = 8

ID, GRAPH, ELP = (f"<https://w3id.org/elpaccto/{part}" for part in ("id/", "graph/portfolio-", "ontology#"))
CONCEPT, EXAMPLE, XSD = f"{ID}concept/", "<https://example.org/", "<http://www.w3.org/2001/XMLSchema#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
TITLE, PUBLISHER, DATE, DESCRIPTION = (
    f"<http://purl.org/dc/terms/{name}>" for name in ("title", "publisher", "date", "description")
)
PREF_LABEL = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
URL, IN_LANGUAGE = "<http://schema.org/url>", "<http://schema.org/inLanguage>"
HOMEPAGE = "<http://xmlns.com/foaf/0.1/homepage>"
MEMBERSHIP, MEMBER, ORGANIZATION, PART_OF = (
    f"<http://www.w3.org/ns/org#{name}>" for name in ("Membership", "member", "organization", "subOrganizationOf")
)
TRUE, FALSE = (f'"{word}"^^{XSD}boolean>' for word in ("true", "false"))
NAMES = {  # kind of record → its name in each language
    "country": ("Country", "País", "Pays", "País"),
    "event": ("Event", "Actividad", "Événement", "Atividade"),
    "institution": ("Institution", "Institución", "Institution", "Instituição"),
    "organisation": ("Organisation", "Organización", "Organisation", "Organização"),
    "plan": ("Plan", "Plan", "Plan", "Plano"),
    "programme": ("Programme", "Programa", "Programme", "Programa"),
    "roadmap": ("Roadmap", "Hoja de ruta", "Feuille de route", "Roteiro"),
}
QUOTES = {"en": "Made-up words", "es": "Palabras inventadas", "fr": "Mots inventés", "pt": "Palavras inventadas"}
AXES = ("cybercrime", "corruption", "human-rights", "gender", "money-laundering")
COMPONENTS = ("police", "judicial", "penitentiary")
INSTITUTION_KINDS = (
    "police-force", "police-unit", "public-prosecutor", "prosecution-unit", "judiciary", "penitentiary-administration",
    "ministry", "financial-intelligence-unit", "anti-corruption-body", "human-rights-institution", "cyber-agency",
)  # fmt: skip
EVENT_KINDS = ("workshop", "meeting", "mission", "technical-assistance", "study-visit", "consultation", "agreement")
STATUSES = ("reported", "done", "announced", "planned")
ORGANISATION_KINDS = ("judicial-network", "police-cooperation", "ministerial-conference", "regional-integration")
MEMBERSHIP_STATUSES = ("member", "associate", "observer")
ROLES = ("participant", "host", "speaker", "beneficiary")
SOURCE_KINDS = ("press", "programme-page", "official-site", "legislation", "publication")
PRECISIONS = {"day": ("date", 10), "month": ("gYearMonth", 7), "year": ("gYear", 4)}  # datatype, letters of a date

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Country:
    """A country, and how many institutions and events it has."""

    code: str
    institutions: int
    events: int


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn at random: by Zipf's law, and from sources of its own."""

    random: random.Random
    sources: int  # of each year
    prefix: str = ""  # of their slugs

    def zipf(self, count: int) -> int:
        """A number below `count`: the n-th about 1/n times as often as the first."""
        return int((count + 1) ** self.random.random()) - 1

    def one_of(self, values: Sequence[str]) -> str:
        """One of some values, the earlier the more often."""
        return values[self.zipf(len(values))]

    def source(self, year: int) -> tuple[str, str]:
        """A source of a year, and its language."""
        number = self.zipf(self.sources)
        return iri("source", f"{self.prefix}{year}-{number}"), LANGUAGES[number % 4]

    def year(self) -> int:
        """One of the years, each as often."""
        return YEARS[int(self.random.random() * len(YEARS))]


def portfolio(triples: int, seed: int = 0) -> Iterator[str]:
    """Write a portfolio as N-Quads: texts of some lines each, a record with its evidence."""
    counts = {name: max(0, triples - FIXED) * share / TRIPLES[name] for name, share in SHARES.items()}
    draw = Draw(random.Random(f"portfolio {seed}"), max(1, round(counts["sources"] / (len(YEARS) + 1))))
    own = Draw(random.Random(f"portfolio {seed} {CONSTANT}"), 1, f"{CONSTANT}-")
    weights = [1 / rank for rank in range(1, len(CODES) + 1)]
    shares = [weight / sum(weights) for weight in weights]
    countries = [
        Country(code, max(1, round(counts["institutions"] * share)), round(counts["events"] * share))
        for code, share in zip(CODES, shares, strict=True)
    ]
    programmes = max(1, round(2 ** (math.log10(max(triples, 1000)) - 3)))
    yield from itertools.chain(sources(own), organisations(own), sources(draw), plans(draw, programmes))
    constant = Country(CONSTANT, 12, 12)
    yield from itertools.chain(place(own, constant, {0}), bodies(own, constant), activities(own, constant, [constant]))
    for number, country in enumerate(countries):
        joined = {number % programmes, (7 * number + 1) % programmes, (3 * number + 2) % programmes}
        yield from itertools.chain(place(draw, country, joined), bodies(draw, country))
        yield from activities(draw, country, countries, list(itertools.accumulate(shares)))


def sources(draw: Draw) -> Iterator[str]:
    """The sources of all years, and of the one after them."""
    for year in (*YEARS, YEARS.stop):
        for number in range(draw.sources):
            slug = f"{draw.prefix}{year}-{number}"
            facts = [
                (TYPE, f"{ELP}Source>"),
                (TITLE, f'"Source {slug}"'),
                (f"{ELP}kind>", f"{CONCEPT}source-{SOURCE_KINDS[number % len(SOURCE_KINDS)]}>"),
                (PUBLISHER, f'"Publisher {number % 97}"'),
                (URL, f"{EXAMPLE}{slug}>"),
                (IN_LANGUAGE, f'"{LANGUAGES[number % 4]}"'),
                (DATE, f'"{year}-{1 + number % 12:02}-{1 + number % 28:02}"^^{XSD}date>'),
            ]
            yield record(f"{GRAPH}sources>", iri("source", slug), facts)


def organisations(draw: Draw) -> Iterator[str]:
    """Regional organisations, with every country in some role."""
    graph = f"{GRAPH}organisations>"
    for number in range(ORGANISATIONS):
        facts = [
            (TYPE, f"{ELP}RegionalOrganisation>"),
            *names("organisation", str(number)),
            (f"{ELP}acronym>", f'"O{number}"'),
            (f"{ELP}kind>", f"{CONCEPT}{draw.one_of(ORGANISATION_KINDS)}>"),
        ]
        yield cited(draw, graph, "organisation", f"o{number}", facts)
        for code in (CONSTANT, *CODES)[:: 1 + number]:
            facts = [
                (TYPE, MEMBERSHIP),
                (MEMBER, iri("country", code)),
                (ORGANIZATION, iri("organisation", f"o{number}")),
                (f"{ELP}status>", f"{CONCEPT}{draw.one_of(MEMBERSHIP_STATUSES)}>"),
                (f"{ELP}since>", f'"{1960 + draw.zipf(50)}"^^{XSD}gYear>'),
            ]
            yield cited(draw, graph, "membership", f"o{number}-{code}", facts)


def plans(draw: Draw, programmes: int) -> Iterator[str]:
    """The programmes, each with one action plan."""
    graph = f"{GRAPH}programmes>"
    for number in range(programmes):
        described = [(DESCRIPTION, f'"{words} {number}"@{language}') for language, words in QUOTES.items()]
        facts = [(TYPE, f"{ELP}Programme>"), *names("programme", str(number)), *described]
        yield cited(draw, graph, "programme", f"p{number}", facts)
        facts = [
            (TYPE, f"{ELP}ActionPlan>"),
            *names("plan", str(number)),
            (f"{ELP}programme>", iri("programme", f"p{number}")),
            (f"{ELP}year>", f'"{2018 + number % 7}"^^{XSD}gYear>'),
        ]
        yield cited(draw, graph, "plan", f"p{number}", facts)


def place(draw: Draw, country: Country, programmes: set[int]) -> Iterator[str]:
    """A country, its roadmap in each programme, and what plans say of it."""
    code, graph = country.code, f"{GRAPH}countries>"
    facts = [
        (TYPE, f"{ELP}Country>"),
        *names("country", code),
        (f"{ELP}isoAlpha2>", f'"{code}"'),
        (f"{ELP}isoAlpha3>", f'"{code}{code[-1]}"'),
        (f"{ELP}m49>", f'"9{(CONSTANT, *CODES).index(code):02}"'),
        (f"{ELP}capital>", f'"Capital of {code}"'),
        (f"{ELP}beneficiary>", TRUE),
        (f"{ELP}visited>", TRUE if draw.zipf(2) else FALSE),
    ]
    yield cited(draw, graph, "country", code, facts)
    for number in sorted(programmes):
        facts = [
            (TYPE, f"{ELP}Roadmap>"),
            *names("roadmap", f"{number} {code}"),
            (f"{ELP}plan>", iri("plan", f"p{number}")),
            (f"{ELP}country>", iri("country", code)),
        ]
        yield cited(draw, graph, "roadmap", f"p{number}-{code}", facts)
    for number in range(2):
        facts = [
            (TYPE, f"{ELP}PlanStatement>"),
            (DESCRIPTION, f'"Made-up statement {number} on {code}"@en'),
            (f"{ELP}value>", f'"{number}"'),
            (f"{ELP}scope>", f"{CONCEPT}scope-plan>"),
            (f"{ELP}country>", iri("country", code)),
        ]
        yield cited(draw, graph, "statement", f"{code}-{number}", facts)


def bodies(draw: Draw, country: Country) -> Iterator[str]:
    """The institutions of a country, with their mandates, and gaps."""
    graph = f"{GRAPH}{country.code.lower()}>"
    for number in range(country.institutions):
        slug = institution(country, number)
        yield cited(draw, graph, "institution", slug, body(draw, country, number))
        first = int(draw.random.random() * len(AXES))
        for turn in range(1 + draw.zipf(4)):
            yield mandate(draw, graph, slug, AXES[(first + turn) % len(AXES)])
        if number % 10 == 9:
            facts = [
                (TYPE, f"{ELP}CoverageGap>"),
                (DESCRIPTION, f'"Made-up gap {number} in {country.code}"@en'),
                (f"{ELP}axis>", iri("axis", AXES[first])),
                (f"{ELP}country>", iri("country", country.code)),
            ]
            yield cited(draw, graph, "gap", slug, facts)


def body(draw: Draw, country: Country, number: int) -> Iterator[Fact]:
    """What is said of an institution."""
    slug = institution(country, number)
    yield TYPE, f"{ELP}Institution>"
    for predicate, name in names("institution", f"{number} {country.code}"):
        yield (
            (PREF_LABEL if name.endswith("@es") else predicate),
            name,
        )  # the official name is the one in its own language
    yield f"{ELP}acronym>", f'"I{number}"'
    yield f"{ELP}country>", iri("country", country.code)
    yield f"{ELP}kind>", f"{CONCEPT}{draw.one_of(INSTITUTION_KINDS)}>"
    yield HOMEPAGE, f"{EXAMPLE}{slug}>"
    yield f"{ELP}since>", f'"{2009 - draw.zipf(60)}"^^{XSD}gYear>'
    if number % 12 == 11:
        yield f"{ELP}outsideComponents>", TRUE
    else:
        yield f"{ELP}component>", iri("component", draw.one_of(COMPONENTS))
    if number % 20 == 19:
        yield f"{ELP}until>", f'"{2015 + number % 7}"^^{XSD}gYear>'
        yield f"{ELP}replacedBy>", iri("institution", institution(country, number - 1))
    if number % 3 == 2:
        yield PART_OF, iri("institution", institution(country, draw.zipf(number)))


def mandate(draw: Draw, graph: str, holder: str, axis: str) -> str:
    """The mandate of an institution for an axis."""
    facts = [
        (TYPE, f"{ELP}Mandate>"),
        (f"{ELP}basis>", f'"Made-up law {draw.zipf(500)}"@en'),
        (f"{ELP}holder>", iri("institution", holder)),
        (f"{ELP}axis>", iri("axis", axis)),
    ]
    if draw.random.random() < 0.3:
        facts.append((f"{ELP}since>", f'"{2010 + draw.zipf(5)}-{1 + draw.zipf(12):02}"^^{XSD}gYearMonth>'))
    return cited(draw, graph, "mandate", f"{holder}-{axis}", facts)


def activities(
    draw: Draw, country: Country, guests: Sequence[Country], shares: Sequence[float] = (1,)
) -> Iterator[str]:
    """The events held in a country, and who took part."""
    for number in range(country.events):
        slug, year = f"{country.code}-{number}", draw.year()
        graph, status = f"{GRAPH}events-{year}>", draw.one_of(STATUSES)
        source, language = draw.source(year + 1)
        quote = f'"{QUOTES[language]} {slug}"@{language}' if status == "done" else ""
        yield referred(graph, "event", slug, event(draw, country, number, year, status), source, quote)
        if quote and number % 10 == 0:
            yield translated(graph, slug, source, quote, language)
        for place in range(1 + draw.zipf(7)):
            guest = guests[min(bisect(shares, draw.random.random()), len(guests) - 1)]
            facts = [
                (TYPE, f"{ELP}Participation>"),
                (f"{ELP}event>", iri("event", slug)),
                (f"{ELP}participant>", participant(draw, guest)),
                (f"{ELP}role>", f"{CONCEPT}{draw.one_of(ROLES)}>"),
            ]
            yield referred(graph, "participation", f"{slug}-{place}", facts, source)


def event(draw: Draw, country: Country, number: int, year: int, status: str) -> Iterator[Fact]:
    """What is said of an event."""
    name, precision = f"{number} {country.code}", draw.one_of(tuple(PRECISIONS))
    datatype, letters = PRECISIONS[precision]
    date = f"{year}-{1 + number % 12:02}-{1 + number % 28:02}"[:letters]
    yield TYPE, f"{ELP}Event>"
    yield from names("event", name)
    yield DESCRIPTION, f'"What event {name} was about, made up"@en'
    yield f"{ELP}country>", iri("country", country.code)
    yield f"{ELP}city>", f'"City {draw.zipf(20)} of {country.code}"'
    yield f"{ELP}kind>", f"{CONCEPT}{draw.one_of(EVENT_KINDS)}>"
    yield f"{ELP}component>", iri("component", draw.one_of(COMPONENTS))
    yield f"{ELP}status>", f"{CONCEPT}{status}>"
    yield f"{ELP}start>", f'"{date}"^^{XSD}{datatype}>'
    yield f"{ELP}end>", f'"{date}"^^{XSD}{datatype}>'
    yield f"{ELP}datePrecision>", f"{CONCEPT}precision-{precision}>"
    yield f"{ELP}heldForAll>", FALSE
    if number % 4:
        yield f"{ELP}axis>", iri("axis", draw.one_of(AXES))
    if number % 5 == 0:
        yield f"{ELP}organisation>", iri("organisation", f"o{draw.zipf(ORGANISATIONS)}")


def translated(graph: str, slug: str, source: str, quote: str, language: str) -> str:
    """The translation of a quote into the other languages."""
    texts = [(f"{ELP}translation>", f'"{QUOTES[each]} {slug}"@{each}') for each in LANGUAGES if each != language]
    facts = [(TYPE, f"{ELP}QuoteTranslation>"), (f"{ELP}source>", source), (f"{ELP}quote>", quote), *texts]
    return record(graph, iri("translation", slug), facts)


def participant(draw: Draw, guest: Country) -> str:
    """A country, or one of its institutions."""
    if draw.random.random() < 0.4:
        return iri("country", guest.code)
    return iri("institution", institution(guest, draw.zipf(guest.institutions)))


def cited(draw: Draw, graph: str, kind: str, slug: str, facts: Iterator[Fact] | Sequence[Fact]) -> str:
    """A record with evidence from a source of any year."""
    source, _ = draw.source(draw.year())
    return referred(
        graph, kind, slug, facts, source, certainty="checked" if draw.random.random() < 0.99 else "reference"
    )


def referred(
    graph: str,
    kind: str,
    slug: str,
    facts: Iterator[Fact] | Sequence[Fact],
    source: str,
    quote: str = "",
    certainty: str = "checked",
) -> str:
    """A record with evidence from a source."""
    evidence = iri("evidence", f"{kind}-{slug}")
    said = [(TYPE, f"{ELP}Evidence>"), (f"{ELP}source>", source)]
    said.append((f"{ELP}certainty>", f"{CONCEPT}{'stated' if quote else certainty}>"))
    if quote:
        said.append((f"{ELP}quote>", quote))
    about = record(graph, iri(kind, slug), [*facts, (f"{ELP}evidence>", evidence)])
    return about + record(graph, evidence, said)


def record(graph: str, subject: str, facts: Sequence[Fact]) -> str:
    """Lines of N-Quads on one subject."""
    return "".join([f"{subject} {predicate} {value} {graph} .\n" for predicate, value in facts])


def names(kind: str, number: str) -> list[Fact]:
    """The name of a record in each language."""
    return [(LABEL, f'"{name} {number}"@{each}') for name, each in zip(NAMES[kind], LANGUAGES, strict=True)]


def institution(country: Country, number: int) -> str:
    """The slug of an institution."""
    return f"{country.code.lower()}-{number}"


def iri(kind: str, slug: str) -> str:
    """The IRI of a record, in angle brackets."""
    return f"{ID}{kind}/{slug}>"


def main() -> None:
    """Write a portfolio to a file or to stdout."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("triples", type=int, help="how many triples, about")
    arguments.add_argument("file", nargs="?", type=Path, help="where to write; stdout when left out")
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    with given.file.open("w", encoding="utf-8") if given.file else nullcontext(sys.stdout) as out:
        out.writelines(portfolio(given.triples, given.seed))


if __name__ == "__main__":
    main()
