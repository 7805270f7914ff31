"""Catalogue: the questions that can be asked. Reads `queries/<group>/<name>.rq`; asks nothing itself.

A query file is plain SPARQL 1.1 under a header of `#+` lines (YAML; the decorator convention of grlc). Its
parameters are the variables `?_name_type` (required) and `?__name_type` (optional). A file that cannot be
bound soundly, or whose answer could differ from run to run, is refused with file and line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from graph_service.errors import CatalogueError, UnknownTerm, nearest
from graph_service.terms import LANGUAGES, PREFIXES, Iri

PARAMETER_TYPES = ("iri", "integer", "date", "literal", *LANGUAGES)
COLUMN_TYPES = ("iri", "text", "date", "integer", "decimal", "boolean", "term")  # term: an IRI or any literal
_PARAMETER = re.compile(rf"(?P<mark>__?)(?P<name>[a-z][a-z0-9_]*?)_(?P<type>{'|'.join(PARAMETER_TYPES)})")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that the asker chooses; a period fills two variables, its first and its last day."""

    name: str  # as in addresses and on the command line
    variables: tuple[str, ...]  # without `?`; two for a period
    type: str  # one of PARAMETER_TYPES, or "period"
    required: bool
    scheme: Iri | None  # the class or concept scheme that its values come from
    example: str
    description: str

    @property
    def is_period(self) -> bool:
        """Whether the value is a date, month or year that stands for its first and last day."""
        return self.type == "period"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an answer, under the name that people see."""

    name: str
    type: str  # one of COLUMN_TYPES
    description: str


@dataclass(frozen=True, slots=True)
class QueryFile:
    """A question: its text, what it needs, what it answers."""

    name: str  # group/name
    text: str
    form: str  # SELECT, CONSTRUCT or ASK
    summary: Mapping[str, str]  # by language
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]  # in the order of the SELECT; empty for CONSTRUCT
    variables: Mapping[str, str]  # projected variable → column name
    tags: tuple[str, ...]

    @property
    def example(self) -> Mapping[str, str]:
        """The example value of each parameter that has one."""
        return {parameter.name: parameter.example for parameter in self.parameters if parameter.example}

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of that name; UnknownTerm with near names if there is none."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = [parameter.name for parameter in self.parameters]
        kind = f"parameter of {self.name}"
        raise UnknownTerm(kind, given=name, near=nearest(name, known) or known[:3], parameter=name)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All questions, by name."""

    queries: Mapping[str, QueryFile]

    def get(self, name: str) -> QueryFile:
        """Return the query of that name; UnknownTerm with near names if there is none."""
        if name not in self.queries:
            raise UnknownTerm("query", given=name, near=nearest(name, list(self.queries)))
        return self.queries[name]

    def __iter__(self) -> Iterator[QueryFile]:
        return iter(self.queries.values())

    def __len__(self) -> int:
        return len(self.queries)


def save_catalogue(catalogue: Catalogue, path: Path) -> None:
    """Write a catalogue that was read and found sound, so that opening it again takes no parsing."""
    path.write_text(json.dumps([asdict(query) for query in catalogue], ensure_ascii=False), encoding="utf-8")


