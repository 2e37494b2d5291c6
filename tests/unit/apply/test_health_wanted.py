"""Which Deployments a SeldonDeployment calls for, by the operator's rules."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from reconciler.apply.health.wanted import Wanted, find_wanted
from reconciler.clients.cluster.answers import read_object
from reconciler.state.objects import SELDON_DEPLOYMENT


def find(predictor: dict[str, Any], name: str = "wines", **spec: Any) -> tuple[Wanted, ...]:
    body = {
        "metadata": {"name": name, "namespace": "ns"},
        "spec": {"predictors": [{"name": "v5", **predictor}], **spec},
    }
    ((_, wanted),) = find_wanted(read_object(body, SELDON_DEPLOYMENT))
    return wanted


def name_all(wanted: tuple[Wanted, ...]) -> list[str]:
    return [item.names[0] for item in wanted]


def node(name: str, *children: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"name": name, "implementation": "MLFLOW_SERVER", "children": list(children), **rest}


def component(*containers: str, **rest: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": name} for name in containers]}, **rest}


def test_one_component_is_one_deployment_named_after_its_containers() -> None:
    assert name_all(find({"graph": node("wines"), "componentSpecs": [component("wines", "sidecar")]})) == [
        "wines-v5-0-wines-sidecar"
    ]


def test_each_component_has_a_deployment_of_its_own() -> None:
    graph = node("a", node("b"))

    assert name_all(find({"graph": graph, "componentSpecs": [component("a"), component("b")]})) == [
        "wines-v5-0-a",
        "wines-v5-1-b",
    ]


def test_a_component_without_containers_has_none_but_counts() -> None:
    assert name_all(find({"graph": node("b"), "componentSpecs": [{"spec": {}}, component("b")]})) == [
        "wines-v5-1-b"
    ]


def test_servers_without_a_container_join_the_first_component() -> None:
    graph = node("a", node("b"), node("c", implementation="RANDOM_ABTEST"))

    assert name_all(find({"graph": graph})) == ["wines-v5-0-a-b"]
    assert name_all(find({"graph": graph, "componentSpecs": [component("b")]})) == ["wines-v5-0-b-a"]


def test_a_component_may_name_its_deployment_itself() -> None:
    named = component("wines", metadata={"name": "mine"})

    assert name_all(find({"graph": node("wines"), "componentSpecs": [named]})) == ["wines-v5-0-mine"]


def test_long_names_have_two_forms_as_the_operator_is_set_up() -> None:
    name = "w" * 25
    full = f"{name}-v5-0-{'c' * 48}"
    digest = hashlib.md5(full.encode(), usedforsecurity=False).hexdigest()

    (wanted,) = find({"graph": node("c" * 48), "componentSpecs": [component("c" * 48)]}, name=name)

    assert wanted.names == (f"seldon-{digest}", f"{name}-{digest}")


def test_explainer_and_orchestrator_have_deployments_of_their_own() -> None:
    predictor = {
        "graph": node("wines"),
        "componentSpecs": [component("wines")],
        "replicas": 3,
        "explainer": {"type": "AnchorTabular", "modelUri": "s3://why"},
    }
    apart = {"seldon.io/engine-separate-pod": "True"}

    orchestrator, model, explainer = find(predictor, annotations=apart)

    assert (orchestrator.names, orchestrator.part, orchestrator.replicas) == (
        ("wines-v5-svc-orch",),
        "orchestrator",
        3,
    )
    assert (model.part, model.replicas) == ("", 3)
    assert (explainer.names, explainer.part, explainer.replicas, explainer.loads) == (
        ("wines-v5-explainer",),
        "explainer",
        None,
        {"wines-v5-explainer-model-initializer": "s3://why"},
    )
    assert name_all(
        find({**predictor, "annotations": {"seldon.io/no-engine": "true"}}, annotations=apart)
    ) == [
        "wines-v5-0-wines",
        "wines-v5-explainer",
    ]
    assert name_all(find({**predictor, "explainer": {"type": ""}})) == ["wines-v5-0-wines"]


@pytest.mark.parametrize(
    ("part", "of_component", "spec", "replicas"),
    [
        ({}, {}, {}, None),
        ({}, {}, {"replicas": 4}, 4),
        ({"replicas": 3}, {}, {"replicas": 4}, 3),
        ({"replicas": 3}, {"replicas": 2}, {"replicas": 4}, 2),
        ({"replicas": 3}, {"hpaSpec": {"maxReplicas": 9}}, {}, None),
        ({"replicas": 3}, {"kedaSpec": {"maxReplicaCount": 9}}, {}, None),
        ({"replicas": 0}, {}, {"replicas": 4}, 0),
    ],
)
def test_the_most_specific_number_of_replicas_counts_unless_something_scales(
    part: dict[str, Any], of_component: dict[str, Any], spec: dict[str, Any], replicas: int | None
) -> None:
    (wanted,) = find(
        {"graph": node("wines"), "componentSpecs": [component("wines", **of_component)], **part}, **spec
    )

    assert wanted.replicas == replicas


@pytest.mark.parametrize(
    ("graph", "spec", "loads"),
    [
        (node("wines", modelUri="s3://5"), {}, {"wines-model-initializer": "s3://5"}),
        (node("wines"), {}, {}),
        (node("wines", modelUri="s3://5", implementation=""), {}, {}),
        (
            node("wines", modelUri="s3://5", implementation="TENSORFLOW_SERVER"),
            {"protocol": "tensorflow"},
            {"wines-model-initializer": "s3://5"},
        ),
        (
            node("wines", modelUri="s3://5", implementation="TENSORFLOW_SERVER"),
            {"protocol": "seldon"},
            {"tfserving-model-initializer": "s3://5"},
        ),
        (
            node("wines", modelUri="s3://5", implementation="TRITON_SERVER"),
            {"annotations": {"seldon.io/no-storage-initializer": "true"}},
            {},
        ),
    ],
)
def test_which_initializer_loads_what(
    graph: dict[str, Any], spec: dict[str, Any], loads: dict[str, str]
) -> None:
    (wanted,) = find({"graph": graph, "componentSpecs": [component("wines")]}, **spec)

    assert wanted.loads == loads


def test_an_initializers_long_name_is_cut_without_a_hanging_hyphen() -> None:
    container = "c" * 56
    (wanted,) = find({"graph": node(container, modelUri="s3://5"), "componentSpecs": [component(container)]})

    assert list(wanted.loads) == [f"{container}-model"]


def test_the_declared_start_up_is_the_deployments_deadline() -> None:
    parts: dict[str, Any] = {"graph": node("wines"), "componentSpecs": [component("wines")]}

    assert find({**parts, "progressDeadlineSeconds": 95})[0].startup == 95
    assert find(parts)[0].startup == 600
