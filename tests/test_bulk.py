"""Bulk: files of every format and size, plain or compressed, in or not at all."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph_service.bulk import Loaded, data_files, load_files, zstd
from graph_service.cli.watching import loading
from graph_service.errors import DataRefused, GraphRefused, RdfSyntaxError
from graph_service.home import Home
from graph_service.publishing import Publisher
from graph_service.staging import Staging
from graph_service.store import lines
from graph_service.store.embedded import EmbeddedStore
from graph_service.terms import DERIVED_GRAPH, GRAPH, XSD, Iri, Literal, Quad

A, B, P = "<urn:a>", "<urn:b>", "<urn:p>"
FILES = {  # suffix → what says that a is related to b, and has a name in two lines
    "nq": '<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:name> "Perú\\n2"@es .\n',
    "nt": '<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:name> "Perú\\n2"@es .',
    "ttl": '@prefix u: <urn:> . u:a u:p u:b ; u:name """Perú\n2"""@es .',
    "trig": '@prefix u: <urn:> . { u:a u:p u:b ; u:name "Perú\\n2"@es }',
    "rdf": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">
        <rdf:Description rdf:about="urn:a"><u:p rdf:resource="urn:b"/><u:name xml:lang="es">Perú
2</u:name></rdf:Description></rdf:RDF>""",
    "jsonld": '{"@id": "urn:a", "urn:p": {"@id": "urn:b"}, "urn:name": {"@value": "Perú\\n2", "@language": "es"}}',
}
COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstd.compress,
}


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    """An empty staging store on disk."""
    made = Staging(EmbeddedStore.create(tmp_path / "store"), tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file of a name and a content."""

    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


Write = Callable[[str, str | bytes], Path]


def load(staging: Staging, *paths: Path) -> set[Quad]:
    """Load some files; all that is in the store then."""
    load_files(data_files(paths))(staging)
    return set(staging.store.quads())


@pytest.mark.parametrize("compression", COMPRESSED)
@pytest.mark.parametrize("suffix", FILES)
def test_each_format_can_be_loaded_plain_and_compressed(staging: Staging, write: Write, suffix: str, compression: str):
    """Statements that name no graph go into that of the file's stem."""
    file = write(f"notes.{suffix}{compression}", COMPRESSED[compression](FILES[suffix].encode()))

    found = load(staging, file)

    graph = Iri(GRAPH + "notes")
    assert found == {
        (Iri("urn:a"), Iri("urn:p"), Iri("urn:b"), graph),
        (Iri("urn:a"), Iri("urn:name"), Literal("Perú\n2", "es"), graph),
    }


@pytest.mark.parametrize("chunk", [1, 40, 1 << 20])
def test_quads_go_into_the_graphs_that_they_name(
    staging: Staging, write: Write, monkeypatch: pytest.MonkeyPatch, chunk: int
):
    """However the lines are written, and wherever a chunk ends; nothing else is counted among what was touched."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", chunk)
    text = f"{A} {P} {B} <urn:g> .\n# a line <urn:no> .\n{A}\t{P}\t{A} <urn:h>.\r\n\n{B} {P} {A} .\n"
    text += f"{B} {P} {B} <urn:g> . # <urn:i> ."

    changed = load_files(data_files([write("rest.nq", text)]))(staging)

    assert {(str(s), str(o), str(g)) for s, _, o, g in staging.store.quads()} == {
        ("urn:a", "urn:b", "urn:g"),
        ("urn:a", "urn:a", "urn:h"),
        ("urn:b", "urn:a", GRAPH + "rest"),
        ("urn:b", "urn:b", "urn:g"),
    }
    assert changed.touched == {"urn:g", "urn:h", GRAPH + "rest"}


def test_a_graph_holds_what_the_files_say_and_nothing_else(staging: Staging, write: Write):
    """Several files feed one graph; what was in it goes, what is in others stays."""
    load(staging, write("old.nq", f"{A} {P} {A} <urn:g> .\n{A} {P} {A} <urn:other> .\n{A} {P} {A} <{GRAPH}n> ."))

    found = load(
        staging, write("x.nq", f"{A} {P} {B} <urn:g> ."), write("y.nq", f"{B} {P} {B} <urn:g> ."), write("n.ttl", "")
    )

    assert {(str(s), str(o), str(g)) for s, _, o, g in found} == {
        ("urn:a", "urn:b", "urn:g"),
        ("urn:b", "urn:b", "urn:g"),
        ("urn:a", "urn:a", "urn:other"),
    }
    assert GRAPH + "n" in staging.store.graphs()  # empty, as its file


def test_a_folder_stands_for_the_files_below_it(staging: Staging, write: Write, tmp_path: Path):
    """Those of a known format, and no others."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    write("in/x.nt", f"{A} {P} {A} .")
    write("in/deep/y.v2.ttl.gz", gzip.compress(f"{B} {P} {B} .".encode()))
    write("in/read.me", "not RDF")

    found = load(staging, tmp_path / "in")

    assert {str(graph) for *_, graph in found} == {GRAPH + "x", GRAPH + "y.v2"}


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("bad.nq", f"{A} {P} {A} <urn:g> .\n{A} {P} <urn:g .\n", r"bad\.nq:2:"),
        ("bad.ttl", "<urn:a> <urn:p>\n\n <urn:b> ; ; 'x .", r"bad\.ttl:3:"),
        ("bad.trig", "{ <urn:a> <urn:p> \n } }", r"bad\.trig:2:"),
        ("bad.jsonld", '{"@id": \n }', r"bad\.jsonld:2:"),
    ],
)
def test_an_error_tells_file_line_and_column(staging: Staging, write: Write, name: str, content: str, where: str):
    """So that an editor can jump to it."""
    with pytest.raises(RdfSyntaxError, match=where) as caught:
        load(staging, write(name, content))

    assert caught.value.line
    assert caught.value.column


