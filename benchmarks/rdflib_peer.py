"""A peer of the benchmarks: rdflib-endpoint over a file of N-Quads in memory. Runs in the peers' own environment.

python benchmarks/rdflib_peer.py FILE PORT
"""

from __future__ import annotations

import sys

import uvicorn
from rdflib import Dataset
from rdflib_endpoint import SparqlEndpoint

dataset = Dataset(default_union=True)
dataset.parse(sys.argv[1], format="nquads")
uvicorn.run(SparqlEndpoint(graph=dataset, path="/"), port=int(sys.argv[2]), log_level="warning", access_log=False)
