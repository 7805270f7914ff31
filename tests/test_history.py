"""History: any two releases can be compared, in quads and in words, also when their data is no longer kept."""

from __future__ import annotations

import datetime
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib

from graph_service import formats
from graph_service.describing import provenance
from graph_service.errors import HomeError, MalformedValue, ReleasePruned, UnknownRelease, UnknownTerm
from graph_service.history import Difference, History, departures, release_number
from graph_service.publishing import Publisher
from graph_service.releases import Releases
from graph_service.terms import DEFAULT_GRAPH, ELP, RDF_TYPE, Iri, Literal, nquad, record_iri

PROV = "http://www.w3.org/ns/prov#"
COURT, MANDATE = record_iri("institution", "sn-court"), record_iri("mandate", "sn-court-smuggling")
NEW_MANDATE = """
mandate:sn-court-smuggling a elp:Mandate ; elp:holder institution:sn-court ; elp:axis axis:smuggling ;
    elp:basis "Judges smuggling."@en ; elp:evidence evidence:mandate-sn-court-smuggling-brochure .
evidence:mandate-sn-court-smuggling-brochure a elp:Evidence ; elp:source source:brochure ;
    elp:certainty concept:checked .
"""
# what each release changes in the programme's file, one after the other
STEPS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text + NEW_MANDATE,
    lambda text: text.replace('"Example Court"@en', '"Sample Court"@en'),
    lambda text: text.replace('"Judges theft."@en', '"Judges thefts."@en'),
    lambda text: text.replace(NEW_MANDATE, ""),
    lambda text: text.replace('"Sample Court"@en', '"Example Court"@en'),
)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A publisher into an empty home."""
    return Publisher(tmp_path / "home")


@pytest.fixture(scope="module")
def story(second_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with six releases, one step each."""
    folder = tmp_path_factory.mktemp("story")
    project = folder / "project"
    shutil.copytree(second_project, project, ignore=shutil.ignore_patterns("queries"))
    shutil.copytree(second_project / "queries" / "vocabulary", project / "queries" / "vocabulary")
    publish(Publisher(folder / "home"), project)
    return folder / "home"


@pytest.fixture
def releases(story: Path, tmp_path: Path) -> Releases:
    """These releases, in a copy that a test may spoil."""
    return Releases(Path(shutil.copytree(story, tmp_path / "copy", symlinks=True)))


def publish(publisher: Publisher, project: Path) -> None:
    path = project / "data" / "programme.ttl"
    for step in STEPS:
        path.write_text(step(path.read_text()))
        publisher.load_project(project, who="ana")


def test_changes_lead_from_any_release_to_any_later_one(releases: Releases):
    """Applied to the quads of one they give those of the other; from 0 they are the whole graph."""
    quads = {0: set()} | {n: set(map(nquad, releases.get(n).store.quads())) for n in range(1, 7)}

    for since in range(6):
        for until in range(since + 1, 7):
            changes = History(releases).changes(since, until)
            assert (quads[since] - set(changes.removed)) | set(changes.added) == quads[until]
            assert not set(changes.added) & set(changes.removed)
            assert set(changes.removed) <= quads[since] and not set(changes.added) & quads[since]


def test_what_came_and_went_again_is_no_change(releases: Releases):
    """Releases 1 and 6 differ in one text; the mandate between them leaves no trace, nor does the name."""
    changes = History(releases).changes(1, 6)

    assert (len(changes.added), len(changes.removed)) == (1, 1)
    assert "Judges thefts." in changes.added[0]


def test_changes_are_told_by_subject(releases: Releases):
    """Each subject once, in order, with its own quads."""
    subjects = History(releases).changes(1, 2).subjects()

    assert [each.subject for each in subjects] == sorted({each.subject for each in subjects})
    mandate = next(each for each in subjects if each.subject == MANDATE)
    assert (MANDATE, Iri(ELP + "holder"), COURT) in {quad[:3] for quad in mandate.added}


def test_a_new_mandate_is_told_with_its_holder_and_axis(releases: Releases):
    """The mandate and its evidence are new records; what rules derive from them is counted apart."""
    found = History(releases).difference(1, 2)

    assert [(each.mandate, each.holder, each.axis) for each in found.mandates_added] == [
        (MANDATE, COURT, record_iri("axis", "smuggling"))
    ]
    assert [each.kind for each in found.new] == ["mandate", "evidence"]
    assert (found.mandates_removed, found.names, found.withdrawn, found.values) == ((), (), (), ())
    assert 0 < found.derived < found.added + found.removed


def test_a_changed_name_is_told_before_and_after(releases: Releases):
    """In its language; the record is not new."""
    found = History(releases).difference(2, 3)

    assert [(each.record, each.language, each.before, each.after) for each in found.names] == [
        (COURT, "en", "Example Court", "Sample Court")
    ]
    assert (found.new, found.withdrawn, found.values) == ((), (), ())


