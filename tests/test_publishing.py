"""Publishing: what is acknowledged is whole and stays; what is refused or killed leaves everything as it was."""

from __future__ import annotations

import datetime
import gzip
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from graph_service import bulk, home, writing
from graph_service.deriving import derive
from graph_service.errors import (
    DataRefused,
    DoesNotConform,
    GraphRefused,
    HomeError,
    LostUpdate,
    NoRelease,
    RdfSyntaxError,
    ReleasePruned,
    ShapesError,
    UnknownRelease,
    WriterBusy,
)
from graph_service.gating import gate
from graph_service.home import Home
from graph_service.publishing import Expected, Publisher, quad_digest
from graph_service.releases import Releases
from graph_service.staging import data_files, read_data
from graph_service.store.embedded import EmbeddedStore
from graph_service.store.protocol import Dataset
from graph_service.terms import DERIVED_GRAPH, PREFIXES, Iri, nquad

GAP = "https://w3id.org/elpaccto/id/gap/"


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small programme, to be spoilt."""
    return small_project


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A publisher into an empty home."""
    return Publisher(tmp_path / "home", wait_s=1)


def spoil(project: Path, old: str, new: str) -> None:
    """Replace a text in the small programme's data; it must be there."""
    path = project / "data" / "programme.ttl"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def add(project: Path, statements: str) -> None:
    """Add statements to the small programme's data."""
    with (project / "data" / "programme.ttl").open("a") as file:
        file.write(statements)


def test_nothing_published_says_what_to_run(tmp_path: Path):
    """A reader of an empty home is told the command."""
    with pytest.raises(NoRelease, match="graph-service load"):
        Releases(tmp_path).current()


def test_a_load_publishes_once(publisher: Publisher, project: Path):
    """The same project again makes no new release, nor does a new comment."""
    first = publisher.load_project(project, who="ana")
    again = publisher.load_project(project, who="ana")
    add(project, "\n# a comment\n")
    commented = publisher.load_project(project, who="ana")

    assert (first.new, again.new, commented.new) == (True, False, False)
    assert first.record.number == again.record.number == commented.record.number == 1
    assert first.record.who == "ana"


def test_a_change_makes_a_release_that_readers_follow_without_restart(publisher: Publisher, project: Path):
    """The record counts what was added and removed, and the delta names it."""
    publisher.load_project(project, who="ana")
    releases = Releases(publisher.home)
    before = releases.current()
    spoil(project, '"Justice pour tous"@fr', '"Justice pour toutes"@fr')

    record = publisher.load_project(project, who="ben", reason="new name").record

    assert releases.current().number == record.number == 2
    assert before.number == 1 and before.exists(before.members("elp:Country")[0].iri)
    assert (record.added, record.removed, record.reason) == (1, 1, "new name")
    delta = gzip.decompress((publisher.home / "history" / "2.nq.gz").read_bytes()).decode().splitlines()
    assert [line[0] for line in delta] == ["+", "-"]
    assert "Justice pour toutes" in delta[0]


def test_a_file_that_is_gone_takes_its_graph_with_it(publisher: Publisher, project: Path):
    """A project's load leaves no graph of files that are no more."""
    extra = project / "data" / "extra.ttl"
    extra.write_text('<https://w3id.org/elpaccto/id/country/SN> <http://www.w3.org/2004/02/skos/core#note> "x"@en .')
    publisher.load_project(project, who="ana")
    extra.unlink()
    publisher.load_project(project, who="ana")

    assert "https://w3id.org/elpaccto/graph/extra" not in Releases(publisher.home).current().store.graphs()


@pytest.mark.parametrize(
    ("statements", "error", "message"),
    [
        ("\ncountry:SN elp:country .\n", RdfSyntaxError, r"data/programme\.ttl:\d+:\d+: "),
        ("\ncountry:SN elp:note [] .\n", DataRefused, "blank node stands at elp:note"),
        ('\ncountry:SN elp:order "007"^^xsd:integer .\n', DataRefused, "not in canonical form: write 7"),
        ("\naxis:theft a elp:TransversalAxis .\n", DataRefused, "stands in two graphs, .*concepts and .*programme"),
        ("\ngap:sn-x a elp:CoverageGap .\n", DoesNotConform, r"\d+ violations: sn-x"),
        ('\ncountry:SN elp:colour "red" .\n', DoesNotConform, "elp:colour|colour"),
    ],
)
def test_a_refused_load_changes_nothing_and_says_why(
    publisher: Publisher, project: Path, statements: str, error: type[Exception], message: str
):
    """Release, answers and home stay as they were; no staging folder is left."""
    publisher.load_project(project, who="ana")
    before = quad_digest(Releases(publisher.home).current().store.quads())
    add(project, statements)

    with pytest.raises(error, match=message):
        publisher.load_project(project, who="ana")

    release = Releases(publisher.home).current()
    assert release.number == 1
    assert quad_digest(release.store.quads()) == before == release.record.digest
    assert sorted(path.name for path in publisher.home.iterdir()) == ["current", "history", "lock", "releases"]


