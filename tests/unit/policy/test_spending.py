"""What deployments ask for, counted once container by container and Pod by Pod."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.policy.context import PlacedDeployment
from reconciler.policy.spending import (
    KINDS,
    add_amounts,
    count_pods,
    multiply_amounts,
    read_requests,
    sum_deployment,
)
from reconciler.state.declarations import Serving
from tests.unit.policy.building import DEPLOYMENT, MODEL, context

ENGINE = {"cpu": 500, "memory": 512}
"""The operator's own container: thousandths of a core, and MiB."""

AMOUNTS = st.fixed_dictionaries({"cpu": st.integers(1, 4000), "memory": st.integers(1, 8192)})
VARIANT = st.fixed_dictionaries(
    {
        "request": AMOUNTS,
        "replicas": st.integers(1, 20),
        "most": st.none() | st.integers(1, 30),
        "engine": st.sampled_from(["operator", "own", "none"]),
        "explainer": st.none() | st.integers(1, 5),
    }
)


def show(amounts: Mapping[str, int]) -> str:
    return f"{{cpu: {amounts['cpu']}m, memory: {amounts['memory']}Mi}}"


def write_variant(index: int, drawn: Mapping[str, Any]) -> str:
    role = "traffic: 100" if index == 0 else "shadow: 100"
    parts = [f"replicas: {drawn['replicas']}", f"resources: {{requests: {show(drawn['request'])}}}"]
    if drawn["most"] is not None:
        parts.append(f"scaling: {{min: 1, max: {drawn['most']}, cpu: 80}}")
    if drawn["engine"] == "own":
        parts.append(f"orchestrator: {{resources: {{requests: {show(drawn['request'])}}}}}")
    if drawn["explainer"] is not None:
        resources = f"resources: {{limits: {show(drawn['request'])}}}"
        parts.append(f"explainer: {{type: anchor-tabular, replicas: {drawn['explainer']}, {resources}}}")
    return f"  - {{version: {(3, 5)[index]}, {role}, serving: {{{', '.join(parts)}}}}}\n"


def placed(variants: list[Mapping[str, Any]]) -> PlacedDeployment:
    engine = "{annotations: {seldon.io/no-engine: true}}"
    rest = f"serving: {engine}\n" if variants[0]["engine"] == "none" else ""
    lines = "".join(write_variant(index, drawn) for index, drawn in enumerate(variants))
    (deployment,) = context({DEPLOYMENT: f"model: wines\nvariants:\n{lines}{rest}"}).served
    return deployment


def count_by_hand(variants: list[Mapping[str, Any]], kind: str) -> Fraction:
    unit = Fraction(1, 1000) if kind == "cpu" else Fraction(2**20)
    total = 0
    for drawn in variants:
        for _ in range(drawn["most"] or drawn["replicas"]):
            total += drawn["request"][kind]
            if drawn["engine"] == "own":
                total += drawn["request"][kind]
            elif variants[0]["engine"] != "none":
                total += ENGINE[kind]
        for _ in range(drawn["explainer"] or 0):
            total += drawn["request"][kind]
    return total * unit


@given(variants=st.lists(VARIANT, min_size=1, max_size=2))
def test_the_sum_is_that_of_every_container_of_every_pod(variants: list[Mapping[str, Any]]) -> None:
    # Whether there is an orchestrator is said for the whole deployment.
    without = variants[0]["engine"] == "none"
    variants = [{**drawn, "engine": "none" if without else drawn["engine"]} for drawn in variants]
    if not without:
        variants = [
            {**one, "engine": "operator" if one["engine"] == "none" else one["engine"]} for one in variants
        ]
    summed = sum_deployment(placed(variants))
    assert summed == {kind: count_by_hand(variants, kind) for kind in KINDS}


@given(amounts=st.lists(AMOUNTS, max_size=5), times=st.integers(0, 9))
def test_adding_and_multiplying_agree(amounts: list[Mapping[str, int]], times: int) -> None:
    exact = [{kind: Fraction(one[kind]) for kind in KINDS} for one in amounts]
    once = multiply_amounts(add_amounts(exact), times)
    assert once == add_amounts(exact * times)
    assert add_amounts(reversed(exact)) == add_amounts(exact)


@pytest.mark.parametrize(
    ("resources", "cpu", "memory"),
    [
        ('{requests: {cpu: 200m}, limits: {cpu: "1", memory: 1Gi}}', Fraction(1, 5), 2**30),
        ("{limits: {memory: 512Mi}}", 0, 2**29),
        ("{}", 0, 0),
    ],
)
def test_a_limit_stands_for_a_request_that_is_not_given(
    resources: str, cpu: Fraction | int, memory: int
) -> None:
    text = f'registeredModel: w\nowners: ["@a"]\nserving: {{resources: {resources}}}\n'
    (deployment,) = context({MODEL: text}).served
    found = read_requests(deployment.variants[0].serving.serving.resources)
    assert found == {"cpu": cpu, "memory": memory}
    assert read_requests(None) == {"cpu": 0, "memory": 0}


def test_pods_are_counted_at_their_most() -> None:
    assert count_pods(Serving()) == 1
    assert count_pods(Serving.model_validate({"replicas": 3})) == 3
    assert count_pods(Serving.model_validate({"replicas": 3, "scaling": {"min": 1, "max": 7}})) == 7
    assert count_pods(Serving.model_validate({"replicas": 3, "scaling": {"min": 1}})) == 3
