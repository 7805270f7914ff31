"""Lines: files of RDF as N-Quads in chunks, for the engine's bulk loader, and what must be refused in them.

N-Quads and N-Triples are handed on as they are read; the other formats are parsed and written as N-Quads, terms as they
were written. Blank nodes, and literals that the engine would keep otherwise, are looked for in the text of a chunk:
that takes a tenth of the time of loading it. Only a chunk in which something may be wrong is parsed once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import IO

import pyoxigraph as ox

from graph_service.errors import DataRefused, RdfSyntaxError
from graph_service.store.embedded import SUFFIXES
from graph_service.store.native import from_quad, quad_node, rewritings
from graph_service.store.protocol import WritableStore
from graph_service.terms import RDF_LANG_STRING, XSD, XSD_STRING, Iri, Literal, Quad, Term, compact, n3

FIRST_BYTES = 2 << 20  # so that the loader has something to do soon; each chunk is twice as large as the last, up to:
CHUNK_BYTES = 32 << 20  # smaller ones make many files in the store, larger ones take memory and fit no cache
CHUNK_QUADS = 200_000
_XSD = b"<" + XSD.encode()
_BLANK = re.compile(rb"(?:^|[\s(>])_:", re.MULTILINE)
_COMMENTS = (b" #", b"\t#", b"\n#", b".#")  # how one may begin
_PLAIN_IRI = re.compile(rb'<([^<>"\\\s]+)>')
_CANONICAL = re.compile(  # those that are met most; the engine is asked about others
    rb"""(?: (?:0|-?[1-9]\d{0,17})>integer | -?(?:0|[1-9]\d{0,9})\.\d{0,7}[1-9]>decimal | (?:true|false)>boolean
        | [1-9]\d{3}(?:-\d\d-\d\d>date|-\d\d>gYearMonth|>gYear)
        | [1-9]\d{3}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\dZ>dateTime )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of N-Quads; those without a graph belong to `graph`."""

    text: bytes
    file: str
    graph: Iri
    first: int | None  # the number of the first one in its file, None where the file is of another format

    def __len__(self) -> int:
        """How many lines."""
        return self.text.count(b"\n") + (not self.text.endswith(b"\n"))


def read_lines(stream: IO[bytes], suffix: str, file: str, graph: Iri) -> Iterator[Lines]:
    """Read a file of a format given by its suffix, in chunks.

    Args:
        file: its name, for errors.
        graph: where statements go that name none.

    Raises:
        RdfSyntaxError: with file, line and column; of N-Quads and N-Triples only as they are loaded.
    """
    if suffix in ("nq", "nt"):
        yield from _as_they_are(stream, file, graph)
        return
    quads = ox.parse(stream, format=SUFFIXES[suffix])
    try:
        while text := ox.serialize(islice(quads, CHUNK_QUADS), format=ox.RdfFormat.N_QUADS):
            yield Lines(text, file, graph, None)
    except SyntaxError as error:
        raise _syntax_error(error, file) from None


def _as_they_are(stream: IO[bytes], file: str, graph: Iri) -> Iterator[Lines]:
    rest, first, size = b"", 1, min(FIRST_BYTES, CHUNK_BYTES)
    while read := stream.read(size):
        size = min(2 * size, CHUNK_BYTES)
        whole, newline, rest = (rest + read).rpartition(b"\n")
        if newline:
            lines = Lines(whole + newline, file, graph, first)
            first += len(lines)
            yield lines
    if rest:
        yield Lines(rest, file, graph, first)


def graphs_in(lines: Lines) -> frozenset[Iri]:
    """The graphs that some lines are of.

    Raises:
        RdfSyntaxError.
    """
    found = _graphs_at_ends(lines.text) if lines.text.count(b" .\n") == len(lines) else None
    if found is None or not all(map(_PLAIN_IRI.fullmatch, found)) or _may_have_comments(lines.text):
        return frozenset(quad[3] or lines.graph for quad in _quads(lines))
    return frozenset(Iri(each[1:-1].decode()) for each in found)


def _graphs_at_ends(text: bytes) -> set[bytes] | None:
    """The last terms of lines that are written as most programs write them; None if some line has no graph."""
    try:
        ends = {(b" " in start, graph) for start, _, graph, _ in (line.rsplit(b" ", 3) for line in text.splitlines())}
    except ValueError:
        return None
    return {graph for _, graph in ends} if all(whole for whole, _ in ends) else None


def _may_have_comments(text: bytes) -> bool:
    return text.startswith(b"#") or any(each in text for each in _COMMENTS)


def check_lines(lines: Lines) -> None:
    """Refuse blank nodes, and literals that the engine would silently keep otherwise, such as "007"^^xsd:integer.

    Raises:
        DataRefused: shows the first one, and in which line it stands.
        RdfSyntaxError: as the search for it came across an error.
    """
    if (b"_:" in lines.text and _BLANK.search(lines.text)) or _may_be_rewritten(lines.text):
        for number, quad in enumerate(_quads(lines)):
            if problem := _problem(quad):
                raise DataRefused(f"{_place(lines, number)}: {problem}")


def _may_be_rewritten(text: bytes) -> bool:
    """Whether some literal may be kept otherwise than it is written."""
    before, *after = text.split(b"^^")
    found = set()
    for part in after:
        datatype, end, _ = part.partition(b">")
        if not before.endswith(b'"') or not datatype.startswith(b"<") or not end or b"\\" in datatype:
            return True  # not written as most programs write it, or not the datatype of a literal at all
        if datatype.startswith(_XSD):
            found.add(before[before.rfind(b'"', 0, -1) + 1 : -1] + b">" + datatype[len(_XSD) :])
        before = part
    return any(not _CANONICAL.fullmatch(each) and _kept_otherwise(each) for each in found)


@lru_cache(maxsize=100_000)
def _kept_otherwise(typed: bytes) -> bool:
    value, _, datatype = typed.decode().rpartition(">")
    return any(rewritings([Literal(value, datatype=XSD + datatype)]))


def _problem(quad: Quad) -> str | None:
    subject, predicate, value, graph = quad
    if any(part.startswith("_:") for part in (subject, value, graph) if isinstance(part, Iri)):
        return f"a blank node stands at {compact(predicate)}: give it an IRI."
    kept = _kept(quad)[2] if _is_encoded(value) else value
    if kept == value:
        return None
    hint = f"write {kept}" if str(kept) != str(value) else f"it would be kept as {n3(kept)}"
    return f"{compact(subject)} {compact(predicate)}: {value} is not in canonical form: {hint}."


def _is_encoded(value: Term) -> bool:
    """Whether the engine keeps a value in a form of its own: numbers, dates, triples."""
    if isinstance(value, Iri):
        return value.startswith("<<")
    return value.datatype not in (XSD_STRING, RDF_LANG_STRING)


def _kept(quad: Quad) -> Quad:
    """A quad as the engine keeps it."""
    store = ox.Store()
    store.add(quad_node(quad))
    return from_quad(next(iter(store)))


def _place(lines: Lines, number: int) -> str:
    """The file, and the line of the statement of that number, counted from 0."""
    if lines.first is None:
        return lines.file
    told = (
        each for each, line in enumerate(lines.text.split(b"\n")) if line.strip() and not line.lstrip().startswith(b"#")
    )
    return f"{lines.file}:{lines.first + next(islice(told, number, None))}"


def parsed(text: bytes) -> Iterator[Quad]:
    """Parse lines of N-Quads as they were written; SyntaxError if they are none."""
    return map(from_quad, ox.parse(text, format=ox.RdfFormat.N_QUADS))


def _quads(lines: Lines) -> Iterator[Quad]:
    try:
        yield from parsed(lines.text)
    except SyntaxError as error:
        raise _syntax_error(error, lines.file, (lines.first or 1) - 1) from None


def load_lines(store: WritableStore, lines: Lines) -> None:
    """Hand some lines to the engine's bulk loader.

    Raises:
        RdfSyntaxError: with file, line and column.
    """
    try:
        store.bulk_load(lines.text, lines.graph, lines.file)
    except RdfSyntaxError:
        for _ in _quads(lines):  # again, one after another: the loader may have read several parts at a time
            pass
        raise


def _syntax_error(error: SyntaxError, file: str, skipped: int = 0) -> RdfSyntaxError:
    message = re.sub(r"^Parser error at .*?: ", "", error.msg or "")
    line = None if error.lineno is None else error.lineno + skipped
    return RdfSyntaxError(f"{message}.", file=file, line=line, column=error.offset)