def test_a_changed_value_is_told_before_and_after(releases: Releases):
    """With its property."""
    (value,) = History(releases).difference(3, 4).values

    assert (value.property, *map(str, value.before), *map(str, value.after)) == (
        ELP + "basis", "Judges theft.", "Judges thefts.",
    )  # fmt: skip


def test_a_withdrawn_record_is_told(releases: Releases):
    """As what it was."""
    found = History(releases).difference(4, 5)

    assert [each.mandate for each in found.mandates_removed] == [MANDATE]
    assert [each.type for each in found.withdrawn] == [ELP + "Mandate", ELP + "Evidence"]


def test_a_comparison_backwards_is_the_reverse(releases: Releases):
    """What was new is withdrawn."""
    forth, back = History(releases).difference(1, 5), History(releases).difference(5, 1)

    assert back.withdrawn == forth.new and back.mandates_removed == forth.mandates_added
    assert [(each.before, each.after) for each in back.names] == [(each.after, each.before) for each in forth.names]


def test_a_statement_that_moves_to_another_file_is_no_news(publisher: Publisher, small_project: Path):
    """Its graph changes, what is said does not."""
    publisher.load_project(small_project, who="ana")
    path = small_project / "data" / "programme.ttl"
    head, gap = path.read_text().split("gap:ml-theft a elp:CoverageGap")
    path.write_text(head)
    prefixes = "".join(line for line in head.splitlines(keepends=True) if line.startswith("@prefix"))
    (small_project / "data" / "gaps.ttl").write_text(f"{prefixes}gap:ml-theft a elp:CoverageGap{gap}")
    publisher.load_project(small_project, who="ana")

    found: Difference = History(Releases(publisher.home)).difference(1, 2)
    assert found.added == found.removed > 0
    assert (found.new, found.withdrawn, found.names, found.values) == ((), (), (), ())


def test_the_unnamed_graph_and_odd_texts_are_told_too(releases: Releases):
    """A delta may hold quads without a graph (`separate`), and literals that look like statements."""
    odd = Literal(f"a\u2028b\n> <{RDF_TYPE}> <urn:x> .")
    quad = (Iri("urn:odd"), Iri("urn:says"), odd, DEFAULT_GRAPH)
    (releases.home / "history" / "6.nq.gz").write_bytes(gzip.compress(f"+ {nquad(quad)}".encode()))

    (subject,) = History(releases).changes(5, 6).subjects()
    found = History(releases).difference(5, 6)

    assert subject.added == (quad,)
    assert (found.new, found.added) == ((), 1)


def test_unknown_releases_are_refused(releases: Releases):
    """Either end must exist; 0 is the empty graph."""
    with pytest.raises(UnknownRelease, match="no release 9"):
        History(releases).changes(1, 9)
    with pytest.raises(MalformedValue, match="number of a release"):
        release_number("since", "-1")


def test_a_damaged_delta_is_told(releases: Releases):
    """With its file and what to do."""
    (releases.home / "history" / "3.nq.gz").write_bytes(b"\x1f\x8b damaged")

    with pytest.raises(HomeError, match=r"3\.nq\.gz cannot be read"):
        History(releases).changes(1, 4)


def test_pruned_releases_can_still_be_compared(tmp_path: Path, small_project: Path):
    """The deltas are kept for ever; what is pruned names the nearest release that is kept."""
    publisher = Publisher(tmp_path / "home", keep=2)
    publish(publisher, small_project)
    releases = Releases(publisher.home)

    assert releases.kept() == (5, 6)
    assert len(History(releases).difference(1, 2).mandates_added) == 1
    with pytest.raises(ReleasePruned, match="nearest that is kept is 5") as refused:
        releases.get(2)
    assert refused.value.near == ("5",)


def age(home: Path, number: int, created: datetime.datetime) -> None:
    """Make a release as old as wanted."""
    path = home / "history" / f"{number}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "created": created.isoformat()}))


def test_the_release_of_a_moment_is_found(releases: Releases):
    """The last one made before it; before the first one, the first."""
    noon = datetime.datetime(2024, 3, 1, 12, tzinfo=datetime.UTC)
    for number in range(1, 7):
        age(releases.home, number, noon + datetime.timedelta(days=number))
    aged = Releases(releases.home)

    def at(**later: int) -> int:
        return aged.at(noon + datetime.timedelta(**later)).number

    assert [at(days=-9), at(days=1), at(days=2, seconds=-1), at(days=2), at(days=4, hours=5), at(days=99)] == [
        1, 1, 1, 2, 4, 6,
    ]  # fmt: skip
    assert aged.at(noon + datetime.timedelta(days=4)).today == datetime.date(2024, 3, 5)


def test_opened_releases_are_kept_open(releases: Releases, monkeypatch: pytest.MonkeyPatch):
    """Asking again does not open it again; the one asked for longest ago is let go. Each is pinned to its day."""
    monkeypatch.setattr("graph_service.releases.OPENED", 2)
    first, second = releases.get(1), releases.get(2)

    assert releases.get(1) is first and first.today == first.date
    releases.get(3)
    assert releases.get(1) is first
    assert releases.get(2) is not second