def open_catalogue(path: Path) -> Catalogue:
    """Open what `save_catalogue` wrote."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return Catalogue({entry["name"]: _saved_query(entry) for entry in entries})


def _saved_query(entry: dict[str, Any]) -> QueryFile:
    parameters = tuple(_saved_parameter(parameter) for parameter in entry["parameters"])
    columns = tuple(Column(**column) for column in entry["columns"])
    return QueryFile(**{**entry, "parameters": parameters, "columns": columns, "tags": tuple(entry["tags"])})


def _saved_parameter(entry: dict[str, Any]) -> Parameter:
    scheme = entry["scheme"] and Iri(entry["scheme"])
    return Parameter(**{**entry, "variables": tuple(entry["variables"]), "scheme": scheme})


def read_catalogue(folder: Path) -> Catalogue:
    """Read every query file below a folder, in order of name.

    Raises:
        CatalogueError: a file is not sound; its text says file, line and what to change.
    """
    files = sorted(folder.glob("**/*.rq"))
    queries = {}
    for path in files:
        name = path.relative_to(folder).with_suffix("").as_posix()
        queries[name] = read_query(name, path.read_text(encoding="utf-8"), file=f"{folder.name}/{name}.rq")
    return Catalogue(queries)


@lru_cache(maxsize=256)  # parsing takes some 50 ms, and most files are read again unchanged
def read_query(name: str, text: str, *, file: str) -> QueryFile:
    """Read one query file, checking that header and text agree.

    Raises:
        CatalogueError: see `read_catalogue`.
    """
    return _Reader(name, text, file).read()


def column_name(variable: str) -> str:
    """Return the column name of a variable: a parameter's without prefix and type suffix.

    >>> column_name("__country_iri"), column_name("institution")
    ('country', 'institution')
    """
    match = _PARAMETER.fullmatch(variable)
    return match["name"] if match else variable


def scheme_iri(text: str) -> Iri | None:
    """Expand the `in:` of a header: a prefixed name or an IRI; None if it is neither.

    >>> scheme_iri("elp:Country")
    <https://w3id.org/elpaccto/ontology#Country>
    """
    prefix, colon, local = text.partition(":")
    if colon and prefix in PREFIXES:
        return Iri(PREFIXES[prefix] + local)
    return Iri(text) if text.startswith(("http://", "https://")) else None


class _Reader:
    """Reads one query file; keeps name, text and file at hand for messages."""

    def __init__(self, name: str, text: str, file: str) -> None:
        self.name, self.text, self.file = name, text, file

    def read(self) -> QueryFile:
        header = self._header()
        form, tree = self._parse()
        projected = self._projected(form, tree)
        parameters = self._parameters(header, tree)
        self._check_bindable(form, tree, parameters, projected)
        self._check_stable(form, tree, projected)
        return QueryFile(
            name=self.name,
            text=self.text,
            form=form,
            summary=self._summary(header),
            parameters=parameters,
            columns=self._columns(header, parameters, projected),
            variables={variable: column_name(variable) for variable in projected},
            tags=tuple(str(tag) for tag in header.get("tags", ())),
        )

    def _refuse(self, message: str, at: str | None = None) -> CatalogueError:
        lines = self.text.splitlines()
        found = (number for number, line in enumerate(lines, 1) if at and at in line)
        return CatalogueError(message, file=self.file, line=next(found, 1))

    def _header(self) -> dict[str, Any]:
        lines = [line.removeprefix("#+") for line in self.text.splitlines() if line.startswith("#+")]
        try:
            header = yaml.safe_load("\n".join(lines)) or {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = (mark.line + 1) if mark else 1
            problem = getattr(error, "problem", None) or "not readable"
            raise CatalogueError(f"the header is not YAML: {problem}", file=self.file, line=line) from None
        if not isinstance(header, dict):
            raise self._refuse("the header must be a mapping with summary, params, columns and tags")
        if unknown := set(header) - {"summary", "params", "columns", "tags", "description"}:
            key = sorted(unknown)[0]
            raise self._refuse(f"the header has an unknown entry {key!r}", at=key)
        return header

    def _summary(self, header: Mapping[str, Any]) -> Mapping[str, str]:
        summary = header.get("summary")
        summary = summary if isinstance(summary, dict) else {}
        missing = [language for language in LANGUAGES if not summary.get(language)]
        if missing:
            raise self._refuse(f"the summary lacks a text in {', '.join(missing)}", at="summary")
        return {language: str(summary[language]) for language in LANGUAGES}

    def _parse(self) -> tuple[str, CompValue]:
        try:
            tree = parseQuery(self.text)[1]
        except Exception as error:  # pyparsing has many kinds, all with a line number
            line = getattr(error, "lineno", 1)
            raise CatalogueError(f"not valid SPARQL: {error}", file=self.file, line=line) from None
        form = {"SelectQuery": "SELECT", "ConstructQuery": "CONSTRUCT", "AskQuery": "ASK"}.get(tree.name)
        if form is None:
            raise self._refuse("a query file is a SELECT, a CONSTRUCT or an ASK")
        return form, tree

    def _projected(self, form: str, tree: CompValue) -> tuple[str, ...]:
        projected = _projection(tree) if form == "SELECT" else ()
        if form == "SELECT" and not projected:
            raise self._refuse("name the columns of the SELECT instead of `*`", at="SELECT")
        return projected

    def _parameters(self, header: Mapping[str, Any], tree: CompValue) -> tuple[Parameter, ...]:
        declared = header.get("params") or {}
        found = {v: m for v in _variables(tree) if (m := _PARAMETER.fullmatch(v))}
        parameters = tuple(self._parameter(name, entry, found) for name, entry in declared.items())
        used = {variable for parameter in parameters for variable in parameter.variables}
        if stray := sorted(set(found) - used):
            raise self._refuse(f"the parameter ?{stray[0]} is not declared in the header's params", at=stray[0])
        return parameters

    def _parameter(self, name: str, entry: Any, found: Mapping[str, re.Match[str]]) -> Parameter:
        if not isinstance(entry, dict) or not entry.get("description"):
            raise self._refuse(f"the parameter {name!r} needs a description", at=f"{name}:")
        names = [entry["from"], entry["to"]] if "from" in entry else [name]
        variables = [next((v for v, match in found.items() if match["name"] == n), None) for n in names]
        if None in variables:
            missing = names[variables.index(None)]
            raise self._refuse(f"the header declares {missing!r}, but no variable ?_{missing}_… uses it", f"{name}:")
        first = found[str(variables[0])]
        scheme = scheme_iri(str(entry["in"])) if "in" in entry else None
        if "in" in entry and scheme is None:
            raise self._refuse(f"the `in` of {name!r} is neither a prefixed name nor an IRI", at=f"{name}:")
        return Parameter(
            name=name,
            variables=tuple(str(variable) for variable in variables),
            type="period" if "from" in entry else first["type"],
            required=first["mark"] == "_",
            scheme=scheme,
            example="" if entry.get("example") is None else str(entry["example"]),
            description=str(entry["description"]),
        )

    def _columns(
        self, header: Mapping[str, Any], parameters: Sequence[Parameter], projected: Sequence[str]
    ) -> tuple[Column, ...]:
        described = header.get("columns") or {}
        of = {variable: parameter for parameter in parameters for variable in parameter.variables}
        expected = {column_name(variable) for variable in projected if variable not in of}
        if stray := sorted(set(described) ^ expected):
            problem = "is not described in the header's columns" if stray[0] in expected else "is not projected"
            raise self._refuse(f"the column {stray[0]!r} {problem}", at=stray[0])
        return tuple(self._column(variable, of.get(variable), described) for variable in projected)

    def _column(self, variable: str, parameter: Parameter | None, described: Mapping[str, Any]) -> Column:
        name = column_name(variable)
        if parameter:
            kind = {"iri": "iri", "integer": "integer", "date": "date", "period": "date"}.get(parameter.type, "text")
            return Column(name, kind, parameter.description)
        kind, _, description = str(described[name]).partition(",")
        if kind not in COLUMN_TYPES or not description.strip():
            types = ", ".join(COLUMN_TYPES)
            raise self._refuse(f"describe the column {name!r} as 'type, words' with a type of {types}", f"{name}:")
        return Column(name, kind, description.strip())

    def _check_bindable(
        self, form: str, tree: CompValue, parameters: Sequence[Parameter], projected: Sequence[str]
    ) -> None:
        """Refuse what the engine would leave free without a word (oxigraph#1837)."""
        variables = {variable for parameter in parameters for variable in parameter.variables}
        if form == "SELECT" and (hidden := sorted(variables - set(projected))):
            raise self._refuse(f"the parameter ?{hidden[0]} must be projected by the SELECT", at=hidden[0])
        for node in _nodes(tree):
            if node.name == "Builtin_BOUND" and (asked := set(_variables(node)) & variables):
                name = sorted(asked)[0]
                raise self._refuse(
                    f"BOUND(?{name}) is not told of a bound parameter: write COALESCE(isIRI(?{name}), false)", "BOUND"
                )
        for select in _subselects(tree):
            free = (set(_variables(select)) & variables) - set(_projection(select))
            if free:
                name = sorted(free)[0]
                raise self._refuse(f"the parameter ?{name} must be projected by the sub-select that uses it", at=name)

    def _check_stable(self, form: str, tree: CompValue, projected: Sequence[str]) -> None:
        """Refuse a file whose answer can differ from run to run."""
        if form == "SELECT" and "orderby" not in tree:
            raise self._refuse("a SELECT needs an ORDER BY", at="SELECT")
        for node in _nodes(tree):
            if node.name == "Aggregate_Sample":
                raise self._refuse("SAMPLE can differ from run to run: use MIN or MAX", at="SAMPLE")
            if "limitoffset" in node and set(_projection(node)) - set(_variables(_part(node, "orderby"))):
                raise self._refuse("LIMIT needs an ORDER BY over every projected variable", at="LIMIT")
            concatenates = any(part.name == "Aggregate_GroupConcat" for part in _own_nodes(node))
            if node.name in ("SelectQuery", "SubSelect") and concatenates:
                inner = list(_subselects(node))
                if not inner or "orderby" not in inner[0]:
                    raise self._refuse("GROUP_CONCAT must stand over a sub-select with ORDER BY", "GROUP_CONCAT")


def _nodes(tree: Any) -> Iterator[CompValue]:
    """Walk all nodes of a parse tree, the root first."""
    if isinstance(tree, CompValue):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif not isinstance(tree, str) and hasattr(tree, "__iter__"):
        for value in tree:
            yield from _nodes(value)


def _own_nodes(select: CompValue) -> Iterator[CompValue]:
    """The nodes of a select's projection, without what stands in its WHERE."""
    yield from _nodes(_part(select, "projection"))


def _subselects(tree: CompValue) -> Iterator[CompValue]:
    return (node for node in _nodes(tree) if node.name == "SubSelect" and node is not tree)


def _variables(tree: Any) -> dict[str, None]:
    """All variables in a parse tree, in order of first use."""
    found: dict[str, None] = {}
    stack = [tree]
    while stack:
        node = stack.pop(0)
        if isinstance(node, Variable):
            found[str(node)] = None
        elif isinstance(node, CompValue):
            stack[:0] = list(node.values())
        elif not isinstance(node, str) and hasattr(node, "__iter__"):
            stack[:0] = list(node)
    return found


def _projection(select: CompValue) -> tuple[str, ...]:
    """The variables that a SELECT gives, in order; empty for `*`."""
    return tuple(str(part["var" if "var" in part else "evar"]) for part in _part(select, "projection"))


def _part(node: CompValue, name: str) -> Any:
    """A part of a parse tree's node; empty if it has none (a CompValue's own `get` evaluates instead)."""
    return node[name] if name in node else ()  # noqa: SIM401
