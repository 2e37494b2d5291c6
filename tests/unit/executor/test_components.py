"""The example components: values in, values out, in both protocols."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scripts.local_cluster.executor.components import (
    combiner,
    linear,
    output_transformer,
    router,
    transformer,
)
from scripts.local_cluster.executor.components.serving import Component, Refused, read_parameters


def _v2(values: list[Any], *, name: str = "x", key: str = "inputs", **more: Any) -> dict[str, Any]:
    tensor = {"name": name, "datatype": "FP64", "shape": [len(values)], "data": values}
    return {key: [tensor], **more}


def test_parameters_have_their_declared_types() -> None:
    text = json.dumps(
        [
            {"name": "a", "value": "2", "type": "INT"},
            {"name": "b", "value": "2.5", "type": "FLOAT"},
            {"name": "c", "value": "x", "type": "STRING"},
            {"name": "d", "value": "True", "type": "BOOL"},
        ]
    )
    assert read_parameters(text) == {"a": 2, "b": 2.5, "c": "x", "d": True}
    assert read_parameters("") == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_v2([1, 2.5]), _v2([2, 5.0], name="z", key="outputs")),
        (_v2(["text", True]), _v2(["text", True], name="z", key="outputs")),
        (_v2([[1], [2]], id="7"), _v2([[2], [4]], name="z", key="outputs", id="7")),
        (
            {"data": {"names": ["x", "y"], "ndarray": [[1, "a"]]}, "meta": {}},
            {"data": {"names": ["z", "y"], "ndarray": [[2, "a"]]}, "meta": {}},
        ),
        (
            {"data": {"tensor": {"shape": [2], "values": [1, 2]}}},
            {"data": {"tensor": {"shape": [2], "values": [2, 4]}}},
        ),
    ],
)
def test_the_transformer_scales_and_renames(body: Any, expected: Any) -> None:
    assert transformer.transform(body, {"factor": 2, "rename": "x=z"}) == expected


def test_the_output_transformer_rounds() -> None:
    body = _v2([1.2345, 3], key="outputs")
    assert output_transformer.transform(body, {"decimals": 1}) == _v2([1.2, 3], key="outputs")


@pytest.mark.parametrize(
    ("body", "parameters", "child"),
    [
        (_v2([1]), {}, 0),
        (_v2([1]), {"child": 1}, 1),
        (_v2([1], parameters={"route": -1}), {"child": 1}, -1),
        (_v2([1, 9]), {"threshold": 5.0}, 0),
        (_v2([5]), {"threshold": 5.0}, 1),
        ({"data": {"ndarray": [[7]]}}, {"threshold": 5.0}, 1),
        ({"data": {"ndarray": [[7]]}, "meta": {"tags": {"route": 2}}}, {}, 2),
    ],
)
def test_the_router_goes_by_request_threshold_or_parameter(
    body: Any, parameters: Mapping[str, Any], child: int
) -> None:
    assert router.choose(body, parameters) == child


def test_its_answer_is_in_the_form_that_the_executor_reads() -> None:
    assert router.route(_v2([1]), {"child": 1}) == [1]
    assert router.route({"data": {"ndarray": [1]}}, {"child": 1}) == {"data": {"ndarray": [1]}}


def test_the_combiner_takes_means() -> None:
    bodies = [_v2([1, 2], name="y", key="outputs"), _v2([3, 6], name="y", key="outputs")]
    assert combiner.combine(bodies, {}) == _v2([2.0, 4.0], name="y", key="outputs")
    seldon = [{"data": {"names": ["y"], "ndarray": [[1], [2]]}}, {"data": {"ndarray": [[2], [4]]}}]
    assert combiner.combine(seldon, {}) == {"data": {"names": ["y"], "ndarray": [[1.5], [3.0]]}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "as a list"),
        ([], "nothing to combine"),
        ([_v2([1], key="outputs"), _v2([1, 2], key="outputs")], "different shapes"),
        ([_v2(["a"], key="outputs"), _v2(["b"], key="outputs")], "no numbers"),
        ([_v2([1], key="outputs"), {"outputs": []}], "different numbers of outputs"),
        ([{"outputs": [1]}], "a list of tensors with names"),
        ([{"data": {"ndarray": [1]}}, {"data": {"tensor": {"values": [1]}}}], "different forms"),
        ([{"strData": "x"}], "neither inputs of protocol v2 nor a SeldonMessage"),
    ],
)
def test_what_has_no_mean_is_refused(body: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        combiner.combine(body, {})


@pytest.mark.parametrize(
    "tensor",
    [
        {"shape": [2, 2], "data": [1, 2, 3, 4]},
        {"shape": [2, 2], "data": [[1, 2], [3, 4]]},
    ],
)
def test_the_linear_model_sums_rows(tensor: dict[str, Any]) -> None:
    body = {"id": "7", "inputs": [{"name": "x", "datatype": "FP64", **tensor}]}
    assert linear.predict(body, {"factor": 10, "bias": 1}) == {
        "model_name": "linear",
        "id": "7",
        "outputs": [{"name": "y", "datatype": "FP64", "shape": [2, 1], "data": [31.0, 71.0]}],
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"inputs": []}, "no inputs"),
        ({"inputs": [{"name": "x", "shape": [2, 2], "data": [1, 2, 3]}]}, "does not fit 3 values"),
        ({"inputs": [{"name": "x", "shape": [1, 1]}]}, "expected rows of numbers"),
    ],
)
def test_it_says_what_it_cannot_read(body: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        linear.predict(body, {})


def test_the_linear_model_speaks_seldon_too() -> None:
    body = {"data": {"ndarray": [[1, 2]]}}
    assert linear.predict(body, {}) == {"data": {"names": ["y"], "ndarray": [[3.0]]}, "meta": {}}
    for wrong in ({"data": {"ndarray": [1]}}, {"data": {"ndarray": [["a"]]}}, [1], {"strData": ""}):
        with pytest.raises(Refused, match="expected rows of numbers"):
            linear.predict(wrong, {})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/health/ready", 200),
        ("GET", "/v2/models/m/ready", 200),
        ("GET", "/v2/models/m", 200),
        ("GET", "/api/v1.0/health/status", 200),
        ("GET", "/health/status", 200),
        ("GET", "/metadata", 200),
        ("POST", "/send-feedback", 200),
        ("POST", "/v2/models/m/route", 200),
        ("POST", "/route", 200),
        ("POST", "/v2/models/m/infer", 404),
        ("POST", "/predict", 404),
        ("GET", "/nothing", 404),
    ],
)
def test_a_component_has_the_paths_of_both_protocols(method: str, path: str, status: int) -> None:
    component = Component(verbs={"route": router.route}, name="m")
    assert component.answer(method, path, json.dumps(_v2([1])).encode())[0] == status


def test_a_component_says_why_it_refuses() -> None:
    component = Component(verbs={"aggregate": combiner.combine})
    assert component.answer("POST", "/aggregate", b"no JSON")[0] == 400
    status, body = component.answer("POST", "/aggregate", b"{}")
    assert (status, body) == (400, {"error": "expected the children's answers as a list"})