def test_misspelt_shapes_are_refused(publisher: Publisher, project: Path):
    """A `sh:` term outside the vocabulary would silently check nothing."""
    shapes = project / "ontology" / "shapes.ttl"
    shapes.write_text(shapes.read_text().replace("sh:minCount", "sh:mincount", 1))

    with pytest.raises(ShapesError, match="sh:mincount"):
        publisher.load_project(project, who="ana")


def test_files_are_loaded_into_their_own_graphs_beside_the_rest(publisher: Publisher, project: Path, tmp_path: Path):
    """Loading one file replaces its graph and no other."""
    publisher.load_project(project, who="ana")
    file = tmp_path / "notes.ttl"
    file.write_text('<https://w3id.org/elpaccto/id/country/SN> <http://www.w3.org/2004/02/skos/core#note> "x"@en .')

    record = publisher.write(bulk.load_files(bulk.data_files([file])), who="ben", reason="load of files").record

    assert (record.number, record.added, record.removed) == (2, 3, 0)  # the record counts what is derived, too
    assert record.graphs["https://w3id.org/elpaccto/graph/notes"] == 1
    assert not publisher.write(bulk.load_files(bulk.data_files([file])), who="ben", reason="load of files").new


def test_rollback_publishes_the_content_of_an_earlier_release(publisher: Publisher, project: Path):
    """The content is that of then; the number goes on."""
    first = publisher.load_project(project, who="ana").record
    spoil(project, '"Justice pour tous"@fr', '"Autre"@fr')
    publisher.load_project(project, who="ana")

    record = publisher.rollback(1, who="ben").record

    assert (record.number, record.digest) == (3, first.digest)
    assert record.reason == "rollback to release 1"
    with pytest.raises(UnknownRelease, match="no release 9"):
        publisher.rollback(9, who="ben")


def test_pruning_keeps_the_last_ones_and_one_a_day(project: Path, tmp_path: Path):
    """Records stay for ever; data of older releases goes, but for the last one of each day."""
    for number in range(1, 6):
        publisher = Publisher(tmp_path / "home", keep=2)
        spoil(project, "Justice pour", f"{number} Justice pour")
        publisher.load_project(project, who="ana")
        if number == 2:
            age(publisher.home, 2, days=1)
            age(publisher.home, 1, days=1)

    releases = Releases(publisher.home)
    assert [record.number for record in releases.records()] == [5, 4, 3, 2, 1]
    assert sorted(path.name for path in (publisher.home / "releases").iterdir()) == ["2", "4", "5"]
    with pytest.raises(ReleasePruned):
        releases.get(1)
    with pytest.raises(ReleasePruned):
        publisher.rollback(3, who="ana")


@pytest.mark.parametrize("state", ["1", "1+"])
def test_pruning_spares_the_release_that_a_remote_engine_holds(state: str, project: Path, tmp_path: Path):
    """Else nothing could be read until the engine is back: its answers are made with files of that release."""
    publisher = Publisher(tmp_path / "home", keep=1)
    for number in range(1, 5):
        spoil(project, "Justice pour", f"{number} Justice pour")
        publisher.load_project(project, who="ana")
        if number == 1:
            (publisher.home / "mirrored").symlink_to(state)

    kept = sorted(path.name for path in (publisher.home / "releases").iterdir())
    (publisher.home / "mirrored").unlink()
    (publisher.home / "mirrored").symlink_to("4")
    Home(publisher.home).prune(1)

    assert kept == ["1", "4"]
    assert [path.name for path in (publisher.home / "releases").iterdir()] == ["4"]


def age(home: Path, number: int, days: int) -> None:
    """Make a release some days older."""
    path = home / "history" / f"{number}.json"
    record = json.loads(path.read_text())
    then = datetime.datetime.fromisoformat(record["created"]) - datetime.timedelta(days=days)
    path.write_text(json.dumps({**record, "created": then.isoformat()}))


