"""Which paths an executor has."""

from __future__ import annotations

import pytest

from scripts.local_cluster.executor.protocols import Protocol
from scripts.local_cluster.executor.routes import Found, Moved, NotFound, Route, Task, find_route, routes_of

_SELDON = routes_of(Protocol.SELDON, "/prometheus")
_V2 = routes_of(Protocol.V2, "/prometheus")


def _find(routes: tuple[Route, ...], method: str, path: str) -> tuple[Task, str] | int | str:
    found = find_route(routes, method, path)
    if isinstance(found, NotFound):
        return found.status
    return found.path if isinstance(found, Moved) else (found.route.task, found.model)


@pytest.mark.parametrize("version", ["v0.1", "v1.0"])
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "predictions", (Task.PREDICT, "")),
        ("POST", "feedback", (Task.FEEDBACK, "")),
        ("GET", "status/m", (Task.STATUS, "m")),
        ("GET", "metadata/m", (Task.METADATA, "m")),
        ("GET", "predictions", 405),
        ("POST", "status/m", 405),
        ("OPTIONS", "predictions", (Task.PREDICT, "")),
        ("POST", "predictions/", 404),
    ],
)
def test_the_seldon_protocol_has_two_versions(
    version: str, method: str, path: str, expected: tuple[Task, str] | int
) -> None:
    assert _find(_SELDON, method, f"/api/{version}/{path}") == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("status", (Task.GRAPH_STATUS, "")),
        ("metadata", (Task.GRAPH_METADATA, "")),
        ("health/status", (Task.HEALTH, "")),
    ],
)
def test_only_the_later_one_knows_the_whole_graph(path: str, expected: tuple[Task, str]) -> None:
    assert _find(_SELDON, "GET", f"/api/v1.0/{path}") == expected
    assert _find(_SELDON, "GET", f"/api/v0.1/{path}") == 404


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v2/models/infer", (Task.PREDICT, "")),
        ("POST", "/v2/models/m/infer", (Task.PREDICT, "m")),
        ("GET", "/v2/models/m", (Task.METADATA, "m")),
        ("GET", "/v2/models/infer", (Task.METADATA, "infer")),
        ("GET", "/v2/models/m/ready", (Task.STATUS, "m")),
        ("GET", "/v2/health/ready", (Task.HEALTH, "")),
        ("GET", "/v2/models/m/infer", 405),
        ("GET", "/v2/health/live", 404),
        ("GET", "/v2", 404),
        ("POST", "/v2/models/m/feedback", 404),
        ("GET", "/ping", 404),
        ("GET", "/v2/models/m/", 404),
        ("GET", "//v2/models//m", "/v2/models/m"),
        ("GET", "/v2/../ready", "/ready"),
    ],
)
def test_protocol_v2(method: str, path: str, expected: tuple[Task, str] | int | str) -> None:
    assert _find(_V2, method, path) == expected


@pytest.mark.parametrize("routes", [_SELDON, _V2])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("path", "task"), [("/ready", Task.READY), ("/live", Task.LIVE), ("/prometheus", Task.METRICS)]
)
def test_probes_and_metrics_answer_any_method(
    routes: tuple[Route, ...], method: str, path: str, task: Task
) -> None:
    assert _find(routes, method, path) == (task, "")


def test_each_protocol_has_its_own_paths_only() -> None:
    assert _find(_V2, "POST", "/api/v1.0/predictions") == 404
    assert _find(_SELDON, "POST", "/v2/models/infer") == 404


def test_what_is_counted_has_a_name() -> None:
    named = {found.route.service for found in map(_found, _COUNTED)}
    assert named == {"predictions", "feedback", "status", "metadata"}
    assert _found(("GET", "/ready")).route.service == ""


_COUNTED = (
    ("POST", "/api/v1.0/predictions"),
    ("POST", "/api/v1.0/feedback"),
    ("GET", "/api/v1.0/status/m"),
    ("GET", "/api/v1.0/metadata"),
)


def _found(request: tuple[str, str]) -> Found:
    found = find_route(_SELDON, *request)
    assert isinstance(found, Found)
    return found
