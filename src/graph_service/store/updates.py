"""The operations of a SPARQL update, told apart by their tokens: what each writes, and which graphs it looks at.

The engine parses and runs them; it has no option for the dataset of an update, so USING clauses are put in here.
Grammar: SPARQL 1.1 Query, 19.8, Update and below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graph_service.errors import DatasetConflict, GraphRefused, QueryRefused, SparqlSyntaxError
from graph_service.store.protocol import Dataset, Updated
from graph_service.store.tokens import tokens
from graph_service.terms import DERIVED_GRAPH, XSD, Iri, Literal, Quad

Token = tuple[str, str, int]  # kind, text, offset

MANAGED = ("CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY")  # graph management (SPARQL 1.1 Update, 3.2)
NAME_A_GRAPH = (
    "The default graph is the union of all named graphs and cannot be written: say which graph is meant, "
    "with GRAPH <…> { … } or WITH <…>."
)
DERIVED = f"The graph {DERIVED_GRAPH} is made by rules with each release and cannot be written."


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an update, with the prologue that holds for it."""

    prologue: str
    text: str
    line: int  # where the text begins in the request, both counted from 1
    column: int
    prefixes: Mapping[str, str]
    tokens: tuple[Token, ...]  # offsets are within the text

    @property
    def whole(self) -> str:
        """What the engine is given."""
        return f"{self.prologue}\n{self.text}"

    @property
    def words(self) -> tuple[str, ...]:
        """The keywords outside all braces, in upper case."""
        return tuple(word.upper() for kind, word, _ in _outside(self.tokens) if kind == "word") or ("",)

    @property
    def is_pattern(self) -> bool:
        """Whether it looks at the data: DELETE WHERE, or DELETE and INSERT with WHERE."""
        return "WHERE" in self.words and self.words[0] in ("WITH", "DELETE", "INSERT")

    @property
    def says_dataset(self) -> bool:
        """Whether it says itself which graphs it looks at."""
        return "USING" in self.words or "WITH" in self.words

    @property
    def removes_all(self) -> bool:
        """CLEAR or DROP of ALL or NAMED graphs."""
        return self.words[0] in ("CLEAR", "DROP") and self.words[-1] in ("ALL", "NAMED")

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Turn a place in `whole` into one in the request."""
        before = self.prologue.count("\n") + 1
        if line <= before:
            return line, column
        return self.line + line - before - 1, column + (self.column - 1 if line == before + 1 else 0)

    def looking_at(self, clauses: str) -> Operation:
        """The same with USING clauses; `DELETE WHERE { X }` becomes `DELETE { X } USING … WHERE { X }`."""
        where = next(each for each in _outside(self.tokens) if each[1].upper() == "WHERE")
        start, end = where[2], where[2] + len("WHERE")
        if _upper(self.tokens[:2]) == ["DELETE", "WHERE"]:
            pattern = self.text[end:]
            return replace(self, text=f"{self.text[:start]}     {pattern} {clauses} WHERE {pattern}")
        return replace(self, text=f"{self.text[:start]}{clauses} {self.text[start:]}")

    def written(self) -> Iterator[str | None]:
        """The graphs that it names as written or emptied: IRIs, `?` for a variable, None for the default graph."""
        words = self.words
        if words[0] in MANAGED:
            yield from self._managed()
            return
        if words[0] == "WITH" and len(self.tokens) > 1:
            yield self._name(self.tokens[1])
        for block in self._blocks("INSERT", "DELETE"):
            for graph in _graphs(block):
                if graph is not None:
                    yield self._name(graph)
                elif words[0] != "WITH":
                    yield None

    @property
    def is_data(self) -> bool:
        """Whether it is INSERT DATA or DELETE DATA, which say themselves which quads they mean."""
        return self.words[0] in ("INSERT", "DELETE") and self.words[1:2] == ("DATA",)

    def touched(self) -> frozenset[str] | None:
        """The graphs that it can change; None where that cannot be told from its text."""
        if self.removes_all or "BASE" in _upper(self.tokens) or "BASE" in self.prologue.upper():
            return None
        written = frozenset("" if graph is None else graph for graph in self.written())
        return None if any("\\" in graph or (graph and ":" not in graph) for graph in written) else written

    def as_insert(self) -> Operation:
        """The same quads as INSERT DATA."""
        word = self.tokens[0][1]
        return replace(self, text="INSERT" + self.text[len(word) :])

    def literals(self) -> Iterator[Literal]:
        """The typed literals that it inserts as they are written."""
        for block in self._blocks("INSERT"):
            for index, (kind, text, _) in enumerate(block):
                if kind == "number":
                    double = "e" in text.lower()
                    yield Literal(
                        text, datatype=XSD + ("double" if double else "decimal" if "." in text else "integer")
                    )
                elif kind == "string" and [each[1] for each in block[index + 1 : index + 3]] == ["^", "^"]:
                    quotes = 3 if text.startswith(('"""', "'" * 3)) else 1
                    if "\\" not in text and index + 3 < len(block):
                        yield Literal(text[quotes:-quotes], datatype=self._name(block[index + 3]))

    def _managed(self) -> Iterator[str | None]:
        for index, (kind, text, _) in enumerate(self.tokens):
            if kind in ("iri", "name"):
                source = self.words[0] in ("ADD", "COPY") and "TO" not in _upper(self.tokens[:index])
                if not source:
                    yield self._name(self.tokens[index])
            elif text.upper() == "DEFAULT":
                yield None

    def _blocks(self, *words: str) -> Iterator[Sequence[Token]]:
        """What stands in braces after INSERT or DELETE (DATA), and in DELETE WHERE."""
        depth, begun, wanted = 0, 0, False
        for index, (kind, text, _) in enumerate(self.tokens):
            if depth == 0 and kind == "word":
                word = text.upper()
                wanted = word in words or (wanted and word in ("DATA", "WHERE") and index == 1)
            if kind == "other" and text == "{":
                depth += 1
                begun = index if depth == 1 else begun
            elif kind == "other" and text == "}":
                depth -= 1
                if depth == 0 and wanted:
                    yield self.tokens[begun + 1 : index]
                    wanted = False

    def _name(self, token: Token) -> str:
        kind, text, _ = token
        if kind == "iri":
            return text[1:-1]
        prefix, _, local = text.partition(":")
        return self.prefixes.get(prefix, "") + local if kind == "name" else "?"