def test_what_a_crash_left_is_removed_by_the_next_writer(publisher: Publisher, project: Path):
    """Neither a staging folder nor a release that never became current survives."""
    publisher.load_project(project, who="ana")
    (publisher.home / "staging" / "store").mkdir(parents=True)
    shutil.copytree(publisher.home / "releases" / "1", publisher.home / "releases" / "2")
    shutil.copy(publisher.home / "history" / "1.json", publisher.home / "history" / "2.json")
    assert len(Releases(publisher.home).records()) == 1
    spoil(project, '"Justice pour tous"@fr', '"Autre"@fr')

    record = publisher.load_project(project, who="ben").record

    assert (record.number, record.who) == (2, "ben")
    assert not (publisher.home / "staging").exists()


def test_a_second_writer_waits_and_then_says_so(publisher: Publisher, project: Path):
    """The lock is between processes and threads; who waits too long is told."""
    impatient = Publisher(publisher.home, wait_s=0)

    with Home(publisher.home).writer(wait_s=1), pytest.raises(WriterBusy, match="Another write"):
        impatient.load_project(project, who="ben")


def test_a_home_that_cannot_be_written_says_what_to_do(project: Path, tmp_path: Path):
    """A file where the folder should be stands for every home that cannot be written."""
    home = tmp_path / "home"
    home.write_text("")

    with pytest.raises(HomeError, match="GRAPH_SERVICE_HOME"):
        Publisher(home).load_project(project, who="ana")


def test_a_full_disk_is_told_and_leaves_the_release(
    publisher: Publisher, project: Path, monkeypatch: pytest.MonkeyPatch
):
    """The operating system's refusal becomes one line; the next write cleans up."""
    publisher.load_project(project, who="ana")
    spoil(project, '"Justice pour tous"@fr', '"Autre"@fr')

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(home, "_write_delta", full)
    with pytest.raises(HomeError, match="full"):
        publisher.load_project(project, who="ana")
    monkeypatch.undo()

    assert Releases(publisher.home).current().number == 1
    assert publisher.load_project(project, who="ana").record.number == 2


def test_a_damaged_store_says_what_to_do(publisher: Publisher, project: Path):
    """A store whose files are broken is told by folder."""
    publisher.load_project(project, who="ana")
    for path in (publisher.home / "releases" / "1" / "store").glob("MANIFEST*"):
        path.write_bytes(b"broken")

    with pytest.raises(HomeError, match="cannot be opened"):
        Releases(publisher.home).current()


def test_two_files_of_one_name_are_refused(project: Path):
    """Each file is a graph, named by its stem."""
    (project / "data" / "more").mkdir()
    (project / "data" / "more" / "programme.ttl").write_text("")

    with pytest.raises(DataRefused, match=r"data/more/programme\.ttl and data/programme\.ttl|programme"):
        data_files(project)


def test_data_in_other_formats_can_be_read(tmp_path: Path):
    """N-Triples and RDF/XML are read by their suffix; an unknown suffix is told."""
    line = tmp_path / "a.nt"
    line.write_text("<urn:a> <urn:b> <urn:c> .\n")

    assert read_data(line, "a.nt") == {(Iri("urn:a"), Iri("urn:b"), Iri("urn:c"))}
    with pytest.raises(DataRefused, match="must end in"):
        read_data(tmp_path / "a.pdf", "a.pdf") if (tmp_path / "a.pdf").write_text("") == 0 else None


SN = "https://w3id.org/elpaccto/id/country/SN"
SEE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
NOTES = Iri("https://w3id.org/elpaccto/graph/notes")
PREFIX_LINES = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("elp", "rdfs", "xsd"))


def see_also(name: str, subject: str = SN):
    """A change that adds one statement."""
    text = f"INSERT DATA {{ GRAPH <{NOTES}> {{ <{subject}> <{SEE}> <https://example.org/{name}> }} }}"
    return writing.update(text, Dataset())


@pytest.fixture
def own(own_home: Path) -> Publisher:
    """A publisher into a home that has a release."""
    return Publisher(own_home, wait_s=1)


