"""Complaints: what the embedded engine says of a text of SPARQL, as an error with its place and how to mend it; and
whether it says that the disk is full.
"""

from __future__ import annotations

import errno
import os
import re

from graph_service.errors import SparqlSyntaxError
from graph_service.store.tokens import undeclared_prefixes
from graph_service.terms import PREFIXES

_PLACE = re.compile(r"(?:error )?at (\d+):(\d+): (.*)", re.DOTALL)
_FULL = (errno.ENOSPC, errno.EDQUOT)


def syntax_error(message: str, text: str) -> SparqlSyntaxError:
    """Turn the engine's message into an error with line and column."""
    match = _PLACE.fullmatch(message)
    words = message if match is None else match[3]
    declarations: list[str] = []
    if "Prefix not found" in words and (undeclared := undeclared_prefixes(text)):
        words = f"{' and '.join(f'{prefix}:' for prefix in undeclared)} not declared as a prefix."
        declarations = [f"PREFIX {prefix}: <{PREFIXES[prefix]}>" for prefix in undeclared if prefix in PREFIXES]
    line, column = (None, None) if match is None else (int(match[1]), int(match[2]))
    return SparqlSyntaxError(words, line=line, column=column, text=text, declarations=declarations)


def without_place(message: str) -> str:
    """The words alone."""
    return _PLACE.sub(r"\3", message)


def is_full(error: Exception) -> bool:
    """Whether a disk has no more room: the system's own errors have a number, the engine's the same words."""
    return getattr(error, "errno", None) in _FULL or any(os.strerror(number) in str(error) for number in _FULL)
