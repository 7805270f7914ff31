"""What the tests of the web room share: how a browser asks, and the addresses of all pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyoxigraph
import pytest

PROJECT = Path(__file__).resolve().parents[2]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
COUNTRIES = sorted(path.stem.upper() for path in (PROJECT / "data" / "institutions").glob("*.ttl"))
QUERIES = sorted(
    path.relative_to(PROJECT / "queries").with_suffix("").as_posix() for path in (PROJECT / "queries").glob("*/*.rq")
)
PAGES = [
    "/",
    "/ask",
    "/ask?axis=corruption&country=PE&as_of=2018",
    "/ask?axis=gender&country=PE&component=police",
    "/ask?what=activities&country=PE&as_of=2018",
    "/ask?what=activities&axis=gender&country=CL&as_of=2018&kind=ministry",
    "/matrix",
    "/matrix?component=judicial&as_of=2018-06",
    "/matrix?compared_to=2018",
    "/network",
    "/network?country=PE",
    "/roadmaps",
    *(f"/roadmaps/{code}" for code in COUNTRIES),
    "/countries",
    "/axes",
    "/institutions",
    "/institutions?country=PE&kind=ministry",
    "/organisations",
    "/events",
    "/countries/PE",
    "/axes/corruption",
    "/institutions/pe-mp",
    "/organisations/ameripol",
    "/events/mission-2017-pe",
    "/doc/mandate/pe-mp-cybercrime",
    "/sources",
    "/sources?kind=legislation&sort=date&order=desc&page=2",
    "/sources/seed-plan-2018",
    "/doc/statement/programme-budget-19",
    "/doc/concept/stated",
    "/compare",
    "/compare?countries=PE,EC,CO",
    "/queries",
    "/queries/institutions/by-axis?axis=corruption&country=PE",
    "/queries/roadmaps/country",
    "/queries/roadmaps/graph?country=PE",
    "/sparql",
    "/sparql?query=SELECT+*+WHERE+{+?s+?p+?o+}+LIMIT+3",
    "/sparql?query=ASK+{}",
    "/sparql?query=CONSTRUCT+WHERE+{+?s+?p+?o+}+LIMIT+3",
    "/sparql?query=SELECT",
    "/releases",
    "/releases/1",
    "/releases/0..1",
    "/changes?since=1",
    "/axes/gender?release=1",
    "/exports",
    "/ontology",
    "/shapes",
    "/docs",
    "/nowhere",
    "/roadmaps/PR",
    "/ask?contry=PE",
]


@pytest.fixture(scope="session")
def pages(client, made_once) -> dict[str, str]:
    """Every kind of page as a browser gets it, by address."""

    def fetch(file: Path) -> None:
        found = {address: client.get(address, headers={"Accept": BROWSER}).text for address in PAGES}
        file.write_text(json.dumps(found), "utf-8")

    return dict(json.loads(made_once("pages.json", fetch).read_text("utf-8")))


ELP = "https://w3id.org/elpaccto/ontology#"
ID = "https://w3id.org/elpaccto/id/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCTERMS = "http://purl.org/dc/terms/"


class Facts:
    """The data files read plainly, without the service's queries and views: what pages are held against."""

    def __init__(self) -> None:
        self.said: dict[str, dict[str, list[str]]] = {}
        for path in sorted((PROJECT / "data").glob("**/*.ttl")):
            for quad in pyoxigraph.parse(path=str(path), format=pyoxigraph.RdfFormat.TURTLE):
                values = self.said.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, [])
                values.append(quad.object.value)

    def records(self, name: str) -> dict[str, dict[str, list[str]]]:
        """The records of a class, by slug; properties without their namespace."""
        rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
        return {
            iri.rpartition("/")[2]: {re.split("[#/]", key)[-1]: values for key, values in said.items()}
            for iri, said in self.said.items()
            if ELP + name in said.get(rdf_type, ())
        }

    def quotes(self, record: dict[str, list[str]]) -> set[str]:
        """The exact words that the evidence of a record gives."""
        return {quote for iri in record.get("evidence", ()) for quote in self.said[iri].get(ELP + "quote", ())}


def slug_of(values: list[str] | None) -> str:
    """The slug of the first value, empty where there is none."""
    return values[0].rpartition("/")[2] if values else ""


@pytest.fixture(scope="session")
def facts() -> Facts:
    return Facts()
