"""Metrics: what is told to Prometheus can be added up and does not grow with what clients send."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from graph_service.web.metrics import Metrics


def told(metrics: Metrics) -> dict[str, dict[tuple[str, ...], float]]:
    """The figures by name and by the values of their labels."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_requests_are_counted_by_family_of_addresses_and_outcome():
    """Also in another language; what clients invent does not make a series of its own."""
    metrics = Metrics({"roadmaps", ""}, CollectorRegistry())
    for path in ("/roadmaps/PE.json", "/es/roadmaps", "/", "/fr", "/invented/1", "/invented/2"):
        metrics.seen({"path": path, "method": "GET"}, 200, 0.01)
    metrics.seen({"path": "/roadmaps/XX", "method": "INVENTED"}, 404, 0.01)
    found = told(metrics)

    assert found["graph_service_requests_total"] == {
        ("GET", "roadmaps", "200"): 2,
        ("GET", "home", "200"): 2,
        ("GET", "other", "200"): 2,
        ("other", "roadmaps", "404"): 1,
    }
    assert found["graph_service_request_seconds_count"][("4xx", "roadmaps")] == 1


def test_the_steps_of_a_write_are_timed():
    """Each once; what names a single file belongs to the step that runs."""
    metrics = Metrics((), CollectorRegistry())
    step = metrics.writing()
    for name in ("countries.ttl", "rules", "gate", "release"):
        step(name)
    step.end()

    assert set(told(metrics)["graph_service_write_seconds_count"].items()) == {
        ((name,), 1.0) for name in ("change", "rules", "gate", "release")
    }


def test_what_is_told_can_be_read_by_prometheus(client: TestClient):
    """Every line, with words about each figure."""
    answer = client.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert families["graph_service_release"].samples[0].value == 1
    assert families["graph_service_workers"].samples[0].value == 1
    assert all(family.documentation for family in families.values())
