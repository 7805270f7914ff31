"""Describing: what the service says of itself and of its data, as statements; and the columns of a question's CSV.

Every node has an address of its own, so that there are no blank nodes. Names (IRIs) stay where the data is named;
addresses begin with `base`: scheme and host of the service, without a slash at the end. No HTTP.
"""

from graph_service.describing.columns import csv_metadata
from graph_service.describing.dcat import CATALOG, catalog
from graph_service.describing.endpoint import service_description
from graph_service.describing.provenance import provenance
from graph_service.describing.void import void

__all__ = [
    "CATALOG",
    "catalog",
    "csv_metadata",
    "provenance",
    "service_description",
    "void",
]
