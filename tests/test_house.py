"""The house: imports point downwards, words know their room, and what is documented exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_service.cli.arguments import parser
from graph_service.release import Release
from graph_service.terms import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "graph_service"
MODULES = sorted(path for path in SRC.glob("**/*.py") if "project" not in path.relative_to(SRC).parts)
LEVELS = {  # a room may import only from rooms below it, or from itself
    "errors": 0,
    "terms": 0,
    "spreadsheet": 0,
    "limits": 1,
    "dates": 1,
    "understanding": 1,
    "statements": 1,
    "settings": 1,
    "store": 1,
    "catalogue": 1,
    "validation": 2,
    "home": 2,
    "apart": 2,
    "delta": 2,
    "patterns": 1,
    "looking": 2,
    "reach": 3,
    "deriving": 3,
    "gating": 4,
    "examples": 2,
    "turtle": 2,
    "tokens": 2,
    "views": 2,
    "release": 3,
    "mirroring": 3,
    "readers": 4,
    "releases": 4,
    "tables": 4,
    "formats": 4,
    "asking": 4,
    "filling": 4,
    "staging": 5,
    "comparing": 5,
    "completing": 5,
    "history": 5,
    "searching": 5,
    "exporting": 5,
    "loading": 6,
    "checking": 6,
    "trial": 6,
    "writing": 6,
    "bulk": 6,
    "describing": 6,
    "following": 6,
    "publishing": 7,
    "bounded": 8,
    "backup": 6,
    "web": 9,
    "cli": 10,
}
COMMANDS = {
    "serve", "load", "validate", "query", "roadmap", "export", "import", "releases", "rollback", "check", "settings",
    "update", "token", "backup", "restore",
}  # fmt: skip
PLUMBING = {
    "addresses", "front", "express",
    "wanted", "routes", "streams", "kept", "metrics", "protocol", "watched", "logs", "health", "connections",
    "respond", "problems", "render", "media", "words", "language", "forms", "envelope", "tiles", "openapi", "memento",
    "bodies", "compression", "workbench", "questions", "snippets", "taking", "diagram", "places", "drawing", "wording",
    "resources", "neighbourhood", "reporting", "sentence", "refusals", "responses",
    "auth", "writes", "multipart", "steady",
}  # fmt: skip


def room(path: Path) -> str:
    """The room of a module: its name, or its package's."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Modules of ours that a module imports when it runs, those under TYPE_CHECKING left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in typing_only or not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        if node.module == "graph_service":
            yield from (f"graph_service.{name.name}" for name in node.names)
        elif node.module.startswith("graph_service."):
            yield node.module
            if node.module == "graph_service.web":
                yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_imports_point_to_a_lower_room(path: Path):
    """Never up, never sideways."""
    own = room(path)
    wrong = [name for name in imports(path) if (other := name.split(".")[1]) != own and LEVELS[other] >= LEVELS[own]]

    assert wrong == []


def test_routers_do_not_import_each_other():
    """Only `app` puts routers together."""
    routers = {path.stem for path in (SRC / "web").glob("*.py")} - PLUMBING - {"app", "__init__"}
    wrong = [
        (path.stem, name)
        for path in (SRC / "web").glob("*.py")
        if path.stem not in ("app",)
        for name in imports(path)
        if name.startswith("graph_service.web.") and name.split(".")[2] in routers - {path.stem}
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("word", "rooms"),
    [
        (r"\bpyoxigraph\b", {"store"}),
        (r"(?<![\w.])print\(", {"cli"}),
        (r"\bos\.environ\b", {"settings"}),
        (r"\bSELECT \?|\bCONSTRUCT \{", {"store"}),  # a remote engine is asked for its triples in no other language
        (r"\bstatus_code\b", {"web", "store"}),  # a remote engine answers by HTTP
    ],
)
def test_words_know_their_room(word: str, rooms: set[str]):
    """The engine in the store, printing in the command, SPARQL in files."""
    found = {room(path) for path in MODULES if any(re.search(word, text) for text in code_lines(path))}

    assert found <= rooms


def code_lines(path: Path) -> list[str]:
    """A module without its docstrings and comments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return ast.unparse(without_docstrings(tree)).splitlines()


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0].value.value = ""
    return tree


def names_of_the_programme(release: Release) -> set[str]:
    """Names and slugs of its countries, axes, components, institutions and of itself."""
    found: set[str] = set()
    for scheme in ("elp:Country", "elp:TransversalAxis", "elp:Component", "elp:Institution", "elp:Programme"):
        for member in release.members(scheme):
            found |= {str(label) for label in member.labels}
            found |= {member.slug} if len(member.slug) > 2 else set()
    return found


def test_the_program_names_nothing_of_this_programme(release: Release):
    """Code and templates serve any programme written with the same ontology."""
    pages = [path.read_text(encoding="utf-8") for path in SRC.glob("web/pages/*.html")]
    texts = "\n".join([line for path in MODULES for line in code_lines(path)] + pages)
    common = {"police", "gender", "Police", "Gender"}  # words of the language as well
    words = set(re.findall(r"[\w-]+", texts))

    named = {
        name
        for name in names_of_the_programme(release) - common
        if (name in words if re.fullmatch(r"[\w-]+", name) else name in texts)
    }

    assert named == set()


def test_every_command_in_the_readme_exists():
    """And every command of the contract is there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(parser()._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type]

    named = set(re.findall(r"graph-service ([a-z]+)\b", readme))

    assert named <= commands
    assert commands == COMMANDS


def test_every_query_has_a_summary_in_each_language(release: Release):
    """The catalogue is read by people of four languages."""
    for query in release.catalogue:
        assert set(query.summary) == set(LANGUAGES)
