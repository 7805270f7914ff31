"""Views: the shape of what people read. Bindings in, frozen values out: no store, no HTTP, no clock.

Pages, JSON and CSV are written from the same values, so they cannot disagree.
Names of records in a page's language are looked up when rendering; views hold IRIs and official names.
Each builder names the query whose rows it takes; a row that lacks a column raises ValueError.
"""

from graph_service.views.activities import Activities, activities, unassigned
from graph_service.views.answers import answer, coverage
from graph_service.views.differences import component_cells, difference
from graph_service.views.network import Network, Node, Tie, network
from graph_service.views.records import comparison, listing, profile, record
from graph_service.views.roadmaps import changes, roadmap
from graph_service.views.sources import citations, sources_of
from graph_service.views.values import (
    Answer,
    CellChange,
    Change,
    Citation,
    Comparison,
    ComponentCell,
    Coverage,
    Difference,
    Event,
    Gap,
    GapCell,
    Incoming,
    Institution,
    Listing,
    Mandate,
    Membership,
    Neighbour,
    Period,
    Profile,
    Reading,
    Record,
    Roadmap,
    RoadmapParts,
    Row,
    Statement,
    number_of,
)

__all__ = [
    "Activities",
    "Answer",
    "CellChange",
    "Change",
    "Citation",
    "Comparison",
    "ComponentCell",
    "Coverage",
    "Difference",
    "Event",
    "Gap",
    "GapCell",
    "Incoming",
    "Institution",
    "Listing",
    "Mandate",
    "Membership",
    "Neighbour",
    "Network",
    "Node",
    "Period",
    "Profile",
    "Reading",
    "Record",
    "Roadmap",
    "RoadmapParts",
    "Row",
    "Statement",
    "Tie",
    "activities",
    "answer",
    "changes",
    "citations",
    "comparison",
    "component_cells",
    "coverage",
    "difference",
    "listing",
    "network",
    "number_of",
    "profile",
    "record",
    "roadmap",
    "sources_of",
    "unassigned",
]
