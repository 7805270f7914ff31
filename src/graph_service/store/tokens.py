"""A tokenizer for SPARQL that knows comments, strings, IRIs and prefixed names: enough to see keywords.

Not a parser: the engine parses. Grammar: SPARQL 1.1 Query, 19.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r'''(?P<comment>\#[^\n\r]*)
      | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
      | (?P<string>"""(?:(?:"|"")?(?:[^"\\]|\\.))*"""|\'\'\'(?:(?:'|'')?(?:[^'\\]|\\.))*\'\'\'
                  |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
      | (?P<variable>[?$]\w+)
      | (?P<name>[^\W\d][\w.-]*?:(?:[\w:%\\-]|\.(?=[\w:%\\.-]))*|:(?:[\w:%\\-]|\.(?=[\w:%\\.-]))*)
      | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<space>\s+)
      | (?P<other>.)''',
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, text and offset of each token, comments and white space left out.

    >>> [kind for kind, _, _ in tokens("ASK { <urn:a> a ex:b } # end")]
    ['word', 'other', 'iri', 'word', 'name', 'other']
    """
    for match in _TOKEN.finditer(text):
        if match.lastgroup not in ("comment", "space", None):
            yield str(match.lastgroup), match[0], match.start()


def keywords(text: str) -> list[str]:
    """All bare words in upper case: keywords, functions and `A`, never parts of strings, IRIs or names.

    >>> keywords('SELECT ?service { ?s ex:service "SERVICE" } # SERVICE')
    ['SELECT']
    """
    return [word.upper() for kind, word, _ in tokens(text) if kind == "word"]
