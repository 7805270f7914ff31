"""The switch: what it leaves out of the other tests is there, and is documented."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
import servers
import switch

PROJECT = Path(__file__).resolve().parents[2]
ENTRIES = tomllib.loads(switch.EXCEPTIONS.read_text("utf-8"))["exceptions"]
NAMES = [name for entry in ENTRIES for name in entry["tests"]]


@pytest.mark.parametrize("name", NAMES)
def test_every_exception_is_a_test(name: str):
    """Its file is there, and so is the test in it."""
    file, _, test = name.partition("::")
    functions = ast.walk(ast.parse((PROJECT / file).read_text("utf-8")))

    assert test.partition("[")[0] in {each.name for each in functions if isinstance(each, ast.FunctionDef)}


def test_every_exception_is_documented_with_its_reason():
    """`deploy/ENGINES.md` has a row for each, and no other."""
    text = (PROJECT / "deploy/ENGINES.md").read_text("utf-8")
    section = text.partition("## The other tests over an engine")[2].partition("\n## ")[0]
    rows = {tuple(cell.strip(" `") for cell in line.split("|")[1:-1]) for line in section.splitlines() if "::" in line}

    assert rows == {
        (name, ", ".join(entry["engines"]), entry["reason"]) for entry in ENTRIES for name in entry["tests"]
    }


def test_exceptions_are_of_engines_that_can_be_started():
    """A misspelt engine would except nothing."""
    assert {engine for entry in ENTRIES for engine in entry["engines"]} <= set(servers.ENGINES)
    assert switch.exceptions("oxigraph").keys() | switch.exceptions("fuseki").keys() == set(NAMES)
