"""Formats: a view, a result or statements in, bytes out. Used by the web and the commands; no HTTP, no store.

The same value gives the same bytes each time: rows in the order of their query, statements sorted.
In JSON and CSV a record is its code or slug (`PE`, `human-rights`); only columns that may name records of any
kind, where a slug could mean two things, hold whole IRIs.
"""

from graph_service.formats.common import RDF_MEDIA_TYPES, Code, Label, slug_of, to_json
from graph_service.formats.csv_view import view_csv
from graph_service.formats.history import Entry, atom, releases_csv
from graph_service.formats.json_ld import jsonld
from graph_service.formats.json_view import view_json
from graph_service.formats.markdown import Words, roadmap_markdown
from graph_service.formats.rdf import graph_bytes, turtle
from graph_service.formats.report import finding_members
from graph_service.formats.table import table_bytes, table_csv, table_json, table_statements
from graph_service.formats.view_rows import view_statements
from graph_service.formats.vocabulary import rules_csv, terms_csv
from graph_service.formats.workbook import Cover, table_workbook

__all__ = [
    "RDF_MEDIA_TYPES",
    "Code",
    "Cover",
    "Entry",
    "Label",
    "Words",
    "atom",
    "finding_members",
    "graph_bytes",
    "jsonld",
    "releases_csv",
    "roadmap_markdown",
    "rules_csv",
    "slug_of",
    "table_bytes",
    "table_csv",
    "table_json",
    "table_statements",
    "table_workbook",
    "terms_csv",
    "to_json",
    "turtle",
    "view_csv",
    "view_json",
    "view_statements",
]