def test_a_write_becomes_the_next_release_with_its_delta(own: Publisher):
    """The digest, made from the delta, is that of the whole content; what follows by rule is counted apart."""
    written = own.write(see_also("1"), who="ana", reason="a link")

    release = Releases(own.home).current()
    delta = gzip.decompress((own.home / "history" / "2.nq.gz").read_bytes()).decode()
    stated = [line for line in delta.splitlines(keepends=True) if not line.endswith(f"<{DERIVED_GRAPH}> .\n")]
    assert (written.new, written.added, written.removed, written.record.number) == (True, 1, 0, 2)
    assert stated == [f"+ {nquad((Iri(SN), Iri(SEE), Iri('https://example.org/1'), NOTES))}"]
    assert (written.derived_added, written.derived_removed) == (len(delta.splitlines()) - 1, 0) == (2, 0)
    assert release.record.digest == quad_digest(release.store.quads())
    assert release.record.changed_in(NOTES) == 2
    assert release.record.changed_in("https://w3id.org/elpaccto/graph/programme") == 1


def test_a_write_that_changes_nothing_makes_no_release(own: Publisher):
    """Neither the same again, nor what takes away what was never there."""
    own.write(see_also("1"), who="ana", reason="")
    again = own.write(see_also("1"), who="ana", reason="")
    nothing = own.write(
        writing.update(f"DELETE DATA {{ GRAPH <{NOTES}> {{ <{SN}> <{SEE}> 1 }} }}", Dataset()), who="a", reason=""
    )

    assert (again.new, nothing.new, nothing.record.number) == (False, False, 2)


def test_a_dry_run_publishes_nothing(own: Publisher):
    """It tells the release that there would be."""
    written = own.write(see_also("1"), who="ana", reason="", dry_run=True)

    assert (written.record.number, written.added) == (2, 1)
    assert Releases(own.home).current().number == 1
    assert not (own.home / "staging").exists()


def test_who_has_not_seen_the_latest_is_refused(own: Publisher):
    """Of the whole data by its number, of a graph by its last change."""
    own.write(see_also("1"), who="ana", reason="")
    programme = Expected(frozenset({1}), Iri("https://w3id.org/elpaccto/graph/programme"))

    with pytest.raises(LostUpdate, match="that of release 2"):
        own.write(see_also("2"), who="ana", reason="", expected=Expected(frozenset({1})))
    with pytest.raises(LostUpdate, match="does not exist"):
        own.write(see_also("2"), who="ana", reason="", expected=Expected(frozenset(), Iri("urn:none")))
    assert own.write(see_also("2"), who="ana", reason="", expected=programme).record.number == 3


def test_blank_nodes_get_iris_that_stay(own: Publisher):
    """One IRI for one node, also where it stands in two statements."""
    text = f"INSERT DATA {{ GRAPH <{NOTES}> {{ <{SN}> <{SEE}> _:x . _:x <{SEE}> <https://example.org/1> }} }}"
    written = own.write(writing.update(text, Dataset()), who="ana", reason="")

    triples = set(Releases(own.home).current().store.graph(NOTES))
    (given,) = {value for subject, _, value in triples if subject == SN}
    assert written.warnings == ("1 blank node was given an IRI below https://w3id.org/elpaccto/.well-known/genid/",)
    assert given in {subject for subject, *_ in triples}
    assert not own.write(see_also("1", str(given)), who="ana", reason="").new


def test_a_statement_of_another_graph_is_refused_by_the_gate(own: Publisher):
    """In the union it would count twice; the graph that states it already is named."""
    copy = "INSERT { GRAPH <%s> { ?s ?p ?o } } WHERE { GRAPH <https://w3id.org/elpaccto/graph/programme> { ?s ?p ?o } }"

    with pytest.raises(DataRefused, match="graph:notes and graph:programme"):
        own.write(writing.update(copy % NOTES, Dataset()), who="ana", reason="")


def test_the_derived_graph_is_written_by_rules_alone(own: Publisher):
    """Additions by a variable or a relative IRI are refused, what is taken away is derived anew."""
    base = "BASE <https://w3id.org/elpaccto/graph/> INSERT DATA { GRAPH <derived> { <x> <y> <z> } }"
    everywhere = "INSERT { GRAPH ?g { ?s <urn:p> 1 } } WHERE { GRAPH ?g { ?s a <http://www.w3.org/ns/prov#Entity> } }"
    before = set(Releases(own.home).current().store.graph(Iri(DERIVED_GRAPH)))

    for text in (everywhere, base):
        with pytest.raises(GraphRefused, match="made by rules"):
            own.write(writing.update(text, Dataset()), who="ana", reason="")
    own.write(see_also("1"), who="ana", reason="")
    taken = writing.update(f"DELETE WHERE {{ GRAPH ?g {{ <{SN}> <{SEE}> ?o }} }} ; CLEAR NAMED", Dataset())
    own.write(taken, who="ana", reason="")
    own.rollback(1, who="ana")

    assert set(Releases(own.home).current().store.graph(Iri(DERIVED_GRAPH))) == before


