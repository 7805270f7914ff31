"""Snippets: a query as code to paste: curl, Python, R, JavaScript. Pure text; whatever the query holds stays data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from graph_service.web.media import CSV, Format


@dataclass(frozen=True, slots=True)
class Snippet:
    """One way to ask from elsewhere."""

    language: str
    code: str


def snippets(endpoint: str, query: str, answer: Format) -> tuple[Snippet, ...]:
    """How a query is asked from programs.

    Args:
        answer: the format to ask for: CSV is read as a table, any other as text.
    """
    text = query.replace("\r\n", "\n").strip("\n")
    return (
        Snippet("curl", _curl(endpoint, text, answer)),
        Snippet("Python", _python(endpoint, text, answer)),
        Snippet("R", _r(endpoint, text, answer)),
        Snippet("JavaScript", _javascript(endpoint, text, answer)),
    )


def _curl(endpoint: str, query: str, answer: Format) -> str:
    end = next(word for word in _longer("SPARQL", "_") if word not in query.split("\n"))
    return f"curl '{endpoint}?format={answer.name}' \\\n  --data-urlencode query@- <<'{end}'\n{query}\n{end}"


def _longer(word: str, more: str) -> Iterator[str]:
    """Words to choose from: the word itself, then longer and longer ones."""
    while True:
        yield word
        word += more


def _python(endpoint: str, query: str, answer: Format) -> str:
    safe = '"""' not in query and "\\" not in query
    quoted = f'"""\n{query}\n"""' if safe else json.dumps(query)
    asked = f'"{endpoint}?" + urlencode({{"query": query, "format": "{answer.name}"}})'
    used = "import pandas" if answer is CSV else "from urllib.request import urlopen"
    read = f"rows = pandas.read_csv({asked})" if answer is CSV else f"answer = urlopen({asked}).read().decode()"
    return f"from urllib.parse import urlencode\n{used}\n\nquery = {quoted}\n{read}"


def _r(endpoint: str, query: str, answer: Format) -> str:
    dashes = next(each for each in _longer("", "-") if f'){each}"' not in query)
    asked = f'paste0("{endpoint}?format={answer.name}&query=", URLencode(query, reserved = TRUE))'
    read = f"rows <- read.csv({asked})" if answer is CSV else f"answer <- readLines({asked})"
    return f'query <- r"{dashes}(\n{query}\n){dashes}"\n{read}'


def _javascript(endpoint: str, query: str, answer: Format) -> str:
    safe = not {"`", "\\"} & set(query) and "${" not in query
    quoted = f"`\n{query}\n`" if safe else json.dumps(query)
    wanted = "json" if answer is CSV else answer.name
    fetched = f'await fetch("{endpoint}?" + new URLSearchParams({{ query, format: "{wanted}" }}))'
    read = f"const rows = (await ({fetched}).json()).results.bindings;"
    if answer is not CSV:
        read = f"const answer = await ({fetched}).text();"
    return f"const query = {quoted};\n{read}"