def test_the_line_of_an_error_is_counted_over_the_whole_file(
    staging: Staging, write: Write, monkeypatch: pytest.MonkeyPatch
):
    """Also behind the first chunk, and for what is refused."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", 100)
    good = "".join(f"<urn:{number}> {P} {B} <urn:g> .\n" for number in range(30))

    with pytest.raises(RdfSyntaxError, match=r"bad\.nq:31:"):
        load(staging, write("bad.nq", good + "nonsense\n" + good))
    with pytest.raises(DataRefused, match=r"blank\.nq:31: a blank node stands at urn:p"):
        load(staging, write("blank.nq", good + f"_:x {P} {B} <urn:g> .\n" + good))
    with pytest.raises(DataRefused, match=r"odd\.nq:32: urn:a urn:p: 007 is not in canonical form: write 7"):
        load(staging, write("odd.nq", good + f'# here\n{A} {P} "007"^^<{XSD}integer> <urn:g> .\n'))


LITERALS = [
    '"a"', '"a ^^ b"', '"_:a"@en', '"x\\"1"^^<{}integer>', '"1"^^<{}integer>', '"01"^^<{}integer>', '"-0"^^<{}integer>',
    '"+1"^^<{}integer>', '"300"^^<{}byte>', '"1"^^<{}byte>', '"1.50"^^<{}decimal>', '"1.5"^^<{}decimal>',
    '"-34.61315"^^<{}decimal>', '"1"^^<{}decimal>', '"1.0"^^<{}decimal>', '"1"^^<{}boolean>', '"true"^^<{}boolean>',
    '"2018"^^<{}gYear>', '"02018"^^<{}gYear>', '"2018-02-30"^^<{}date>', '"2018-02-03"^^<{}date>',
    '"2018-02-03+00:00"^^<{}date>', '"2018-02"^^<{}gYearMonth>', '"2018-02-03T00:00:00Z"^^<{}dateTime>',
    '"2018-02-03T24:00:00Z"^^<{}dateTime>', '"2018-02-03T00:00:00.0Z"^^<{}dateTime>', '"1e0"^^<{}double>',
    '"1.0E0"^^<{}double>', '"INF"^^<{}float>', '"P1Y"^^<{}duration>', '"P12M"^^<{}duration>', '"x"^^<urn:datatype>',
    '"x"^^<{}string>', '"1" ^^ <{}integer>', '"01" ^^ <{}integer>', '"01"^^<http://www.w3.org/2001/XMLSchema\\u0023integer>',
    '"9223372036854775807"^^<{}integer>', '"9223372036854775808"^^<{}integer>', '"0000"^^<{}gYear>',
    '"2018-02-03T00:00:60Z"^^<{}dateTime>', '"0.000000000000000001"^^<{}decimal>', '"PT0S"^^<{}dayTimeDuration>',
]  # fmt: skip


@pytest.mark.parametrize("written", LITERALS)
def test_a_literal_is_refused_exactly_if_the_engine_would_keep_it_otherwise(
    staging: Staging, write: Write, written: str
):
    """Found in the text, held against what the engine does."""
    line = f"{A} {P} {written.replace('{}', XSD)} <urn:g> .\n"
    store = EmbeddedStore.in_memory()
    store.bulk_load(line.encode(), Iri("urn:g"), "x.nq")
    (as_written,) = lines.parsed(line.encode())

    if set(store.quads()) == {as_written}:
        assert load(staging, write("x.nq", line)) == {as_written}
    else:
        with pytest.raises(DataRefused, match="is not in canonical form"):
            load(staging, write("x.nq", line))


@pytest.mark.parametrize("text", ["[] <urn:p> <urn:b> .", "<urn:a> <urn:p> (1) .", "<urn:a> <urn:p> _:b ."])
def test_blank_nodes_are_refused_in_every_format(staging: Staging, write: Write, text: str):
    """A delta with them could not be replayed."""
    with pytest.raises(DataRefused, match="blank node"):
        load(staging, write("x.ttl", text))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "a,b", r"x\.csv cannot be loaded: its name must end in \.ttl, \.nt, .*\.zst"),
        ("x.nq.gz", gzip.compress(b"<urn:a> <urn:p> <urn:b> .\n" * 9)[:-9], r"x\.nq\.gz cannot be decompressed"),
        ("x.nq.gz", b"<urn:a>", r"x\.nq\.gz cannot be read"),
        ("x.nq.bz2", b"<urn:a>", r"x\.nq\.bz2 cannot be read"),
        ("x.nq.zst", b"<urn:a> <urn:p> <urn:b> .", r"x\.nq\.zst cannot be decompressed"),
    ],
    ids=["no format", "cut gzip", "no gzip", "no bzip2", "no zstd"],
)
def test_a_file_that_cannot_be_read_is_named(staging: Staging, write: Write, name: str, content: str, message: str):
    """And what can be."""
    with pytest.raises(DataRefused, match=message):
        load(staging, write(name, content))


def test_the_graph_of_derived_statements_is_refused(staging: Staging, write: Write):
    """It is made by rules."""
    with pytest.raises(GraphRefused, match="derived"):
        load(staging, write("x.nq", f"{A} {P} {B} <{DERIVED_GRAPH}> ."))


def test_an_interrupted_load_leaves_nothing_and_can_be_run_again(own_home: Path, write: Write):
    """The release stays, the staging folder goes."""
    publisher, home = Publisher(own_home), Home(own_home)
    country = "<https://w3id.org/elpaccto/id/country/SN>"
    note = f'{country} <http://www.w3.org/2004/02/skos/core#note> "x"@en <{GRAPH}more> .\n'
    files = data_files([write("more.nq", note)])

    def interrupt(loaded: Loaded) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publisher.write(load_files(files, interrupt), who="ana", reason="load")
    left = (home.current(), home.staging.exists())
    done = publisher.write(load_files(files), who="ana", reason="load")
    again = publisher.write(load_files(files), who="ana", reason="load")

    assert left == (1, False)
    assert (done.record.number, done.added, done.record.graphs[GRAPH + "more"]) == (2, 1, 1)
    assert not again.new


def test_progress_is_told_in_bytes_and_quads_and_shown_in_few_lines(
    staging: Staging, write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Without a terminal: at most one line each ten seconds."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", 1000)
    file = write("x.nq", "".join(f"<urn:{number:04}> {P} {B} <urn:g> .\n" for number in range(1000)))
    seconds = iter(range(1000))
    seen: list[Loaded] = []

    with loading(lambda: next(seconds)) as show:

        def progress(loaded: Loaded) -> None:
            seen.append(loaded)
            show(loaded)

        load_files(data_files([file]), progress)(staging)

    assert [each.read_bytes for each in seen] == sorted(each.read_bytes for each in seen)
    assert (seen[-1].read_bytes, seen[-1].of_bytes, seen[-1].quads) == (file.stat().st_size, file.stat().st_size, 1000)
    shown = capsys.readouterr().err.splitlines()
    assert 0 < len(shown) <= len(seen) / 10
    assert all("loading x.nq" in line and "quads" in line and "s left" in line for line in shown)
