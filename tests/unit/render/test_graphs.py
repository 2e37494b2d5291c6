"""Graphs in Seldon Core's words: nodes, containers of each Pod, and what must not depend on neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.state.desired import DesiredNode, DesiredOrchestrator, DesiredPods
from tests.unit.render.building import (
    graph_variant,
    node,
    pod_template_of,
    predictors_of,
    variant,
)


def blend(*children: DesiredNode, **options: Any) -> DesiredNode:
    return node("average", "combiner", *children, **options)


def predictor_of(root: DesiredNode, **options: Any) -> Any:
    (predictor,) = predictors_of(graph_variant(root, **options))
    return predictor


def containers_of(predictor: Any) -> list[list[Any]]:
    return [component["spec"]["containers"] for component in predictor["componentSpecs"]]


def test_nodes_are_nested_as_declared_and_each_has_a_container() -> None:
    predictor = predictor_of(blend(node("red"), node("scale", "transformer", node("white"))))
    root = predictor["graph"]
    assert (root["name"], root["type"]) == ("average", "COMBINER")
    assert [child["name"] for child in root["children"]] == ["red", "scale"]
    assert [child["name"] for child in root["children"][1]["children"]] == ["white"]
    assert [[c["name"] for c in pod] for pod in containers_of(predictor)] == [
        ["average", "red", "scale", "white"]
    ]


def test_components_are_containers_that_nobody_adds_to() -> None:
    root = predictor_of(blend(node("red")))["graph"]
    assert {"implementation", "modelUri", "envSecretRefName"}.isdisjoint(root)
    assert root["children"][0]["implementation"] == "MLFLOW_SERVER"


@pytest.mark.parametrize(
    ("declared", "rendered"),
    [
        ("router", "ROUTER"),
        ("combiner", "COMBINER"),
        ("transformer", "TRANSFORMER"),
        ("output-transformer", "OUTPUT_TRANSFORMER"),
    ],
)
def test_types(declared: Any, rendered: str) -> None:
    assert predictor_of(node("one", declared, node("red")))["graph"]["type"] == rendered


def test_ports_differ_in_a_pod_and_one_that_is_declared_is_taken() -> None:
    ((first, second, third),) = containers_of(predictor_of(blend(node("red"), node("white", port=8080))))
    ports = [[port["containerPort"] for port in one["ports"]] for one in (first, second, third)]
    assert ports == [[6000, 9000, 9500], [6001, 9001, 9501], [6002, 8080, 9502]]


def test_a_node_may_have_pods_of_its_own_after_those_that_are_shared() -> None:
    pods = containers_of(predictor_of(blend(node("red", own_pod=True), node("white"))))
    assert [[container["name"] for container in pod] for pod in pods] == [["average", "white"], ["red"]]


def test_where_each_has_its_own_the_roots_come_first() -> None:
    pods = containers_of(predictor_of(blend(node("red", own_pod=True), own_pod=True)))
    assert [[container["name"] for container in pod] for pod in pods] == [["average"], ["red"]]


def test_ten_levels() -> None:
    root = node("n10")
    for level in range(9, -1, -1):
        root = node(f"n{level}", "transformer", root)
    graph = predictor_of(root)["graph"]
    for level in range(10):
        assert graph["name"] == f"n{level}"
        (graph,) = graph["children"]
    assert graph["name"] == "n10"


def test_answers_of_models_name_their_version_and_components_have_none() -> None:
    ((average, red),) = containers_of(predictor_of(blend(node("red"))))
    assert {"name": "MLSERVER_MODEL_VERSION", "value": "3"} in red["env"]
    assert "env" not in average


def test_the_variant_is_told_apart_by_its_name() -> None:
    predictor = predictor_of(blend(node("red")))
    assert predictor["labels"] == predictor["annotations"] == {"version": "blend"}


def test_the_deadline_is_that_of_the_slowest_container() -> None:
    predictor = predictor_of(blend(node("red", startup=900), startup=30))
    assert predictor["progressDeadlineSeconds"] == 900
    failures = [c["startupProbe"]["failureThreshold"] for (pod,) in [containers_of(predictor)] for c in pod]
    assert failures == [6, 180]


class TestRouting:
    def test_a_router_makes_the_orchestrator_say_what_it_chose(self) -> None:
        predictor = predictor_of(node("choose", "router", node("red")))
        assert predictor["svcOrchSpec"]["env"] == [
            {"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "true"}
        ]

    def test_a_declared_value_stays(self) -> None:
        pods = DesiredPods(
            replicas=1, orchestrator=DesiredOrchestrator(env={"SELDON_ENABLE_ROUTING_INJECTION": "yes"})
        )
        predictor = predictor_of(node("choose", "router", node("red")), pods=pods)
        assert predictor["svcOrchSpec"]["env"] == [
            {"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "yes"}
        ]

    def test_without_routers_nothing_is_said(self) -> None:
        assert "svcOrchSpec" not in predictor_of(blend(node("red")))


class TestStability:
    def test_a_graphs_pods_do_not_depend_on_position_or_neighbours(self) -> None:
        root = blend(node("red"), node("white", own_pod=True))
        (alone,) = predictors_of(graph_variant(root))
        *_, last = predictors_of(variant(3, 80), variant(5, 10), graph_variant(root, 10))
        first, *_ = predictors_of(graph_variant(root, 90), variant(3, 10))
        assert pod_template_of(alone) == pod_template_of(first) == pod_template_of(last)

    def test_a_plain_variants_pods_do_not_depend_on_a_graph_beside_it(self) -> None:
        (alone,) = predictors_of(variant(3))
        beside, _ = predictors_of(variant(3, 90), graph_variant(blend(node("red")), 10))
        assert pod_template_of(alone) == pod_template_of(beside)

    def test_the_live_ones_come_first_and_nothing_else_changes_by_it(self) -> None:
        shadow_first = predictors_of(variant(6, shadow=True), variant(3, 90), variant(5, 10))
        shadow_last = predictors_of(variant(3, 90), variant(5, 10), variant(6, shadow=True))
        assert shadow_first == shadow_last
        assert [predictor["name"] for predictor in shadow_first] == ["v3", "v5", "v6-shadow"]
