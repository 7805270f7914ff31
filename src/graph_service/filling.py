"""Filling: a question of the catalogue with values put into its text, so that it says at any endpoint what was asked.

The engine binds parameters from outside; here the same values stand in VALUES (SPARQL 1.1 Query, 10.2), once in each
group that uses them, since what is inside of a group does not see what is bound around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graph_service.release import Release
from graph_service.store.tokens import tokens
from graph_service.terms import PREFIXES, Binding, Iri, Term, n3

_DECLARED = re.compile(r"^\s*PREFIX\s+(?P<prefix>[\w-]*):\s*<(?P<space>[^>]*)>", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class _Group:
    """What stands between a pair of braces."""

    kind: str  # "pattern", "exists" (which sees what is around it), or "other"
    offset: int  # behind its opening brace
    depth: int
    uses: list[str] = field(default_factory=list)  # bound variables, in order of first use
    projects: list[str] = field(default_factory=list)  # those that the sub-select in it gives, whose pattern needs them


def filled_query(release: Release, name: str, values: Mapping[str, str]) -> str:
    """A query of the catalogue with values in it, as people write them.

    Raises:
        UnknownTerm, MalformedValue, ParameterError: as `Release.ask`.
    """
    query = release.question(name)
    return filled(query.text, release.bound(name, values))


def filled(text: str, binding: Binding) -> str:
    """Put values into a query: the same rows for everybody who runs it. Its header is left out.

    >>> print(filled("SELECT ?_a_iri WHERE { ?s ?p ?_a_iri . }", {"_a_iri": Iri("urn:x")}))
    SELECT ?_a_iri WHERE {
      VALUES ?_a_iri { <urn:x> } ?s ?p ?_a_iri . }
    """
    plain = without_header(text)
    declared = {match["space"]: match["prefix"] for match in _DECLARED.finditer(plain)}
    written = {name: f"VALUES ?{name} {{ {_written(value, declared)} }}" for name, value in binding.items()}
    for group in sorted(_groups(plain, tuple(binding)), key=lambda each: -each.offset):
        lines = [written[name] for name in group.uses]
        indent = "\n" + "  " * group.depth
        put = "".join(indent + line for line in lines)
        plain = plain[: group.offset] + put + plain[group.offset :]
    return plain


def without_header(text: str) -> str:
    """A query without the comments that tell its parameters."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("#+"))


def _groups(text: str, names: Sequence[str]) -> Iterator[_Group]:
    """The groups of a query with the variables that need a value in each; the outermost has all of them."""
    found = list(tokens(text))
    outermost = True
    opened: list[_Group] = []
    data = False  # the braces of VALUES are still to come
    for at, (kind, token, offset) in enumerate(found):
        data = data or (kind == "word" and token.upper() == "VALUES")
        if kind == "other" and token == "{":
            before = found[at - 1][1].upper()
            following = found[at + 1][1].upper()
            other = data or before == "CONSTRUCT" or following == "SELECT"
            group = _Group(
                "other" if other else "exists" if before == "EXISTS" else "pattern", offset + 1, len(opened) + 1
            )
            if outermost and group.kind == "pattern":
                group.uses += names
                outermost = False
            elif group.kind == "pattern" and opened[-1].projects:
                group.uses += opened[-1].projects
            opened.append(group)
            data = False
        elif kind == "other" and token == "}" and opened:
            yield opened.pop()
        elif kind == "variable" and token[1:] in names:
            _use(opened, token[1:])


def _use(opened: Sequence[_Group], name: str) -> None:
    """Note a variable for the group that it stands in."""
    for group in reversed(opened):
        if group.kind == "pattern" and name not in group.uses:
            group.uses.append(name)
        elif group.kind == "other" and name not in group.projects:
            group.projects.append(name)
        if group.kind != "exists":
            return


def _written(term: Term, declared: Mapping[str, str]) -> str:
    """A term as SPARQL, with a prefix where the query declares it."""
    if not isinstance(term, Iri):
        return n3(term)
    for space, prefix in declared.items():
        local = term.removeprefix(space)
        if local != term and re.fullmatch(r"[\w-]+", local) and PREFIXES.get(prefix) == space:
            return f"{prefix}:{local}"
    return n3(term)