class Told:
    """What an update is found to do, while it is done; what comes and goes again does not count."""

    def __init__(self) -> None:
        self._added: set[Quad] = set()
        self._removed: set[Quad] = set()
        self._touched: set[Iri] | None = set()

    def add(self, quad: Quad) -> None:
        """A quad that was not there."""
        self._removed.remove(quad) if quad in self._removed else self._added.add(quad)

    def remove(self, quad: Quad) -> None:
        """A quad that was there."""
        self._added.remove(quad) if quad in self._added else self._removed.add(quad)

    def touch(self, graphs: Iterable[str] | None) -> None:
        """Graphs in which anything can have changed; None for all."""
        self._touched = None if graphs is None or self._touched is None else self._touched | set(map(Iri, graphs))

    def updated(self, warnings: Iterable[str]) -> Updated:
        """All of it."""
        touched = None if self._touched is None else frozenset(self._touched)
        return Updated(tuple(warnings), frozenset(self._added), frozenset(self._removed), touched)


def operations(text: str, *, relative: bool = False) -> tuple[Operation, ...]:
    """Tell the operations of an update apart.

    Args:
        relative: whether relative IRIs may stand without a BASE in the text.

    Raises:
        SparqlSyntaxError: an IRI is not absolute and nothing says what it is relative to, or an operation is missing.

    >>> [each.words for each in operations("PREFIX : <urn:> INSERT DATA { :a :b ';' } ; DELETE WHERE { ?s ?p ?o }")]
    [('INSERT', 'DATA'), ('DELETE', 'WHERE')]
    """
    found: list[Operation] = []
    prologue: list[str] = []
    prefixes: dict[str, str] = {}
    labels: set[str] = set()  # blank nodes of INSERT DATA so far
    parts = list(_parts(text))
    for number, part in enumerate(parts, 1):
        head = _prologue_length(part)
        for word, name, iri in zip(part[:head], part[1:head], part[2:head], strict=False):
            if word[1].upper() == "PREFIX":
                prefixes[name[1][:-1]] = iri[1][1:-1]
        if head:
            end = part[head - 1][2] + len(part[head - 1][1])
            prologue.append(text[0 if not prologue and not found else part[0][2] : end])
        own = part[head:]
        if not own and number < len(parts):
            raise SparqlSyntaxError("an operation is missing before a semicolon", text=text)
        if own or head:
            start, end = (own[0][2], own[-1][2] + len(own[-1][1])) if own else (len(text), len(text))
            line, column = _place(text, start)
            shifted = tuple((kind, word, offset - start) for kind, word, offset in own)
            made = Operation(" ".join(prologue), text[start:end], line, column, dict(prefixes), shifted)
            _refuse_malformed(made, labels, text)
            if not relative:
                _refuse_relative(made, text)
            found.append(made)
    return tuple(found)