def test_a_load_leaves_what_was_written_since_the_last_one(project: Path, tmp_path: Path):
    """What changed in a file comes; what others added stays."""
    own = Publisher(tmp_path / "home", wait_s=1)
    own.load_project(project, who="ana")
    programme = "https://w3id.org/elpaccto/graph/programme"
    before = set(Releases(own.home).current().store.graph(Iri(programme)))
    own.write(see_also("1"), who="ben", reason="")
    added = f"INSERT DATA {{ GRAPH <{programme}> {{ <{SN}> <{SEE}> <https://example.org/2> }} }}"
    own.write(writing.update(added, Dataset()), who="ben", reason="")
    spoil(project, '"Justice pour tous"@fr', '"Autre"@fr')
    own.load_project(project, who="ana")

    store = Releases(own.home).current().store
    after = set(store.graph(Iri(programme)))
    assert {str(value) for *_, value in after - before} == {"Autre", "https://example.org/2"}
    assert {str(value) for *_, value in before - after} == {"Justice pour tous"}
    assert set(store.graph(NOTES)) == {(Iri(SN), Iri(SEE), Iri("https://example.org/1"))}


def test_a_file_that_is_gone_takes_its_statements_along(project: Path, tmp_path: Path):
    """And no others: what was written into its graph since then stays."""
    own = Publisher(tmp_path / "home", wait_s=1)
    extra = project / "data" / "extra.ttl"
    extra.write_text(f"<{SN}> <{SEE}> <https://example.org/file> .\n")
    own.load_project(project, who="ana")
    graph = Iri("https://w3id.org/elpaccto/graph/extra")
    added = f"INSERT DATA {{ GRAPH <{graph}> {{ <{SN}> <{SEE}> <https://example.org/other> }} }}"
    own.write(writing.update(added, Dataset()), who="ben", reason="")
    extra.unlink()
    own.load_project(project, who="ana")

    assert {str(value) for *_, value in Releases(own.home).current().store.graph(graph)} == {
        "https://example.org/other"
    }


def test_a_write_needs_a_release_to_change(tmp_path: Path):
    """The first release is a load."""
    with pytest.raises(NoRelease, match="graph-service load"):
        Publisher(tmp_path / "home").write(see_also("1"), who="ana", reason="")


def test_many_small_writes_end_as_if_all_was_made_anew(own: Publisher):
    """What follows by rule, what the shapes find, counts and digest: each write only works where it reaches."""
    page = "https://example.org/page"
    texts = (
        f"INSERT DATA {{ GRAPH <{NOTES}> {{ <{SN}> rdfs:seeAlso <{page}> }} }}",
        f"DELETE WHERE {{ GRAPH ?g {{ <{SN}> rdfs:label ?name }} }} ; "
        f"INSERT DATA {{ GRAPH <{NOTES}> {{ <{SN}> rdfs:label 'Senegal'@en }} }}",
        f"INSERT {{ GRAPH <{NOTES}> {{ ?each elp:until '2999'^^xsd:gYear }} }} WHERE {{ ?each a elp:Institution }}",
        f"DELETE DATA {{ GRAPH <{NOTES}> {{ <{SN}> rdfs:seeAlso <{page}> }} }}",
        f"DROP GRAPH <{NOTES}> ; INSERT DATA {{ GRAPH <{NOTES}> {{ <{SN}> rdfs:label 'Sénégal'@fr }} }}",
    )
    for text in texts:
        assert own.write(writing.update(PREFIX_LINES + text, Dataset()), who="ana", reason="").new
    release = Releases(own.home).current()
    whole = EmbeddedStore.in_memory(quad for quad in release.store.quads() if quad[3] != DERIVED_GRAPH)
    derive(whole, release.project, release.record.moment.date())

    assert set(whole.quads()) == set(release.store.quads())
    assert release.record.report == gate(whole, release.project).counts
    assert release.record.digest == quad_digest(whole.quads())
    assert release.record.graphs == Counter(quad[3] for quad in whole.quads())


def test_a_clock_that_was_set_back_does_not_turn_the_order_of_releases(own: Publisher):
    """A release is never earlier than the one that it was made from."""
    age(own.home, 1, days=-2)

    record = own.write(see_also("1"), who="ana", reason="").record

    assert record.moment >= Home(own.home).record(1).moment
