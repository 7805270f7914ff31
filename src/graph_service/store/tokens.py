"""A tokenizer for SPARQL that knows comments, strings, IRIs and prefixed names: enough to see keywords.

Not a parser: the engine parses. Grammar: SPARQL 1.1 Query, 19.8.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from graph_service.errors import SparqlSyntaxError

# the length of a prefix is bounded so that a long text of words and dots takes time in proportion to its length
_TOKEN = re.compile(
    r'''(?P<comment>\#[^\n\r]*)
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<string>"""(?:(?:"|"")?(?:[^"\\]|\\.))*"""|\'\'\'(?:(?:'|'')?(?:[^'\\]|\\.))*\'\'\'
                  |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
      | (?P<variable>[?$]\w+)
      | (?P<name>[^\W\d][\w.-]{0,200}+:(?:[\w:%\\-]|\.(?=[\w:%\\.-]))*|:(?:[\w:%\\-]|\.(?=[\w:%\\.-]))*)
      | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      | (?P<number>[+-]?(?:\d+\.\d*[eE][+-]?\d+|\.?\d+[eE][+-]?\d+|\d*\.\d+|\d+))
      | (?P<word>[A-Za-z_]\w*)
      | (?P<space>\s+)
      | (?P<other>.)''',
    re.VERBOSE | re.DOTALL,
)

FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_FIRST = re.compile(rf"\s*({'|'.join(FORMS)})\s", re.IGNORECASE)  # most texts begin with it


def tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, text and offset of each token, comments and white space left out.

    >>> [kind for kind, _, _ in tokens("ASK { <urn:a> a ex:b } # end")]
    ['word', 'other', 'iri', 'word', 'name', 'other']
    """
    for match in _TOKEN.finditer(text):
        if match.lastgroup not in ("comment", "space", None):
            yield str(match.lastgroup), match[0], match.start()


def keywords(text: str) -> Iterator[str]:
    """All bare words in upper case: keywords, functions and `A`, never parts of strings, IRIs or names.

    >>> list(keywords('SELECT ?service { ?s ex:service "SERVICE" } # SERVICE'))
    ['SELECT']
    """
    return (word.upper() for kind, word, _ in tokens(text) if kind == "word")


def mentions(text: str, words: Collection[str]) -> bool:
    """Whether one of some keywords stands in a text. Most texts hold none of them anywhere, and take no reading.

    >>> mentions("SELECT * FROM <urn:g> {}", ["FROM"]), mentions('ASK { ?from ?p "FROM" }', ["FROM"])
    (True, False)
    """
    whole = text.upper()
    return any(word in whole for word in words) and any(word in words for word in keywords(text))


def undeclared_prefixes(text: str) -> tuple[str, ...]:
    """The prefixes that a text uses without declaring them, in order of first use.

    >>> undeclared_prefixes("PREFIX ex: <http://example.org/> SELECT ?s { ?s a ex:Thing ; skos:prefLabel ?o }")
    ('skos',)
    """
    declared = {"_"}
    found: dict[str, None] = {}
    before = ""
    for kind, token, _ in tokens(text):
        prefix = token.partition(":")[0]
        if kind == "name" and before == "PREFIX":
            declared.add(prefix)
        elif kind == "name" and prefix not in declared:
            found[prefix] = None
        before = token.upper() if kind == "word" else ""
    return tuple(found)


def query_form(text: str) -> str:
    """Tell whether a text is a SELECT, ASK, CONSTRUCT or DESCRIBE; SparqlSyntaxError if it is none."""
    if first := _FIRST.match(text):
        return first[1].upper()
    for word in keywords(text):
        if word in FORMS:
            return word
    raise SparqlSyntaxError("expected SELECT, ASK, CONSTRUCT or DESCRIBE", text=text)