def check(operation: Operation, dataset: Dataset) -> None:
    """Refuse what may not be written or fetched, whatever the data.

    Raises:
        QueryRefused: SERVICE or LOAD.
        DatasetConflict: the dataset is given by the request and by the operation.
        GraphRefused: it names the derived graph, or writes into a default graph that is a union.
    """
    words = {text.upper() for kind, text, _ in operation.tokens if kind == "word"}
    if "SERVICE" in words or (operation.words[0] == "LOAD" and not is_silent_load(operation)):
        refused = "SERVICE" if "SERVICE" in words else "LOAD"
        raise QueryRefused(f"{refused} is refused: this service fetches nothing from elsewhere.")
    if operation.says_dataset and (dataset.default_graphs or dataset.named_graphs):
        raise DatasetConflict("Give the graphs to use in the request or in the update (USING, WITH), not in both.")
    written = set(operation.written())
    if DERIVED_GRAPH in written:
        raise GraphRefused(DERIVED)
    if dataset.union and None in written:
        raise GraphRefused(NAME_A_GRAPH)


def is_silent_load(operation: Operation) -> bool:
    """LOAD SILENT: its failure is no error (SPARQL 1.1 Update, 3.1.4), so it does nothing."""
    return operation.words[:2] == ("LOAD", "SILENT")


def using(default_graphs: Iterable[str], named_graphs: Iterable[str]) -> str:
    """USING clauses for a dataset."""
    return " ".join(
        [*(f"USING <{graph}>" for graph in default_graphs), *(f"USING NAMED <{graph}>" for graph in named_graphs)]
    )


def _parts(text: str) -> Iterator[Sequence[Token]]:
    """The tokens between the semicolons that stand outside braces."""
    part: list[Token] = []
    depth = 0
    for token in tokens(text):
        kind, word, _ = token
        if kind == "other":
            depth += {"{": 1, "}": -1}.get(word, 0)
            if word == ";" and depth == 0:
                yield part
                part = []
                continue
        part.append(token)
    yield part


def _prologue_length(part: Sequence[Token]) -> int:
    length = 0
    while length < len(part) and part[length][0] == "word":
        taken = {"PREFIX": 3, "BASE": 2, "VERSION": 2}.get(part[length][1].upper())
        if taken is None or length + taken > len(part):
            break
        length += taken
    return length


def _outside(part: Iterable[Token]) -> Iterator[Token]:
    """The tokens outside all braces."""
    depth = 0
    for token in part:
        kind, text, _ = token
        if kind == "other" and text in "{}":
            depth += 1 if text == "{" else -1
        elif depth == 0:
            yield token


def _graphs(block: Sequence[Token]) -> Iterator[Token | None]:
    """The graphs that a block of quads names; None where statements stand outside GRAPH."""
    depth, index = 0, 0
    while index < len(block):
        kind, text, _ = block[index]
        if kind == "other" and text in "{}":
            depth += 1 if text == "{" else -1
        elif depth == 0 and kind == "word" and text.upper() == "GRAPH" and index + 1 < len(block):
            yield block[index + 1]
            index += 1
        elif depth == 0 and text != ".":
            yield None
        index += 1


def _refuse_malformed(operation: Operation, labels: set[str], text: str) -> None:
    """Refuse what the engine would take, or is never given: LOAD, and a blank node of two INSERT DATA (19.6)."""
    kinds = [kind if kind in ("iri", "name") else word.upper() for kind, word, _ in operation.tokens]
    if "LOAD" in operation.words:
        source = [kind for kind in kinds if kind != "SILENT"]
        target = source[2:] in ([], ["INTO", "GRAPH", "iri"], ["INTO", "GRAPH", "name"])
        if source[0] != "LOAD" or source[1:2] not in (["iri"], ["name"]) or not target:
            raise SparqlSyntaxError(
                "write LOAD as LOAD <…> INTO GRAPH <…>", line=operation.line, column=operation.column, text=text
            )
    if operation.words == ("INSERT", "DATA"):
        own = {word for kind, word, _ in operation.tokens if kind == "name" and word.startswith("_:")}
        if shared := sorted(own & labels):
            raise SparqlSyntaxError(
                f"the blank node {shared[0]} stands in two INSERT DATA operations: they are two nodes, name them apart",
                line=operation.line,
                column=operation.column,
                text=text,
            )
        labels |= own


def _refuse_relative(operation: Operation, text: str) -> None:
    if "BASE" in (word.upper() for kind, word, _ in tokens(operation.prologue) if kind == "word"):
        return
    for kind, word, offset in operation.tokens:
        if kind == "iri" and ":" not in word.partition("/")[0]:
            line, column = operation.place(*_place(operation.whole, len(operation.prologue) + 1 + offset))
            message = f"the IRI {word} is not absolute: write it in full, or say BASE"
            raise SparqlSyntaxError(message, line=line, column=column, text=text)


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def _upper(part: Iterable[Token]) -> list[str]:
    return [text.upper() for _, text, _ in part]