def test_the_current_release_opened_by_number_shares_its_store(releases: Releases):
    """The same data, yet "today" is its own day."""
    aged = Releases(releases.home, clock=lambda: datetime.date(2030, 1, 1))
    current, pinned = aged.current(), aged.get(6)

    assert pinned.store is current.store
    assert (current.today, pinned.today) == (datetime.date(2030, 1, 1), pinned.date)


def test_an_older_release_is_asked_what_is_asked_today(releases: Releases):
    """A question that came after it is asked as it is today; one that neither has is unknown."""
    for name in ("catalogue.json", "queries/vocabulary/members.rq"):
        (releases.home / "releases" / "1" / "project" / name).unlink()
    first = Releases(releases.home).get(1)

    assert "vocabulary/members" not in first.catalogue.queries
    assert first.members("elp:Mandate") == releases.get(1).members("elp:Mandate") != ()
    with pytest.raises(UnknownTerm):
        first.ask("vocabulary/none")


def test_provenance_says_when_who_why_and_from_what(releases: Releases):
    """PROV-O, read back by another library; every IRI is the release's own or another release's."""
    record = releases.record(2)
    graph = rdflib.Graph().parse(data=formats.turtle(provenance(record)), format="turtle")
    release, prov = rdflib.URIRef(record_iri("release", "2")), rdflib.Namespace(PROV)

    assert str(graph.value(release, prov.generatedAtTime)) == record.created
    agent = graph.value(release, prov.wasAttributedTo)
    assert str(graph.value(agent, rdflib.RDFS.label)) == "ana"
    assert graph.value(release, prov.wasDerivedFrom) == rdflib.URIRef(record_iri("release", "1"))
    assert str(graph.value(release, rdflib.DCTERMS.identifier)) == record.digest
    assert int(graph.value(release, rdflib.VOID.triples)) == record.quads
    assert not [term for triple in graph for term in triple if isinstance(term, rdflib.BNode)]
    assert not [each for each in provenance(releases.record(1)) if each[1] == PROV + "wasDerivedFrom"]


def test_what_went_is_known_with_the_last_release_that_had_it(releases: Releases):
    """As of each release: not before it went, nor for what stands or never stood."""
    known = departures(releases)

    assert [known.last_release(MANDATE, at) for at in range(1, 7)] == [None, None, None, None, 4, 4]
    assert known.last_release(COURT, 6) is None
    assert known.last_release(record_iri("mandate", "never"), 6) is None


def test_what_went_twice_is_told_by_the_last_time(publisher: Publisher, small_project: Path):
    """Asked as of an earlier release, by the time before that; new releases are read as they come."""
    path = small_project / "data" / "programme.ttl"
    text = path.read_text()
    releases = Releases(publisher.home)
    for whole in (text + NEW_MANDATE, text):
        path.write_text(whole)
        publisher.load_project(small_project, who="ana")
    known = departures(releases)
    assert known.last_release(MANDATE, 2) == 1

    for whole in (text + NEW_MANDATE, text):
        path.write_text(whole)
        publisher.load_project(small_project, who="ana")

    assert departures(releases) is known
    assert [known.last_release(MANDATE, at) for at in (2, 4)] == [1, 3]


def test_a_damaged_delta_is_told_when_it_is_needed(releases: Releases):
    """And what was read before it is not read twice once it is whole again."""
    path = releases.home / "history" / "3.nq.gz"
    whole = path.read_bytes()
    path.write_bytes(b"\x1f\x8b damaged")

    with pytest.raises(HomeError, match=r"3\.nq\.gz cannot be read"):
        departures(releases).last_release(MANDATE, 6)
    path.write_bytes(whole)
    assert departures(releases).last_release(MANDATE, 6) == 4


def test_a_record_that_is_marked_as_withdrawn_is_told_as_withdrawn(publisher: Publisher, small_project: Path):
    """It went with the release that marks it; the mark is no record, neither when it comes nor when it goes."""
    path = small_project / "data" / "programme.ttl"
    text = path.read_text()
    mark = 'mandate:sn-court-smuggling a elp:WithdrawnRecord ; dcterms:description "Doubled."@en .\n'
    for whole in (text + NEW_MANDATE, text + mark, text):
        path.write_text(whole)
        publisher.load_project(small_project, who="ana")
    releases = Releases(publisher.home)

    marked, unmarked = (History(releases).difference(since, since + 1) for since in (1, 2))
    assert [each.mandate for each in marked.mandates_removed] == [MANDATE]
    assert MANDATE in [each.record for each in marked.withdrawn] and marked.new == ()
    assert (unmarked.new, unmarked.withdrawn) == ((), ())
    assert [departures(releases).last_release(MANDATE, at) for at in (1, 2, 3)] == [None, 1, 1]
