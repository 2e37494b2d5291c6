"""A Deployment counts once it has the form that the present spec calls for, whatever the operator adds."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest

from reconciler.apply.health.form import find_difference
from reconciler.apply.health.wanted import Wanted

PREDICTOR: dict[str, Any] = {
    "name": "v5",
    "labels": {"version": "5"},
    "annotations": {"version": "5"},
    "traffic": 10,
    "replicas": 2,
    "progressDeadlineSeconds": 600,
    "graph": {
        "name": "wines",
        "implementation": "MLFLOW_SERVER",
        "modelUri": "s3://5",
        "parameters": [{"name": "method", "type": "STRING", "value": "predict"}],
    },
    "componentSpecs": [
        {
            "spec": {
                "nodeSelector": {"disk": "ssd"},
                "tolerations": [{"key": "gpu", "operator": "Exists"}],
                "containers": [
                    {
                        "name": "wines",
                        "image": "mlserver:1",
                        "env": [{"name": "A", "value": "1"}],
                        "resources": {"requests": {"cpu": "1000m", "memory": "1Gi"}, "limits": {}},
                        "ports": [{"name": "http", "containerPort": 9000}],
                        "readinessProbe": {"httpGet": {"path": "/mine", "port": "http"}},
                    }
                ],
            }
        }
    ],
}
WANTED = Wanted(
    predictor="v5",
    names=("wines-v5-0-wines",),
    startup=600,
    replicas=2,
    loads={"wines-model-initializer": "s3://5"},
    component=PREDICTOR["componentSpecs"][0],
)


def make_deployment() -> dict[str, Any]:
    """As the operator and the API server make it: added, defaulted, in canonical form."""
    seen = copy.deepcopy(PREDICTOR)
    seen["traffic"] = seen["replicas"] = 0
    container = seen["componentSpecs"][0]["spec"]["containers"][0]
    container["resources"] = {"requests": {"cpu": "1", "memory": "1024Mi"}}
    container["readinessProbe"]["httpGet"]["path"] = "/v2/health/ready"
    container["env"] += [{"name": "MLSERVER_HTTP_PORT", "value": "9000"}]
    packed = base64.b64encode(json.dumps(seen).encode()).decode()
    return {
        "replicas": 2,
        "progressDeadlineSeconds": 600,
        "template": {
            "metadata": {
                "labels": {"version": "5", "seldon-deployment-id": "wines"},
                "annotations": {"version": "5", "prometheus.io/scrape": "true"},
            },
            "spec": {
                "nodeSelector": {"disk": "ssd"},
                "tolerations": [{"key": "gpu", "operator": "Exists"}],
                "initContainers": [{"name": "wines-model-initializer", "args": ["s3://5", "/mnt/models"]}],
                "containers": [
                    container,
                    {"name": "executor", "env": [{"name": "ENGINE_PREDICTOR", "value": packed}]},
                ],
            },
        },
    }


def find(change: Any = None, **spec: Any) -> str:
    """The difference after `change` was made to the predictor, which the Deployment has not seen."""
    predictor = copy.deepcopy(PREDICTOR)
    if change is not None:
        change(predictor)
    wanted = Wanted(
        predictor=WANTED.predictor,
        names=WANTED.names,
        startup=WANTED.startup,
        replicas=predictor["replicas"],
        loads={"wines-model-initializer": predictor["graph"]["modelUri"]},
        component=predictor["componentSpecs"][0],
    )
    return find_difference(spec, predictor, wanted, make_deployment())


def container_of(predictor: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = predictor["componentSpecs"][0]["spec"]["containers"][0]
    return found


def test_what_the_operator_and_the_api_server_add_and_rewrite_is_no_difference() -> None:
    assert find() == ""


def test_a_share_alone_does_not_reach_the_deployment() -> None:
    assert find(lambda p: p.update(traffic=50)) == ""


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda p: p["graph"].update(modelUri="s3://6"), "still loads s3://5, not s3://6"),
        (lambda p: p.update(replicas=3), "still asks for 2 Pods, not 3"),
        (lambda p: p.update(shadow=True), "was made for the other role (shadow or not)"),
        (lambda p: p["labels"].update(version="6"), "does not have its present labels.version"),
        (lambda p: p["annotations"].update(team="w"), "does not have its present annotations.team"),
        (lambda p: p.update(progressDeadlineSeconds=5), "does not have its present progressDeadlineSeconds"),
        (
            lambda p: container_of(p).update(image="mlserver:2"),
            "does not have its present containers.wines.image",
        ),
        (
            lambda p: container_of(p)["env"].append({"name": "B", "value": "2"}),
            "does not have its present containers.wines.env.B",
        ),
        (
            lambda p: container_of(p)["env"][0].update(value="2"),
            "does not have its present containers.wines.env.A.value",
        ),
        (
            lambda p: container_of(p)["env"][0].update(value="1.0"),
            "does not have its present containers.wines.env.A.value",
        ),
        (
            lambda p: container_of(p)["resources"]["requests"].update(memory="2Gi"),
            "does not have its present containers.wines.resources.requests.memory",
        ),
        (
            lambda p: p["componentSpecs"][0]["spec"].update(nodeSelector={"disk": "hdd"}),
            "does not have its present nodeSelector.disk",
        ),
        (
            lambda p: p["componentSpecs"][0]["spec"]["tolerations"].append({"key": "spot"}),
            "does not have its present tolerations.1",
        ),
        (
            lambda p: p["graph"]["parameters"][0].update(value="explain"),
            "does not have its present graph.parameters.method.value",
        ),
        (
            lambda p: p["graph"].update(logger={"mode": "all"}),
            "does not have its present graph.logger",
        ),
    ],
)
def test_an_edit_that_was_not_taken_up_is_named(change: Any, difference: str) -> None:
    assert find(change) == difference


def test_annotations_of_the_whole_reach_the_pods_unless_the_predictor_says_otherwise() -> None:
    assert find(annotations={"version": "of the whole"}) == ""
    assert find(annotations={"seldon.io/rest-timeout": "5"}) == (
        "does not have its present annotations.seldon.io/rest-timeout"
    )


def test_where_something_else_scales_any_number_is_right() -> None:
    wanted = Wanted(predictor="v5", names=("x",), startup=600, replicas=None, loads={}, component={})

    assert find_difference({}, {"name": "v5"}, wanted, {"replicas": 7}) == ""


def test_a_copy_that_cannot_be_read_proves_nothing() -> None:
    deployment = make_deployment()
    deployment["template"]["spec"]["containers"][1]["env"][0]["value"] = "no base64!"

    assert find_difference({}, PREDICTOR, WANTED, deployment) == ""


@pytest.mark.parametrize(
    ("asked", "seen", "equal"),
    [
        ("1000m", "1", True),
        ("1Gi", "1024Mi", True),
        ("0.5", "500m", True),
        ("1e3", "1000", True),
        ("1G", "1Gi", False),
        ("a lot", "1", False),
        ("200m", "300m", False),
    ],
)
def test_quantities_are_compared_by_value(asked: str, seen: str, *, equal: bool) -> None:
    component = {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": asked}}}]}}
    deployment = {
        "template": {"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": seen}}}]}}
    }
    wanted = Wanted(predictor="v5", names=("x",), startup=600, replicas=None, loads={}, component=component)

    assert (find_difference({}, {"name": "v5"}, wanted, deployment) == "") is equal
