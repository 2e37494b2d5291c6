"""A graph as the real operator renders it and the serving node runs it: requests go all the way, in two Pods.

The executor is asked at the Pod's own address, as soon as it is ready itself: by what the operator renders,
Kubernetes asks for the first time after twenty seconds.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from scripts.local_cluster import LocalCluster, Part
from tests.unit.executor.harness import Answer, Asked, Listener, listening, node

_NAMESPACE = "shop"
_PATIENCE = 120.0
_SDEPS = f"/apis/machinelearning.seldon.io/v1/namespaces/{_NAMESPACE}/seldondeployments"
_PODS = f"/api/v1/namespaces/{_NAMESPACE}/pods?labelSelector=seldon-deployment-id%3Dwines"


def _parameter(name: str, value: str, kind: str) -> dict[str, str]:
    return {"name": name, "value": value, "type": kind}


def _wines(sink: Listener) -> dict[str, Any]:
    graph = node(
        "rounded",
        "OUTPUT_TRANSFORMER",
        node(
            "scaled",
            "TRANSFORMER",
            node(
                "switch",
                "ROUTER",
                node("small", parameters=[_parameter("factor", "1.25", "FLOAT")]),
                node("large", parameters=[_parameter("factor", "100", "INT")]),
                parameters=[_parameter("threshold", "10", "FLOAT")],
            ),
            parameters=[_parameter("factor", "2", "INT")],
        ),
        parameters=[_parameter("decimals", "1", "INT")],
        logger={"mode": "response", "url": f"http://127.0.0.1:{sink.port}"},
    )
    images = {
        "rounded": "output-transformer",
        "scaled": "transformer",
        "switch": "router",
        "small": "linear",
        "large": "linear",
    }
    probe = {"tcpSocket": {"port": "http"}, "periodSeconds": 1}
    containers = [
        {"name": name, "image": f"example/{image}:1", "readinessProbe": probe}
        for name, image in images.items()
    ]
    explainer = {
        "type": "KernelShap",
        "containerSpec": {
            "name": "wines-v1-explainer",
            "image": "example/explainer:1",
            "readinessProbe": probe,
        },
        "initParameters": '{"baseline": [1, 1]}',
    }
    predictor = {
        "name": "v1",
        "explainer": explainer,
        "annotations": {"version": "5"},
        "graph": graph,
        # The last one has a Pod of its own, which the executor calls by its Service.
        "componentSpecs": [
            {"spec": {"containers": containers[:-1]}},
            {"spec": {"containers": containers[-1:]}},
        ],
    }
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": "wines", "namespace": _NAMESPACE},
        "spec": {"protocol": "v2", "predictors": [predictor]},
    }


@pytest.fixture(scope="module")
def sink() -> Iterator[Listener]:
    """Where payloads are logged to."""
    with listening(lambda asked: Answer()) as listener:
        yield listener


@pytest.fixture(scope="module")
def shop(sink: Listener) -> Iterator[LocalCluster]:
    """A cluster with the deployment."""
    with LocalCluster(parts=(Part.OPERATOR, Part.NODE)) as cluster:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}}
        cluster.api.demand("POST", "/api/v1/namespaces", namespace)
        cluster.api.demand("POST", _SDEPS, _wines(sink))
        yield cluster


@pytest.fixture(scope="module")
def address(shop: LocalCluster) -> str:
    """The address of the Pod with the executor, which is ready."""
    return _wait_for(lambda: _find(shop, "wines-v1-0-", 8000, "/ready"), lambda: _describe(shop))


def _find(cluster: LocalCluster, prefix: str, port: int, path: str) -> str | None:
    for pod in cluster.api.demand("GET", _PODS)["items"]:
        address: str | None = pod["status"].get("podIP")
        if address and pod["metadata"]["name"].startswith(prefix) and _answers(address, port, path):
            return address
    return None


def _describe(cluster: LocalCluster) -> str:
    return str([pod["status"] for pod in cluster.api.demand("GET", _PODS)["items"]])


def _answers(address: str, port: int, path: str) -> bool:
    try:
        return _ask(address, "GET", path, port=port)[0] == 200
    except OSError:
        return False


def _wait_for(find: Callable[[], str | None], explain: Callable[[], str]) -> str:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(explain())


def _ask(
    address: str, method: str, path: str, body: object = None, *, port: int = 8000
) -> tuple[int, bytes, Mapping[str, str]]:
    connection = http.client.HTTPConnection(address, port, timeout=60)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read(), dict(response.getheaders())
    finally:
        connection.close()


# Twice the values: their sum times 1.25 when the first is below ten, times 100 from there.
@pytest.mark.parametrize(("row", "expected"), [([1.11, 2], 7.8), ([5, 1], 1200.0)])
def test_a_request_passes_all_nodes_that_the_operator_started(
    address: str, row: list[float], expected: float
) -> None:
    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 2], "data": row}
    status, body, _ = _ask(address, "POST", "/v2/models/infer", {"inputs": [tensor]})
    assert (status, json.loads(body)["outputs"][0]["data"]) == (200, [expected])


def test_its_answer_is_logged_under_the_names_of_the_deployment(address: str, sink: Listener) -> None:
    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 2], "data": [1, 1]}
    _, body, headers = _ask(address, "POST", "/v2/models/infer", {"inputs": [tensor]})

    def mine() -> list[Asked]:
        return [event for event in sink.asked if event.headers["ce-requestid"] == headers["Seldon-Puid"]]

    _wait_for(lambda: "all" if len(mine()) == 2 else None, lambda: str(sink.asked))
    expected = {"ce-inferenceservicename": "wines", "ce-namespace": "shop", "ce-endpoint": "v1"}
    for event in mine():
        assert event.json == json.loads(body)
        assert {name: event.headers[name] for name in expected} == expected


def test_it_is_counted_under_the_version_and_the_images_that_the_operator_gave(address: str) -> None:
    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 2], "data": [1, 1]}
    _ask(address, "POST", "/v2/models/infer", {"inputs": [tensor]})
    _, exposed, _ = _ask(address, "GET", "/prometheus")
    text = exposed.decode()
    assert 'deployment_name="wines"' in text
    assert 'model_image="example/router",model_name="switch",model_version="1"' in text
    assert 'predictor_name="v1",predictor_version="5"' in text


def test_its_explainer_asks_the_predictor_and_explains(shop: LocalCluster, address: str) -> None:
    path = "/v2/models/wines-v1-explainer"
    explainer = _wait_for(lambda: _find(shop, "wines-v1-explainer-", 9000, path), lambda: _describe(shop))
    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 2], "data": [3, 5]}

    def ask() -> str | None:
        status, body, _ = _ask(explainer, "POST", f"{path}/infer", {"inputs": [tensor]}, port=9000)
        return body.decode() if status == 200 else None

    # The predictor's Service has an address when its Pod is ready to Kubernetes.
    answer = json.loads(_wait_for(ask, lambda: _describe(shop)))
    explained = json.loads(answer["outputs"][0]["data"][0])["data"]
    assert (explained["expected_value"], explained["prediction"]) == (5.0, 20.0)
    assert explained["shap_values"] == [5.0, 10.0]
