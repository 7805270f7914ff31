"""The SPARQL endpoint: languages, formats, dataset (SPARQL 1.1 Service Description)."""

from __future__ import annotations

from urllib.parse import quote

from graph_service.describing.dataset import FORMATS, RDF_FORMATS, named_graphs
from graph_service.release import Release
from graph_service.statements import Said, Triples, expand, integer
from graph_service.terms import DEFAULT_GRAPH, Iri

_RESULT_FORMATS = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")


def service_description(release: Release, base: str, *, union: bool = True) -> Triples:
    """Describe the endpoint: languages, formats, default and named graphs (SPARQL 1.1 Service Description).

    Args:
        union: whether the default graph is the union of the named graphs.
    """
    endpoint, update = Iri(f"{base}/sparql"), Iri(f"{base}/update")
    dataset, default = Iri(f"{endpoint}#dataset"), Iri(f"{endpoint}#default-graph")
    graphs = named_graphs(release)
    named = {graph: Iri(f"{endpoint}#graph-{quote(graph, safe='')}") for graph in graphs}
    said = Said()
    said.of(
        endpoint,
        ("sd:Service",),
        {
            "sd:endpoint": [endpoint],
            "sd:supportedLanguage": expand("sd:SPARQL11Query"),
            "sd:feature": expand("sd:UnionDefaultGraph") if union else [],
            "sd:resultFormat": [Iri(FORMATS + name) for name in (*_RESULT_FORMATS, *RDF_FORMATS.values())],
            "sd:defaultEntailmentRegime": [Iri("http://www.w3.org/ns/entailment/Simple")],
            "sd:defaultDataset": [dataset],
        },
    )
    updates = {"sd:endpoint": [update], "sd:supportedLanguage": expand("sd:SPARQL11Update")}
    said.of(update, ("sd:Service",), {**updates, "sd:defaultDataset": [dataset]})
    said.of(dataset, ("sd:Dataset",), {"sd:defaultGraph": [default], "sd:namedGraph": list(named.values())})
    size = release.record.quads if union else release.record.graphs.get(DEFAULT_GRAPH, 0)
    said.of(default, ("sd:Graph",), {"void:triples": [integer(size)]})
    for graph, node in named.items():
        content = Iri(f"{node}-content")
        said.of(node, ("sd:NamedGraph",), {"sd:name": [graph], "sd:graph": [content]})
        said.of(content, ("sd:Graph",), {"void:triples": [integer(graphs[graph])]})
    return said.triples()
