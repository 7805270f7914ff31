"""Identifiers: the address of a thing itself leads to what is said of it. Records, graphs, blank nodes, versions."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from graph_service.errors import UnknownTerm
from graph_service.terms import BASE, PREFIXES, Iri
from graph_service.web import resources, respond
from graph_service.web.resources import PAGE, PAGE_PARAMETERS, Followed
from graph_service.web.routes import about
from graph_service.web.wanted import Asked, CurrentRelease

router = APIRouter(tags=["records"])
ONTOLOGY = Iri(BASE + "ontology")


@router.get("/id/{kind}/{slug}", openapi_extra=about(statuses=(301, 303, 410), parameters=PAGE_PARAMETERS))
def identifier(kind: str, slug: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    """The address of a thing itself: leads to what is said of it (303); to its new one where it was renamed (301)."""
    wanted.parameters((PAGE,))
    if kind == "release":
        return respond.see_other(wanted.moved(f"/releases/{slug}"))
    iri = resources.found(wanted, release, followed, kind, slug)
    if new := resources.renamed(release, iri):
        return resources.moved_permanently(wanted.moved(resources.path_of("/id", new)))
    return respond.see_other(wanted.moved(f"/doc/{kind}/{slug}"))


@router.get("/graph/{name:path}", openapi_extra=about(statuses=(303, 410)))
def graph(name: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    """The address of a named graph: leads to what is said of it (303)."""
    wanted.parameters((PAGE,))
    resources.found(wanted, release, followed, "graph", name)
    return respond.see_other(wanted.moved(f"/doc/graph/{name}"))


@router.get("/.well-known/genid/{name}", openapi_extra=about(statuses=(303, 410)))
def named_blank_node(name: str, wanted: Asked, release: CurrentRelease, followed: Followed) -> Response:
    """The address given to a blank node (RDF 1.1 Concepts, 3.5): leads to what is said of it (303)."""
    wanted.parameters((PAGE,))
    resources.found(wanted, release, followed, "genid", name)
    return respond.see_other(wanted.moved(f"/doc/genid/{name}"))


@router.get("/ontology/{version}", openapi_extra=about(statuses=(303,)))
def ontology_version(version: str, wanted: Asked, release: CurrentRelease) -> Response:
    """The address of the version of the ontology that a release holds: leads to the ontology (303)."""
    wanted.parameters(())
    known = release.store.objects(ONTOLOGY, Iri(PREFIXES["owl"] + "versionIRI"))
    versions = [str(iri).rpartition("/")[2] for iri in known]
    if version not in versions:
        raise UnknownTerm("version of the ontology in this release", given=version, near=versions)
    return respond.see_other(wanted.moved("/ontology"))
