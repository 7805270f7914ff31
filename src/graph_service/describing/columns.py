"""The columns of a question's CSV (CSV on the Web)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_service.catalogue import QueryFile
from graph_service.exporting import LICENCE


def csv_metadata(query: QueryFile, address: str) -> Mapping[str, Any]:
    """Describe the columns of a question's CSV (CSV on the Web: Metadata Vocabulary for Tabular Data).

    Args:
        address: of the CSV, from this description.
    """
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": address,
        "dc:title": [{"@value": text, "@language": language} for language, text in query.summary.items()],
        "dc:license": {"@id": LICENCE},
        "dialect": {"header": True, "encoding": "utf-8", "delimiter": ",", "lineTerminators": ["\r\n", "\n"]},
        "tableSchema": {
            "columns": [
                {
                    "name": column.name,
                    "titles": column.name,
                    "dc:description": column.description,
                    "datatype": _CSVW_TYPES.get(column.type, "string"),
                }
                for column in query.columns
            ]
        },
    }


_CSVW_TYPES: Mapping[str, object] = {
    "integer": "integer",
    "decimal": "decimal",
    "boolean": {"base": "boolean", "format": "true|false"},
    "date": {"base": "string", "format": r"-?[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"},  # as precise as the source
}
